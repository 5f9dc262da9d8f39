//! The programs that attack the jail. Each is followed by a canary in the same slot, and leaves nothing behind.

use std::collections::{BTreeMap, BTreeSet};

use cellblock::job::{Language, OutcomeKind};
use cellblock::runner::ItemRun;
use serde_json::value::RawValue;

use super::fixture::{Fixture, directory, load_all};
use super::suite::run_fixtures;

const CLASSES: [&str; 10] = [
    "between-jobs",
    "exhaustion",
    "filesystem",
    "information",
    "interpreter",
    "kernel",
    "network",
    "processes",
    "result-channel",
    "signals",
];

fn hostile(class: &str, language: Language) {
    assert!(CLASSES.contains(&class));
    run_fixtures(language, &load_all(&format!("hostile/{class}"), language), 1, escapes);
}

/// A program that goes on after its attack says whether the attack worked.
fn escapes(_fixture: &Fixture, runs: &[ItemRun]) -> Vec<String> {
    let succeeded = runs.iter().filter(|run| run.verdict.outcome.kind() == OutcomeKind::Succeeded);
    let escaped = succeeded.filter(|run| member(run, "escaped").is_none_or(|value| value.get() != "false"));
    escaped.map(|run| format!("escaped: {:?}", run.verdict)).collect()
}

/// A member of what the program returned, if it returned anything.
fn member(run: &ItemRun, name: &str) -> Option<Box<RawValue>> {
    let members: BTreeMap<String, Box<RawValue>> = serde_json::from_str(run.verdict.output.as_ref()?.get()).unwrap();
    members.get(name).cloned()
}

fn twice(language: Language) {
    run_fixtures(language, &load_all("hostile/between-jobs", language), 2, |fixture, runs| {
        let mut wrong = escapes(fixture, runs);
        wrong.extend(equal_draws(fixture, runs));
        wrong
    });
}

/// Random numbers of two jobs in one slot have nothing in common.
fn equal_draws(fixture: &Fixture, runs: &[ItemRun]) -> Option<String> {
    let draws = runs.iter().filter_map(|run| member(run, "draws"));
    let draws = draws.map(|draws| serde_json::from_str(draws.get()).unwrap());
    let draws: Vec<BTreeSet<String>> = draws.collect();
    match draws.as_slice() {
        [first, second] if first.is_disjoint(second) => None,
        [] if !fixture.name.contains("random_draws") => None,
        found => Some(format!("draws of two runs: {found:?}")),
    }
}

#[test]
fn every_class_is_run() {
    let entries = std::fs::read_dir(directory("tests/hostile")).unwrap();
    let names: BTreeSet<String> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    assert_eq!(names, CLASSES.map(str::to_owned).into());
}

#[test]
fn hostile_between_jobs_python() {
    twice(Language::Python);
}

#[test]
fn hostile_between_jobs_node() {
    twice(Language::Node);
}

#[test]
fn hostile_exhaustion_python() {
    hostile("exhaustion", Language::Python);
}

#[test]
fn hostile_exhaustion_node() {
    hostile("exhaustion", Language::Node);
}

#[test]
fn hostile_filesystem_python() {
    hostile("filesystem", Language::Python);
}

#[test]
fn hostile_filesystem_node() {
    hostile("filesystem", Language::Node);
}

#[test]
fn hostile_information_python() {
    hostile("information", Language::Python);
}

#[test]
fn hostile_information_node() {
    hostile("information", Language::Node);
}

#[test]
fn hostile_interpreter_python() {
    hostile("interpreter", Language::Python);
}

#[test]
fn hostile_interpreter_node() {
    hostile("interpreter", Language::Node);
}

#[test]
fn hostile_kernel_python() {
    hostile("kernel", Language::Python);
}

#[test]
fn hostile_kernel_node() {
    hostile("kernel", Language::Node);
}

#[test]
fn hostile_network_python() {
    hostile("network", Language::Python);
}

#[test]
fn hostile_network_node() {
    hostile("network", Language::Node);
}

#[test]
fn hostile_processes_python() {
    hostile("processes", Language::Python);
}

#[test]
fn hostile_processes_node() {
    hostile("processes", Language::Node);
}

#[test]
fn hostile_result_channel_python() {
    hostile("result-channel", Language::Python);
}

#[test]
fn hostile_result_channel_node() {
    hostile("result-channel", Language::Node);
}

#[test]
fn hostile_signals_python() {
    hostile("signals", Language::Python);
}

#[test]
fn hostile_signals_node() {
    hostile("signals", Language::Node);
}
