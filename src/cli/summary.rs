//! What a batch came to, for people and for programs.

use comfy_table::presets::NOTHING;
use comfy_table::{CellAlignment, Table};

use super::print;
use crate::app::batch::{BatchEnd, BatchReport, Example};
use crate::job::OutcomeKind;

/// Longest message of an example, in characters.
const MESSAGE: usize = 160;

/// The row of items that a fault of ours ended.
const FAULT: &str = "fault";

/// One JSON object.
pub(super) fn document(report: &BatchReport) -> serde_json::Value {
    let outcomes: serde_json::Map<String, serde_json::Value> =
        rows(report).map(|(outcome, count)| (name(outcome).to_owned(), count.into())).collect();
    let examples: Vec<_> = report
        .examples
        .iter()
        .map(
            |example| serde_json::json!({"item": example.item, "outcome": example.outcome, "message": example.message}),
        )
        .collect();
    serde_json::json!({
        "state": report.end.as_str(),
        "out": report.out,
        "items": report.total,
        "skipped_lines": report.skipped,
        "done": report.counts.total(),
        "outcomes": outcomes,
        "resumed_items": report.resumed_items,
        "resumed_chunks": report.resumed_chunks,
        "wall_ms": report.wall.as_secs_f64() * 1e3,
        "items_per_s": report.items_per_s(),
        "item_wall_ms": {"p50": report.p50_ms, "p99": report.p99_ms},
        "examples": examples,
    })
}

/// A table, then examples, then what to do next.
pub(super) fn print(report: &BatchReport) {
    let mut table = Table::new();
    table.load_style(NOTHING).set_header(["outcome", "items"]);
    for (outcome, count) in rows(report) {
        table.add_row([name(outcome), &count.to_string()]);
    }
    table.add_row(["total", &report.counts.total().to_string()]);
    if let Some(column) = table.column_mut(1) {
        column.set_cell_alignment(CellAlignment::Right);
    }
    print::line(table);
    print::line(format_args!(
        "{:.0} items/s · {:.2} s · an item's wall time p50 {}, p99 {}",
        report.items_per_s(),
        report.wall.as_secs_f64(),
        ms(report.p50_ms),
        ms(report.p99_ms)
    ));
    if report.resumed_chunks > 0 {
        print::line(format_args!(
            "{} items in {} chunks had results from before and were not run again",
            report.resumed_items, report.resumed_chunks
        ));
    }
    if report.skipped > 0 {
        print::line(format_args!("{} lines of the results file were no successes and were left out", report.skipped));
    }
    for Example { item, outcome, message } in &report.examples {
        // The message of an outcome that is no exception starts with its name.
        let name = name(*outcome);
        let message = message.strip_prefix(name).and_then(|rest| rest.strip_prefix(": ")).unwrap_or(message);
        print::line(format_args!("{name} item {item}: {}", shortened(message)));
    }
    match report.end {
        BatchEnd::Completed => print::line(format_args!("results in {}", report.out.display())),
        BatchEnd::FailedTolerance => print::line(format_args!(
            "given up after {} failures; the results so far are in {}. A run with a greater --max-failures begins anew",
            report.counts.failed(),
            report.out.display()
        )),
        BatchEnd::Interrupted => print::line(format_args!(
            "interrupted after {} of {} items; the same command goes on from {} (--restart begins anew)",
            report.counts.total(),
            report.total,
            report.state.display()
        )),
    }
}

/// Successes, and every other outcome that there was.
fn rows(report: &BatchReport) -> impl Iterator<Item = (Option<OutcomeKind>, u64)> {
    let kinds = report.counts.iter().map(|(kind, count)| (Some(kind), count));
    kinds
        .chain([(None, report.counts.faults())])
        .filter(|(kind, count)| *count > 0 || *kind == Some(OutcomeKind::Succeeded))
}

fn name(outcome: Option<OutcomeKind>) -> &'static str {
    outcome.map_or(FAULT, OutcomeKind::as_str)
}

fn ms(time: Option<f64>) -> String {
    time.map_or_else(
        || "-".to_owned(),
        |ms| match ms {
            0.0..0.1 => format!("{:.0} µs", ms * 1e3),
            0.1..10.0 => format!("{ms:.2} ms"),
            _ => format!("{ms:.0} ms"),
        },
    )
}

fn shortened(message: &str) -> String {
    let line = message.lines().next().unwrap_or_default();
    let cut: String = line.chars().take(MESSAGE).map(print::visible).collect();
    if message.chars().nth(cut.chars().count()).is_some() { format!("{cut}…") } else { cut }
}
