//! How a run ends, and what it says then.

use std::collections::BTreeMap;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::command::{Finished, Place, items, pause};

#[test]
fn a_run_without_trouble_leaves_results_only() {
    let place = Place::new(&items(300, 0, &BTreeMap::new()));
    let run = place.run(&[]);
    assert_eq!((run.status, run.errors.as_str()), (Some(0), ""));
    assert_eq!(run.summary["state"], "completed");
    assert_eq!((&run.summary["items"], &run.summary["outcomes"]["succeeded"]), (&300.into(), &300.into()));
    assert!(run.summary["item_wall_ms"]["p99"].as_f64().unwrap() > 0.0);
    let results = place.results();
    assert_eq!(results.len(), 300);
    assert_eq!(results[299].output.as_ref().unwrap().get(), "{\"n\":299,\"double\":598}");
    assert_eq!(place.files(), ["f.py", "items.jsonl", "out.jsonl"]);
}

#[test]
fn failures_are_results_and_a_few_are_shown() {
    let trouble = (0..20).map(|n| (n * 7, "raise")).collect();
    let place = Place::new(&items(200, 0, &trouble));
    let run = place.run(&[]);
    assert_eq!(run.status, Some(0), "every item has its result");
    assert_eq!(place.outcomes(), BTreeMap::from([("failed", 20), ("succeeded", 180)]));
    let examples = run.summary["examples"].as_array().unwrap();
    assert_eq!(examples.len(), 3);
    assert_eq!((&examples[0]["item"], &examples[0]["message"]), (&0.into(), &"ValueError: no 0".into()));
    let frame = place.results()[7].error.as_ref().unwrap().traceback.join(" ");
    assert!(frame.contains("f.py"), "{frame}");
}

#[test]
fn more_failures_than_tolerated_give_up() {
    let trouble = (0..100).map(|n| (n, "raise")).collect();
    let place = Place::new(&items(2_000, 5, &trouble));
    let run = place.run(&["--max-failures", "10"]);
    assert_eq!((run.status, &run.summary["state"]), (Some(1), &"failed_tolerance".into()));
    let done = run.summary["done"].as_u64().unwrap();
    assert!(done < 2_000, "{done}");
    assert_eq!(place.read("out.jsonl").lines().count() as u64, done);
    assert_eq!(place.files(), ["f.py", "items.jsonl", "out.jsonl"]);
    let tolerant = place.run(&["--max-failures", "100", "--chunk", "500"]);
    assert_eq!((tolerant.status, &tolerant.summary["state"]), (Some(0), &"completed".into()));
}

#[test]
fn an_interrupt_keeps_the_state_and_blames_no_item() {
    let place = Place::new(&items(600, 10, &BTreeMap::new()));
    for at in 0..2 {
        let running = place.start(&["--chunk", "25"]);
        let group = Pid::from_raw(i32::try_from(running.id()).unwrap());
        while place.lines() < 50 + at * 200 {
            pause(Duration::from_millis(10));
        }
        // To the group, as a terminal sends it.
        killpg(group, Signal::SIGINT).unwrap();
        let run = Finished::of(running.wait_with_output().unwrap());
        assert_eq!((run.status, &run.summary["state"]), (Some(1), &"interrupted".into()), "{}", run.errors);
        assert!(place.files().contains(&"out.jsonl.state".to_owned()));
        assert!(place.outcomes().keys().all(|outcome| *outcome == "succeeded"), "{:?}", place.outcomes());
    }
    let run = place.run(&["--chunk", "25"]);
    assert_eq!((run.status, &run.summary["state"]), (Some(0), &"completed".into()));
    assert!(run.summary["resumed_items"].as_u64().unwrap() >= 250);
    assert_eq!(place.outcomes(), BTreeMap::from([("succeeded", 600)]));
}

#[test]
fn a_second_interrupt_does_not_wait() {
    let place = Place::new(&items(64, 60_000, &BTreeMap::new()));
    let mut running = place.start(&["--limit", "wall_ms=100000"]);
    while !place.files().contains(&"out.jsonl".to_owned()) {
        pause(Duration::from_millis(10));
    }
    pause(Duration::from_millis(500));
    let group = Pid::from_raw(i32::try_from(running.id()).unwrap());
    killpg(group, Signal::SIGINT).unwrap();
    pause(Duration::from_millis(300));
    assert!(running.try_wait().unwrap().is_none(), "it did not wait for what runs");
    killpg(group, Signal::SIGINT).unwrap();
    pause(Duration::from_millis(1_500));
    assert!(running.try_wait().unwrap().is_some(), "it still waits");
}
