//! Pages that are made from the code, and promises that have tests.
//!
//! `WRITE_DOCS=1 cargo test` writes the pages anew.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

fn is_as_made(name: &str, made: &str) {
    let path = root().join("docs").join(name);
    if std::env::var_os("WRITE_DOCS").is_some() {
        std::fs::write(&path, made).unwrap();
    }
    let page = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(page == made, "docs/{name} is not what WRITE_DOCS=1 writes");
}

#[test]
fn the_page_of_metrics_is_the_table() {
    is_as_made("metrics.md", &cellblock::telemetry::document());
}

#[test]
fn the_page_of_the_configuration_is_the_table() {
    is_as_made("configuration.md", &cellblock::config::document());
}

fn functions_in(dir: &Path, found: &mut BTreeSet<String>) {
    for entry in std::fs::read_dir(dir).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            functions_in(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            let text = std::fs::read_to_string(&path).unwrap();
            let names = text.lines().filter_map(|line| line.split_once("fn ")).map(|(_, rest)| rest);
            found.extend(names.filter_map(|rest| rest.split(['(', '<']).next()).map(str::to_owned));
        }
    }
}

/// Each promise of `docs/durability.md` is an item that names the tests which hold it, in code spans at its end.
#[test]
fn every_promise_of_durability_has_a_test() {
    let mut tests = BTreeSet::new();
    functions_in(&root().join("tests"), &mut tests);
    functions_in(&root().join("src"), &mut tests);
    let page = std::fs::read_to_string(root().join("docs/durability.md")).unwrap();
    let (page, _) = page.split_once("\n## Lanes with classic queues").unwrap();
    let promises: Vec<&str> = page.split("\n- ").skip(1).map(|item| item.split("\n\n").next().unwrap()).collect();
    assert!(promises.len() > 8, "{} promises", promises.len());
    for promise in promises {
        let (_, named) = promise.rsplit_once("Tests:").unwrap_or_else(|| panic!("no test: {promise}"));
        let named: Vec<&str> = named.split('`').skip(1).step_by(2).collect();
        assert!(!named.is_empty(), "no test: {promise}");
        for name in named {
            assert!(tests.contains(name), "there is no test {name}");
        }
    }
}
