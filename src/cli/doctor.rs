//! `cellblock doctor`: every layer of the jail, what is there, what is missing, what to do.

use comfy_table::Table;
use comfy_table::presets::NOTHING;

use super::args::Global;
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::{Examination, examine};
use crate::config::Config;
use crate::jail::probe::LayerState;

pub(super) fn doctor(global: &Global, config: &Config) -> Result<Finish, Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let found = runtime.block_on(examine(config));
    if global.json {
        print::line(serde_json::to_string(&found)?);
    } else {
        print_text(&found);
    }
    Ok(if found.is_good() { Finish::Good } else { Finish::Bad })
}

fn print_text(found: &Examination) {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for layer in &found.layers {
        let state = match layer.state {
            LayerState::Present => "ok",
            LayerState::Absent => "absent",
            LayerState::Missing => "MISSING",
        };
        table.add_row([layer.name, state, &layer.found]);
    }
    for runtime in &found.runtimes {
        let state = if runtime.works { "ok" } else { "MISSING" };
        table.add_row([&format!("runtime {}", runtime.language), state, &runtime.found]);
    }
    for row in &found.servers {
        let state = if row.is_ok { "ok" } else { "MISSING" };
        table.add_row([row.name.as_str(), state, &row.found]);
    }
    print::line(table);
    for layer in &found.layers {
        if let Some(remedy) = layer.remedy {
            print::line(format_args!("\n{}: {remedy}", layer.name));
        }
    }
    for (row, remedy) in found.servers.iter().filter_map(|row| Some((row, row.remedy.as_ref()?))) {
        print::line(format_args!("\n{}: {remedy}", row.name));
    }
    let verdict = if found.is_good() { "this host runs jobs" } else { "this host cannot run jobs" };
    print::line(format_args!("\n{verdict}"));
}
