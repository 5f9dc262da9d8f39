//! Dashboards show every metric, ask for the chosen processes only, and have one form.

use std::collections::BTreeSet;
use std::process::Command;

use cellblock::telemetry::table;
use serde_json::{Value, json};

use super::boards::{Board, boards, directory, selectors, series_names};

/// What Prometheus' clients tell of any process, and what says nothing here that another figure does not say better.
const NOT_SHOWN: [&str; 3] = ["process_virtual_memory_bytes", "process_threads", "process_start_time_seconds"];

#[test]
fn every_metric_is_on_a_dashboard() {
    let boards = boards();
    let queries: Vec<_> = boards.iter().flat_map(Board::queries).collect();
    let shown: BTreeSet<&str> = queries.iter().flat_map(|query| selectors(&query.expr)).map(|(name, _)| name).collect();
    let is_shown =
        |name: &str| ["", "_bucket", "_sum", "_count"].iter().any(|end| shown.contains(&*format!("{name}{end}")));
    let hidden: Vec<&str> = table().iter().map(|row| row.name).filter(|name| !is_shown(name)).collect();
    assert_eq!(hidden, NOT_SHOWN);
}

#[test]
fn queries_name_series_that_there_are_of_the_chosen_processes() {
    let there = series_names();
    for query in boards().iter().flat_map(Board::queries) {
        let selectors = selectors(&query.expr);
        for (name, labels) in &selectors {
            assert!(there.contains(*name) || *name == "up", "{query:?}: {name}");
            assert!(labels.split(", ").any(|label| label == "instance=~\"$instance\""), "{query:?}: {name}");
        }
        // What is not about series of ours is about alerts, some of which are about no single process.
        let is_of_alerts = query.expr.contains("ALERTS{instance=~\"$instance|\"");
        assert!(!selectors.is_empty() || is_of_alerts, "{query:?}");
    }
}

#[test]
fn dashboards_are_alike() {
    let boards = boards();
    let names: Vec<&str> = boards.iter().map(|board| board.name.as_str()).collect();
    assert_eq!(names, ["overview", "queue-and-retries", "sandbox-health", "store-and-service"]);
    for Board { name, json } in &boards {
        assert_eq!(json["uid"], format!("cellblock-{name}"));
        assert_eq!((&json["time"]["from"], &json["refresh"]), (&json!("now-1h"), &json!("10s")), "{name}");
        assert_eq!(json["schemaVersion"], 39, "{name}");
        assert_eq!(json["tags"], json!(["cellblock"]), "{name}");
        for part in ["links", "templating"] {
            assert_eq!(json[part], boards[0].json[part], "{part} of {name}");
        }
    }
    let first = &boards[0].json;
    assert_eq!(first["links"][0]["tags"], json!(["cellblock"]));
    let variables = first["templating"]["list"].as_array().unwrap();
    assert_eq!((&variables[0]["name"], &variables[0]["query"]), (&json!("datasource"), &json!("prometheus")));
    assert_eq!((&variables[1]["name"], &variables[1]["multi"]), (&json!("instance"), &json!(true)));
    assert_eq!(variables[1]["query"]["query"], "label_values(cellblock_build_info, instance)");
}

#[test]
fn panels_say_what_they_show_and_what_to_do() {
    for board in boards() {
        let mut titles = BTreeSet::new();
        for panel in board.panels() {
            let title = panel["title"].as_str().unwrap();
            let place = format!("{}: {title}", board.name);
            assert!(titles.insert(title.to_owned()), "{place} stands twice");
            let kinds = ["barchart", "heatmap", "stat", "table", "timeseries"];
            assert!(kinds.contains(&panel["type"].as_str().unwrap()), "{place}");
            let description = panel["description"].as_str().unwrap();
            assert!(description.len() > 60 && description.ends_with('.'), "{place}: {description}");
            assert_eq!(panel["datasource"], json!({"type": "prometheus", "uid": "${datasource}"}), "{place}");
            assert!(panel["fieldConfig"]["defaults"]["unit"].is_string(), "{place} has no unit");
            let targets = panel["targets"].as_array().unwrap();
            let names: Vec<&str> = targets.iter().map(|target| target["refId"].as_str().unwrap()).collect();
            assert_eq!(names, ["A", "B", "C"][..targets.len()], "{place}");
            let is_named = |target: &Value| target["legendFormat"].is_string();
            assert!(panel["type"] != "timeseries" || targets.iter().all(is_named), "{place}: a line without a name");
        }
    }
}

/// The cells of the grid that a panel covers.
fn cells(panel: &Value) -> impl Iterator<Item = (u64, u64)> {
    let [x, y, w, h] = ["x", "y", "w", "h"].map(|side| panel["gridPos"][side].as_u64().unwrap());
    (x..x + w).flat_map(move |column| (y..y + h).map(move |row| (column, row)))
}

#[test]
fn panels_fill_the_width_and_cover_no_other() {
    for Board { name, json } in boards() {
        let panels = json["panels"].as_array().unwrap();
        let ids: Vec<u64> = panels.iter().map(|panel| panel["id"].as_u64().unwrap()).collect();
        assert_eq!(ids, (1..=panels.len() as u64).collect::<Vec<_>>(), "{name}");
        let mut covered = BTreeSet::new();
        for panel in panels {
            assert!(cells(panel).all(|cell| covered.insert(cell)), "{name}: {} covers another", panel["title"]);
        }
        let height = covered.iter().map(|(_, row)| row + 1).max().unwrap();
        let all: BTreeSet<_> = (0..24).flat_map(|column| (0..height).map(move |row| (column, row))).collect();
        assert_eq!(covered, all, "{name} has gaps, or is too wide");
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tests start programs as a shell does")]
fn prometheus_takes_its_configuration() {
    let ended = Command::new("promtool").args(["check", "config", "prometheus.yml"]).current_dir(directory()).output();
    let ended = ended.expect("promtool is in Debian's package prometheus");
    assert!(ended.status.success(), "{ended:?}");
    let said = String::from_utf8(ended.stdout).unwrap();
    assert!(said.contains("1 rule files found"), "the alerts are not part of it: {said}");
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tests start programs as a shell does")]
fn grafana_is_told_how_often_prometheus_asks() {
    let read = |file: &str| -> Value {
        let print = "import json, sys, yaml; print(json.dumps(yaml.safe_load(open(sys.argv[1]))))";
        let ended = Command::new("/usr/bin/python3").args(["-c", print, file]).current_dir(directory()).output();
        let ended = ended.unwrap();
        serde_json::from_slice(&ended.stdout).unwrap_or_else(|error| panic!("{file}: {error}: {ended:?}"))
    };
    let source = &read("provisioning/datasources/cellblock.yml")["datasources"][0];
    assert_eq!(source["type"], "prometheus");
    assert_eq!(source["jsonData"]["timeInterval"], read("prometheus.yml")["global"]["scrape_interval"]);
    assert_eq!(read("provisioning/dashboards/cellblock.yml")["providers"][0]["type"], "file");
}
