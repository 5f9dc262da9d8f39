//! The self-test that a worker makes before it takes work.

use cellblock::app::self_test;
use cellblock::job::Language;

use super::lane::{Lane, block_on, runtime};
use super::suite::alone;

fn passes(language: Language) {
    let _alone = alone();
    let lane = Lane::open(runtime(language));
    let tested = block_on(self_test(&lane.host, language)).unwrap();
    assert!(tested.is_forked, "jobs are forked");
    assert!(!tested.runtime.version.is_empty());
}

#[test]
fn honest_python_passes_and_is_forked() {
    passes(Language::Python);
}

#[test]
fn honest_node_passes_and_is_forked() {
    passes(Language::Node);
}
