//! The programs that attack the jail. Each is followed by a canary in the same slot, and leaves nothing behind.

use std::collections::BTreeSet;

use cellblock::app::attack::{Fixture, equal_draws, escapes};
use cellblock::job::Language;
use cellblock::runner::ItemRun;

use super::fixture::{directory, load_all};
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
    run_fixtures(language, &load_all(&format!("hostile/{class}"), language), 1, escaped);
}

fn escaped(_fixture: &Fixture, runs: &[ItemRun]) -> Vec<String> {
    escapes(runs)
}

fn twice(language: Language) {
    run_fixtures(language, &load_all("hostile/between-jobs", language), 2, |fixture, runs| {
        let mut wrong = escapes(runs);
        wrong.extend(equal_draws(fixture, runs));
        wrong
    });
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
