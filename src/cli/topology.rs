//! `cellblock topology`: what RabbitMQ needs.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::args::{Global, TopologyCommand};
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::{apply_topology, view_topology};
use crate::config::Config;

pub(super) fn topology(global: &Global, config: &Config, command: &TopologyCommand) -> Result<Finish, Failure> {
    match command {
        TopologyCommand::Show { definitions } => {
            let view = view_topology(config)?;
            if *definitions {
                print::line(view.definitions.trim_end());
            } else if global.json {
                print::line(serde_json::to_string(&view)?);
            } else {
                let mut table = Table::new();
                table.load_style(NOTHING);
                for object in &view.objects {
                    table.add_row([object.kind, &object.name, &object.form]);
                }
                print::line(table);
                print::line("\npolicies, whose values may be changed while all runs:");
                print::line(view.policy_commands.join("\n"));
            }
        }
        TopologyCommand::Apply => {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let applied = runtime.block_on(apply_topology(config))?;
            if global.json {
                print::line(serde_json::to_string(&applied)?);
            } else {
                print::line(format_args!("{} exchanges, queues and bindings are there", applied.declared));
                if applied.policies_set {
                    print::line("the policies are set");
                } else {
                    print::line("the policies are not set: give queue.management_url, or run");
                    print::line(applied.commands.join("\n"));
                }
            }
        }
    }
    Ok(Finish::Good)
}
