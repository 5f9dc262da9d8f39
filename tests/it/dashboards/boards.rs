//! Reads the dashboards, and the queries of their panels.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use cellblock::telemetry::{Kind, table};
use serde_json::Value;

/// One dashboard.
pub(crate) struct Board {
    /// Its file's name without the ending.
    pub(crate) name: String,
    pub(crate) json: Value,
}

/// One query of a panel.
#[derive(Debug)]
pub(crate) struct Query {
    /// Dashboard and title of the panel.
    pub(crate) place: String,
    pub(crate) expr: String,
    /// Labels by which the panel tells series apart.
    pub(crate) labels: Vec<String>,
}

pub(crate) fn directory() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("dashboards")
}

/// All dashboards, by name.
pub(crate) fn boards() -> Vec<Board> {
    let files = std::fs::read_dir(directory().join("grafana")).unwrap().map(|entry| entry.unwrap().path());
    let mut boards: Vec<Board> = files
        .map(|path| {
            let text = std::fs::read_to_string(&path).unwrap();
            let json = serde_json::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
            Board { name: path.file_stem().unwrap().to_str().unwrap().to_owned(), json }
        })
        .collect();
    boards.sort_by(|a, b| a.name.cmp(&b.name));
    boards
}

impl Board {
    /// Panels that show something: all but the headings of rows.
    pub(crate) fn panels(&self) -> impl Iterator<Item = &Value> {
        self.json["panels"].as_array().unwrap().iter().filter(|panel| panel["type"] != "row")
    }

    pub(crate) fn queries(&self) -> Vec<Query> {
        let of_panel = |panel: &Value| {
            let place = format!("{}: {}", self.name, text(&panel["title"]));
            let matrix = &panel["transformations"][0]["options"];
            let columns = [&panel["options"]["xField"], &matrix["columnField"], &matrix["rowField"]];
            let columns: Vec<String> = columns.iter().filter_map(|name| name.as_str()).map(str::to_owned).collect();
            let targets = panel["targets"].as_array().unwrap().clone();
            targets.into_iter().map(move |target| {
                let legend = target["legendFormat"].as_str().unwrap_or_default();
                let in_legend = legend.split("{{").skip(1).map(|rest| rest.split("}}").next().unwrap().to_owned());
                let labels = in_legend.chain(columns.clone()).collect();
                Query { place: place.clone(), expr: text(&target["expr"]), labels }
            })
        };
        self.panels().flat_map(of_panel).collect()
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_else(|| panic!("{value} is no text")).to_owned()
}

/// The name of each series that there is.
pub(crate) fn series_names() -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for row in table() {
        let suffixes: &[&str] = if row.kind == Kind::Histogram { &["_bucket", "_sum", "_count"] } else { &[""] };
        names.extend(suffixes.iter().map(|suffix| format!("{}{suffix}", row.name)));
    }
    names
}

/// Every place of a query that selects series: a name, and what stands in braces behind it.
pub(crate) fn selectors(expr: &str) -> Vec<(&str, &str)> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let is_ours = |word: &str| word.starts_with("cellblock_") || word.starts_with("process_") || word == "up";
    let mut found = Vec::new();
    let mut rest = expr;
    while let Some(start) = rest.find(is_word) {
        rest = &rest[start..];
        let (word, behind) = rest.split_at(rest.find(|c| !is_word(c)).unwrap_or(rest.len()));
        // No label's value has a brace.
        let labels =
            behind.strip_prefix('{').and_then(|inside| inside.split_once('}')).map_or("", |(inside, _)| inside);
        if is_ours(word) {
            found.push((word, labels));
        }
        rest = behind;
    }
    found
}

#[test]
fn selectors_are_found_wherever_they_stand() {
    let expr =
        "sum by (le) (rate(cellblock_a_bucket{instance=~\"$instance\"}[5m])) / up{job=\"cellblock\"} - process_b";
    let found = [("cellblock_a_bucket", "instance=~\"$instance\""), ("up", "job=\"cellblock\""), ("process_b", "")];
    assert_eq!(selectors(expr), found);
}
