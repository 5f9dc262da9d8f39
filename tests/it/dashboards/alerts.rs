//! The alerts say what they are meant to say, of metrics that there are.

use std::collections::BTreeSet;
use std::process::Command;

use super::boards::{directory, series_names};

/// Every word of a text that begins like a metric of ours.
fn named(text: &str) -> BTreeSet<&str> {
    let words = text.split(|c: char| !(c.is_ascii_alphanumeric() || c == '_'));
    words.filter(|word| word.starts_with("cellblock_")).collect()
}

#[test]
fn alerts_name_metrics_that_there_are() {
    let there = series_names();
    for file in ["alerts.yml", "alerts_test.yml"] {
        let text = std::fs::read_to_string(directory().join(file)).unwrap();
        let names = named(&text);
        assert!(names.len() > 5, "{file}: {names:?}");
        let unknown: Vec<&&str> = names.iter().filter(|name| !there.contains(**name)).collect();
        assert!(unknown.is_empty(), "{file}: {unknown:?}");
    }
}

#[test]
fn every_alert_has_a_test() {
    let text = |file| std::fs::read_to_string(directory().join(file)).unwrap();
    let (rules, tests) = (text("alerts.yml"), text("alerts_test.yml"));
    let alerts: Vec<&str> = rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(!alerts.is_empty());
    for alert in alerts {
        let line = format!("- alertname: {alert}");
        assert!(tests.lines().any(|found| found.trim() == line), "{alert} is never seen to fire");
    }
}

#[test]
#[allow(clippy::disallowed_methods, reason = "tests start programs as a shell does")]
fn alerts_fire_for_what_they_are_about() {
    let ended = Command::new("promtool").args(["test", "rules", "alerts_test.yml"]).current_dir(directory()).output();
    let ended = ended.expect("promtool is in Debian's package prometheus");
    assert!(ended.status.success(), "{ended:?}");
}
