//! A run that is killed at any moment goes on as if nothing had been.

use std::collections::BTreeMap;
use std::process::Child;
use std::time::Duration;

use cellblock::job::OutcomeKind;

use super::command::{Finished, Place, TROUBLE, items, pause};

/// Starts a run, kills it once this many lines are in the output, or lets it end.
fn kill_after(mut running: Child, place: &Place, lines: usize, then: Duration) -> Option<Finished> {
    while place.lines() < lines || !place.files().contains(&"out.jsonl".to_owned()) {
        if running.try_wait().unwrap().is_some() {
            return Some(Finished::of(running.wait_with_output().unwrap()));
        }
        pause(Duration::from_millis(5));
    }
    pause(then);
    running.kill().unwrap();
    // It may have come to its end before.
    let run = Finished::of(running.wait_with_output().unwrap());
    run.status.is_some().then_some(run)
}

/// A number below `bound`.
fn random(bound: usize) -> usize {
    usize::try_from(getrandom::u64().unwrap() % bound as u64).unwrap()
}

#[test]
fn two_thousand_items_with_trouble_survive_any_number_of_kills() {
    let trouble: BTreeMap<usize, &str> = (0..10).map(|n| (n * 197 + 31, TROUBLE[n % TROUBLE.len()].0)).collect();
    let place = Place::new(&items(2_000, 2, &trouble));
    let arguments = ["--limit", "wall_ms=2000"];
    let mut finished = None;
    let mut kills = 0;
    let mut goes_on = false;
    while finished.is_none() {
        // A run that is killed right after it has removed its state was through; the next one begins anew.
        goes_on = place.files().contains(&"out.jsonl.state".to_owned());
        // A run that is killed sooner than it can start and end one chunk would never be through. One that is left
        // alone for longer than this could be through before it was killed often enough: a run gets at most 100 lines
        // and 100 ms further, and some 50 items take 100 ms in each slot.
        let lines = if kills == 0 { 0 } else { place.lines() + 1 + random(100) };
        let then = Duration::from_millis(random(100) as u64);
        finished = kill_after(place.start(&arguments), &place, lines, then);
        if finished.is_some() {
            break;
        }
        kills += 1;
        // A line may be torn.
        let text = place.read("out.jsonl");
        for line in text.lines().take(text.matches('\n').count()) {
            serde_json::from_str::<serde_json::Value>(line).unwrap();
        }
    }
    let finished = finished.unwrap();
    assert_eq!((finished.status, &finished.summary["state"]), (Some(0), &"completed".into()), "{}", finished.errors);
    assert!(kills >= 4, "{kills} kills");
    assert_eq!(finished.summary["resumed_items"].as_u64().unwrap() > 0, goes_on);
    let results = place.results();
    assert_eq!(results.len(), 2_000);
    for (n, result) in results.iter().enumerate() {
        let outcome = result.outcome.map_or("fault", OutcomeKind::as_str);
        let expected =
            trouble.get(&n).map_or(&["succeeded"][..], |asked| TROUBLE.iter().find(|(ask, _)| ask == asked).unwrap().1);
        assert!(expected.contains(&outcome), "item {n}: {outcome}, not {expected:?}");
        if outcome == "succeeded" {
            assert_eq!(result.output.as_ref().unwrap().get(), format!("{{\"n\":{n},\"double\":{}}}", 2 * n));
        }
    }
    assert_eq!(place.files(), ["f.py", "items.jsonl", "out.jsonl"]);
}

#[test]
fn finished_chunks_are_not_run_again() {
    let place = Place::new(&items(200, 10, &BTreeMap::new()));
    // Says when it ran: what is kept from before says so too.
    place.write("f.py", "import time\ndef main(n, ms):\n    time.sleep(ms / 1000)\n    return {'at': time.time()}");
    assert!(kill_after(place.start(&["--chunk", "20"]), &place, 60, Duration::ZERO).is_none());
    let before = place.read("out.jsonl");
    let whole: Vec<_> = before.split_inclusive('\n').filter(|line| line.ends_with('\n')).take(60).collect();
    let run = place.run(&["--chunk", "20"]);
    assert_eq!(run.status, Some(0), "{}", run.errors);
    assert!(place.read("out.jsonl").starts_with(&whole.concat()));
    assert!(run.summary["resumed_chunks"].as_u64().unwrap() >= 3);
    assert_eq!(place.results().len(), 200);
}

#[test]
fn another_run_does_not_take_over_the_state() {
    let place = Place::new(&items(200, 10, &BTreeMap::new()));
    assert!(kill_after(place.start(&["--chunk", "20"]), &place, 20, Duration::ZERO).is_none());
    for arguments in [&["--chunk", "21"][..], &["--chunk", "20", "--max-failures", "1"], &["--limit", "wall_ms=9"]] {
        let run = place.run(arguments);
        assert_eq!(run.status, Some(2));
        assert!(run.errors.contains("out.jsonl.state is the state of another run"), "{}", run.errors);
        assert!(run.errors.contains("--restart"), "{}", run.errors);
    }
    place.write("items.jsonl", &items(100, 0, &BTreeMap::new()));
    assert!(place.run(&["--chunk", "20"]).errors.contains("another run"));
    let run = place.run(&["--chunk", "20", "--restart"]);
    assert_eq!((run.status, &run.summary["resumed_items"]), (Some(0), &0.into()), "{}", run.errors);
    assert_eq!(place.results().len(), 100);
}

#[test]
fn a_state_that_is_in_use_or_broken_is_left_alone() {
    let place = Place::new(&items(200, 10, &BTreeMap::new()));
    let mut running = place.start(&["--chunk", "20"]);
    while !place.files().contains(&"out.jsonl".to_owned()) {
        pause(Duration::from_millis(5));
    }
    for arguments in [&["--chunk", "20"][..], &["--chunk", "20", "--restart"]] {
        let run = place.run(arguments);
        assert_eq!(run.status, Some(2));
        assert!(run.errors.contains("another cellblock uses it"), "{}", run.errors);
    }
    assert!(running.wait().unwrap().success());
    assert_eq!(place.results().len(), 200);

    place.write("out.jsonl.state", &"not a database\n".repeat(100));
    let run = place.run(&[]);
    assert_eq!(run.status, Some(2));
    assert!(run.errors.contains("--restart"), "{}", run.errors);
    assert_eq!(place.run(&["--restart"]).status, Some(0));
}
