//! The table as a page of documentation.

use std::fmt::Write;

use super::table::{Row, table};

const HEAD: &str = "# Metrics

In Prometheus' text format. Every series exists from the start, at 0. Labels are closed sets: no id, tenant, path or text
of a program is ever one. Made from the table in `src/telemetry/table.rs`; a test keeps the two equal.
In `dashboards/` are alerts on them with their tests, and dashboards for Grafana on which each `cellblock_` metric is shown.

| name | type | labels | says |
|---|---|---|---|
";

/// `docs/metrics.md`.
#[must_use]
pub fn document() -> String {
    let mut text = HEAD.to_owned();
    let rows = table();
    for Row { name, kind, labels, help, .. } in &rows {
        let labels = labels.iter().map(|label| format!("`{label}`")).collect::<Vec<_>>().join(" ");
        push(&mut text, format_args!("| `{name}` | {} | {labels} | {help} |\n", kind.as_str()));
    }
    text.push_str("\n## Label values\n\n");
    let mut said: Vec<Vec<&str>> = Vec::new();
    for row in &rows {
        for (at, label) in row.labels.iter().enumerate() {
            let mut values: Vec<&str> = Vec::new();
            for value in row.series.iter().filter_map(|series| series.get(at)) {
                if !values.contains(value) {
                    values.push(value);
                }
            }
            let mut sorted = values.clone();
            sorted.sort_unstable();
            if *label == "version" || said.contains(&sorted) {
                continue;
            }
            let listed = values.iter().map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" ");
            push(&mut text, format_args!("- `{label}` (`{}`): {listed}\n", row.name));
            said.push(sorted);
        }
    }
    text
}

fn push(text: &mut String, line: std::fmt::Arguments<'_>) {
    // A String takes everything.
    if text.write_fmt(line).is_err() {
        tracing::error!("a line of documentation was lost");
    }
}
