//! Runs fixtures over several lanes and tells all that is wrong with them at once.

use std::sync::Mutex;
use std::time::Duration;

use cellblock::app::attack::{Fixture, canary_after, is_unharmed};
use cellblock::job::{Language, Program};
use cellblock::runner::ItemRun;
use cellblock::sys::clock;

use super::lane::{Lane, block_on, runtime};
use super::leftovers;

/// Slots in parallel. Most programs wait for a start or a deadline, not for a processor.
const LANES: usize = 2;

/// What is wrong with one run of a fixture, beyond what its header says; nothing when all is well.
pub(super) type Check = fn(&Fixture, &[ItemRun]) -> Vec<String>;

/// Held while a test counts descriptors, for harnesses that run all tests in one process.
static ALONE: Mutex<()> = Mutex::new(());

/// Keeps other tests of the jail away, in this process.
pub(super) fn alone() -> std::sync::MutexGuard<'static, ()> {
    ALONE.lock().unwrap_or_else(std::sync::PoisonError::into_inner)
}

/// Runs every fixture `times` in one slot, each run followed by a canary, and panics with everything that is not as
/// expected.
pub(super) fn run_fixtures(language: Language, fixtures: &[Fixture], times: usize, check: Check) {
    assert!(!fixtures.is_empty(), "no programs");
    let _alone = alone();
    let runtime = runtime(language);
    let before = leftovers::descriptors();
    let rest = Mutex::new(fixtures.iter());
    let found = Mutex::new(Vec::new());
    let took = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..LANES.min(fixtures.len()) {
            scope.spawn(|| {
                block_on(async {
                    let mut lane = Lane::open(runtime.clone());
                    loop {
                        let Some(fixture) = rest.lock().unwrap().next() else { break };
                        let started = clock::now();
                        let wrong = run_one(&mut lane, fixture, times, check).await;
                        took.lock().unwrap().push((started.elapsed(), &fixture.name));
                        let lines = wrong.into_iter().map(|line| format!("{}: {line}", fixture.name));
                        found.lock().unwrap().extend(lines);
                    }
                    if let Err(left) = lane.close().await {
                        found.lock().unwrap().push(format!("left behind at the end: {left:?}"));
                    }
                });
            });
        }
    });
    let mut found = found.into_inner().unwrap();
    let after = leftovers::descriptors();
    if after > before {
        found.push(format!("{before} descriptors before, {after} after"));
    }
    print_slowest(took.into_inner().unwrap());
    assert!(found.is_empty(), "{} of {} programs:\n{}", found.len(), fixtures.len(), found.join("\n"));
}

fn print_slowest(mut took: Vec<(Duration, &String)>) {
    took.sort();
    for (time, name) in took.iter().rev().take(5) {
        println!("{:6} ms {name}", time.as_millis());
    }
}

async fn run_one(lane: &mut Lane, fixture: &Fixture, times: usize, check: Check) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut runs = Vec::new();
    for _ in 0..times {
        match lane.run(&fixture.program, fixture.inputs.clone()).await {
            Ok(run) => {
                wrong.extend(fixture.mismatches(&run));
                runs.push(run);
            }
            Err(interrupted) => wrong.push(format!("did not run: {interrupted}")),
        }
        if let Err(text) = canary(lane, &fixture.program).await {
            wrong.push(format!("the canary after it: {text}"));
        }
        if let Err(left) = lane.settled().await {
            wrong.push(format!("left behind: {left:?}"));
        }
    }
    wrong.extend(check(fixture, &runs));
    wrong
}

/// An honest job in the interpreter that booted while the program before it ran.
async fn canary(lane: &mut Lane, after: &Program) -> Result<(), String> {
    let (program, inputs) = canary_after(after);
    let run = lane.run(&program, inputs).await.map_err(|interrupted| interrupted.to_string())?;
    if is_unharmed(&program, &run) { Ok(()) } else { Err(format!("{run:?}")) }
}
