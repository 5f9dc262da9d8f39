//! `cellblock doctor --attack`: whether the jail holds on this host.

use comfy_table::Table;
use comfy_table::presets::NOTHING;
use serde::Serialize;

use super::args::Global;
use super::dispatch::{Failure, Finish};
use super::print;
use crate::app::attack::{AttackReport, ClassReport, attack as run_attack, hostile_classes};
use crate::app::open_host_of_any;
use crate::config::Config;

/// What became of the programs of one language.
#[derive(Debug, Serialize)]
struct Row {
    language: &'static str,
    classes: AttackReport,
}

/// Stands for every class.
const ALL: &str = "all";

pub(super) fn attack(global: &Global, config: &Config, class: &str) -> Result<Finish, Failure> {
    let known = hostile_classes();
    if class != ALL && !known.contains(class) {
        let known: Vec<&str> = known.into_iter().collect();
        return Err(format!("--attack={class:?} is no class; there is {} and {ALL}", known.join(", ")).into());
    }
    let wanted = |found: &str| class == ALL || found == class;
    let (host, languages) = open_host_of_any(config)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let mut rows = Vec::new();
    for language in languages {
        let (mut number, is_quiet) = (0, global.json);
        let tell = |name: &str| {
            number += 1;
            if !is_quiet && number % 25 == 1 {
                print::note(format_args!("{}: program {number}, {name}", language.as_str()));
            }
        };
        let classes = runtime.block_on(run_attack(&host, language, wanted, tell));
        rows.push(Row { language: language.as_str(), classes });
    }
    let failures = classes_of(&rows).map(|class| class.failures.len()).sum::<usize>();
    if global.json {
        print::line(serde_json::to_string(&rows)?);
    } else {
        print_text(&rows, failures);
    }
    Ok(if failures == 0 { Finish::Good } else { Finish::Bad })
}

fn classes_of(rows: &[Row]) -> impl Iterator<Item = &ClassReport> {
    rows.iter().flat_map(|row| row.classes.values())
}

fn print_text(rows: &[Row], failures: usize) {
    let mut table = Table::new();
    table.load_style(NOTHING);
    for row in rows {
        for (class, found) in &row.classes {
            let state = if found.failures.is_empty() { "held" } else { "FAILED" };
            table.add_row([row.language, class, &format!("{} programs", found.programs), state]);
        }
    }
    print::line(table);
    for skipped in classes_of(rows).flat_map(|class| &class.skipped) {
        print::line(format_args!("not run: {skipped}"));
    }
    for failure in classes_of(rows).flat_map(|class| &class.failures) {
        print::line(format_args!("\n{failure}"));
    }
    let programs: u32 = classes_of(rows).map(|class| class.programs).sum();
    let verdict = match failures {
        0 => format!("{programs} hostile programs were run, and the jail held"),
        count => format!("{programs} hostile programs were run; {count} things are not as they must be (SECURITY.md)"),
    };
    print::line(format_args!("\n{verdict}"));
}
