//! The programs that the jail must not hurt.

use cellblock::job::Language;

use super::fixture::load_all;
use super::suite::run_fixtures;

/// Honest programs make no call that is refused, unless their header says so. Whoever is refused a clone has
/// tried vfork before it, on machines that have that call.
fn honest(language: Language) {
    run_fixtures(language, &load_all("honest", language), 1, |fixture, runs| {
        let denied = runs.iter().flat_map(|run| &run.verdict.evidence.denied);
        let unexpected =
            denied.filter(|call| !fixture.is_denied(if call.name == "vfork" { "clone" } else { &call.name }));
        unexpected.map(|call| format!("was refused {} {} times", call.name, call.count)).collect()
    });
}

#[test]
fn honest_python() {
    honest(Language::Python);
}

#[test]
fn honest_node() {
    honest(Language::Node);
}
