//! What is claimed before there is a place for it.

use std::time::Duration;

use cellblock::app::worker::{Drain, WorkerSettings};
use cellblock::job::{JobId, State};
use cellblock::ports::{Cancellation, Store};

use super::rig::{Rig, Working, document, settings, spec, start};
use super::scripted::{Act, Script};

/// Quick runs after which more is claimed.
const QUICK: usize = 64;

/// A worker with one place, which has had quick runs and is now at one that goes on until it is cancelled; that job, and one that
/// was submitted after it.
async fn held_up(rig: &Rig, settings: WorkerSettings) -> (Working, Script, [JobId; 2]) {
    let acts = std::iter::repeat_n(Act::Succeed, QUICK).chain([Act::WaitAfter(0)]);
    let script = Script::of(acts);
    let place = script.clone();
    let working = start(&rig.store, &rig.queue, settings, move || place.clone());
    for number in 0..QUICK {
        let id = rig.submit(&format!("quick{number}"), spec("{}")).await;
        rig.ended(&id).await;
    }
    let long = rig.submit("long", spec("{}")).await;
    rig.job_in(&long, |state| state == State::Running).await;
    let next = rig.submit("next", spec("{}")).await;
    (working, script, [long, next])
}

async fn cancel(rig: &Rig, settings: &WorkerSettings, job: &JobId) {
    assert_eq!(rig.store.cancel(job).await.unwrap(), Cancellation::Requested);
    settings.stops.stop_job(job.clone());
}

#[tokio::test]
async fn while_runs_are_quick_the_next_job_is_claimed_and_given_back_without_a_try_when_one_is_not() {
    let rig = Rig::new();
    let settings = settings(1);
    let (working, script, [long, next]) = held_up(&rig, settings.clone()).await;
    rig.job_in(&next, |state| state == State::Running).await;
    let given_back = rig.job_in(&next, |state| state == State::Queued).await;
    assert_eq!((given_back.attempt, given_back.attempts.len()), (1, 0));
    assert_eq!(usize::try_from(script.runs()).unwrap(), QUICK + 1, "it ran beside the one that has the place");
    cancel(&rig, &settings, &long).await;
    assert_eq!(rig.ended(&long).await.state, State::Cancelled);
    let ended = rig.ended(&next).await;
    assert_eq!((ended.state, ended.attempts.len()), (State::Succeeded, 1));
    assert!(document(&ended)["usage"]["queue_ms"].as_f64().unwrap() >= 100.0, "it waited for a place");
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_job_that_is_claimed_ahead_can_be_cancelled() {
    let rig = Rig::new();
    let settings = settings(1);
    let (working, script, [long, next]) = held_up(&rig, settings.clone()).await;
    rig.job_in(&next, |state| state == State::Running).await;
    cancel(&rig, &settings, &next).await;
    assert_eq!(rig.ended(&next).await.state, State::Cancelled);
    cancel(&rig, &settings, &long).await;
    rig.ended(&long).await;
    rig.emptied().await;
    assert_eq!(usize::try_from(script.runs()).unwrap(), QUICK + 1);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_result_is_recorded_and_a_run_begins_while_a_process_ends_but_not_while_two_do() {
    let rig = Rig::new();
    let settings = settings(1);
    let script = Script::of([Act::Linger, Act::Linger]);
    let place = script.clone();
    let working = start(&rig.store, &rig.queue, settings, move || place.clone());
    let mut jobs = Vec::new();
    for key in ["a", "b", "c"] {
        jobs.push(rig.submit(key, spec("{}")).await);
    }
    for job in &jobs[..2] {
        assert_eq!(rig.ended(job).await.state, State::Succeeded);
    }
    // The third is claimed and stays so: what it waits for ends soon.
    let claimed = rig.job_in(&jobs[2], |state| state == State::Running).await;
    tokio::time::sleep(Duration::from_millis(250)).await;
    assert_eq!(rig.store.job(&jobs[2]).await.unwrap().unwrap().version, claimed.version);
    assert_eq!(script.runs(), 2);
    script.let_one_end();
    assert_eq!(rig.ended(&jobs[2]).await.state, State::Succeeded);
    script.let_one_end();
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn nothing_is_claimed_ahead_where_that_is_not_wanted() {
    let rig = Rig::new();
    let settings = WorkerSettings { claim_ahead: false, ..settings(1) };
    let (working, _script, [long, next]) = held_up(&rig, settings.clone()).await;
    let look = rig.job_in(&next, |state| state != State::Queued);
    let looked = tokio::time::timeout(Duration::from_millis(150), look).await;
    assert!(looked.is_err(), "it was claimed");
    cancel(&rig, &settings, &long).await;
    assert_eq!(rig.ended(&next).await.state, State::Succeeded);
    working.stop(Drain::Gracefully).await;
}
