//! Single jobs: what is recorded, and how the delivery is settled.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use cellblock::app::worker::{Drain, DrainSwitch, StopHints, Worker, WorkerSettings};
use cellblock::job::{InputType, JobId, Outcome, OutcomeKind, RawJson, State, UnixMillis};
use cellblock::policy::INFRA_BUDGET;
use cellblock::ports::{Cancellation, Store, WallClock};
use cellblock::sys::clock;
use cellblock::tasks;
use tokio::runtime::Handle;
use tokio::task::block_in_place;

use super::rig::{Rig, document, job, retries, settings, spec, within};
use super::scripted::{Act, Script};

#[tokio::test]
async fn a_success_is_recorded_with_its_document_and_acknowledged() {
    let rig = Rig::new();
    let script = Script::default();
    let working = rig.work(&script);
    let id = rig.submit("k", spec(r#"{"n":18446744073709551616}"#)).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.attempts.len()), (State::Succeeded, 1));
    assert!(job.document.as_ref().unwrap().get().contains(r#""output":{"n":18446744073709551616}"#));
    let document = document(&job);
    assert_eq!(document["id"], id.as_str());
    assert_eq!((&document["state"], &document["outcome"]), (&"succeeded".into(), &"succeeded".into()));
    assert_eq!(document["runtime"]["language"], "python3");
    assert_eq!(document["attempts"].as_array().unwrap().len(), 1);
    assert!(document["usage"]["queue_ms"].as_f64().unwrap() >= 0.0);
    assert!(document["expires_at"].as_str() > document["finished_at"].as_str());
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_failure_is_not_tried_again_unless_the_policy_says_so() {
    let rig = Rig::new();
    let script = Script::of([Act::End(Outcome::Failed)]);
    let working = rig.work(&script);
    let id = rig.submit("k", spec("{}")).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, script.runs()), (State::Failed, 1));
    assert_eq!(document(&job)["error"]["type"], "E");
    rig.emptied().await;
    assert!(rig.dead_letters().await.is_empty());
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_policy_is_followed_until_a_try_succeeds() {
    let rig = Rig::new();
    let script = Script::of([Act::End(Outcome::Failed), Act::End(Outcome::Exited(3))]);
    let working = rig.work(&script);
    let mut spec = spec("{}");
    spec.retry = retries(5);
    let id = rig.submit("k", spec).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.attempt, script.runs()), (State::Succeeded, 3, 3));
    let outcomes: Vec<_> = job.attempts.iter().map(|tried| (tried.attempt, tried.outcome)).collect();
    let expected = [(1, OutcomeKind::Failed), (2, OutcomeKind::Exited), (3, OutcomeKind::Succeeded)];
    assert_eq!(outcomes, expected.map(|(attempt, outcome)| (attempt, Some(outcome))));
    assert_eq!(document(&job)["attempts"].as_array().unwrap().len(), 3);
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn when_the_tries_are_spent_the_result_says_so_and_a_copy_is_parked() {
    let rig = Rig::new();
    let script = Script::of([Act::End(Outcome::Failed), Act::End(Outcome::Failed)]);
    let working = rig.work(&script);
    let mut spec = spec("{}");
    spec.retry = retries(2);
    let id = rig.submit("k", spec).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, script.runs()), (State::DeadLettered, 2));
    assert_eq!(document(&job)["state"], "dead_lettered");
    rig.emptied().await;
    assert_eq!(rig.dead_letters().await, ["failed on attempt 2 of 2"]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn inputs_that_do_not_convert_fail_without_a_run_and_without_a_retry() {
    let rig = Rig::new();
    let script = Script::default();
    let working = rig.work(&script);
    let mut spec = spec(r#"{"n":"many"}"#);
    spec.program.input_types.insert("n".to_owned(), InputType::Number);
    spec.retry = retries(5);
    let id = rig.submit("k", spec).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, script.runs()), (State::Failed, 0));
    let document = document(&job);
    assert_eq!(document["error"]["type"], "InputError");
    assert!(document["error"]["message"].as_str().unwrap().starts_with("inputs.n must be a number"), "{document}");
    assert!(document["usage"].is_null());
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn one_key_runs_once_however_often_it_comes() {
    let rig = Rig::new();
    let script = Script::default();
    let id = rig.submit("k", spec("{}")).await;
    let (_, again) = job("k", 1, spec("{}"));
    let (_, other_id) = job("k", 2, spec("{}"));
    rig.publish(&again).await;
    rig.publish(&other_id).await;
    let working = rig.work(&script);
    assert_eq!(rig.ended(&id).await.state, State::Succeeded);
    rig.emptied().await;
    assert_eq!(script.runs(), 1);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_duplicate_brings_an_original_to_the_queue_that_never_got_there() {
    let rig = Rig::new();
    let script = Script::default();
    let (original, _) = job("k", 1, spec("{}"));
    rig.store.create(&original).await.unwrap();
    let (_, duplicate) = job("k", 2, spec("{}"));
    rig.publish(&duplicate).await;
    let working = rig.work(&script);
    assert_eq!(rig.ended(&original.id).await.state, State::Succeeded);
    rig.emptied().await;
    assert_eq!(script.runs(), 1);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn one_key_with_another_payload_is_rejected() {
    let rig = Rig::new();
    let script = Script::default();
    rig.submit("k", spec("{}")).await;
    let (conflicting, message) = job("k", 2, spec(r#"{"n":1}"#));
    rig.publish(&message).await;
    let working = rig.work(&script);
    assert_eq!(rig.ended(&conflicting.id).await.state, State::Rejected);
    rig.emptied().await;
    assert_eq!(script.runs(), 1);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_cancel_stops_what_runs() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(0)]);
    let working = rig.work(&script);
    let id = rig.submit("k", spec("{}")).await;
    script.started().await;
    assert_eq!(rig.store.cancel(&id).await.unwrap(), Cancellation::Requested);
    let job = rig.ended(&id).await;
    assert_eq!(job.state, State::Cancelled);
    assert_eq!(document(&job)["outcome"], "cancelled");
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wish_to_stop_is_heard_from_the_claim_on() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(0)]);
    let id = rig.submit("k", spec("{}")).await;
    let stops = StopHints::new();
    let patient = WorkerSettings { lease_ms: 600_000, stops: stops.clone(), ..settings(1) };
    let (store, job, is_first) = (Arc::clone(&rig.store), id.clone(), AtomicBool::new(true));
    // A look at the clock is what follows a claim.
    let clock = WallClock::new(move || {
        if is_first.swap(false, Ordering::SeqCst) {
            let cancel = || Handle::current().block_on(store.cancel(&job));
            assert_eq!(block_in_place(cancel).unwrap(), Cancellation::Requested);
            stops.stop_job(job.clone());
        }
        clock::unix_now()
    });
    let worker = Worker::new(Arc::clone(&rig.store), Arc::clone(&rig.queue), patient, clock);
    let drain = DrainSwitch::new();
    let mut working = tasks::spawn("worker under test", worker.run(move || script.clone(), drain.listen()));
    assert_eq!(rig.ended(&id).await.state, State::Cancelled);
    drain.set(Drain::Gracefully);
    within(working.join()).await.unwrap();
}

#[tokio::test]
async fn a_deadline_that_passed_ends_a_job_without_a_run() {
    let rig = Rig::new();
    let script = Script::default();
    let mut spec = spec("{}");
    spec.deadline = Some(UnixMillis(clock::unix_now().0 - 1));
    let id = rig.submit("k", spec).await;
    let working = rig.work(&script);
    assert_eq!(rig.ended(&id).await.state, State::Expired);
    rig.emptied().await;
    assert_eq!(script.runs(), 0);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_fault_of_ours_is_tried_again_and_charged_to_nobody() {
    let rig = Rig::new();
    let script = Script::of([Act::FaultAfter(0)]);
    let working = rig.work(&script);
    let id = rig.submit("k", spec("{}")).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.attempt, script.runs()), (State::Succeeded, 1, 2));
    assert!(job.attempts[0].fault.is_some() && job.attempts[0].outcome.is_none());
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn when_faults_do_not_end_the_result_says_so() {
    let rig = Rig::new();
    let script = Script::of([Act::FaultAfter(0)]);
    let (job, mut message) = job("k", 1, spec("{}"));
    message.infra = INFRA_BUDGET;
    rig.publish(&message).await;
    let working = rig.work(&script);
    let job = rig.ended(&job.id).await;
    assert_eq!(job.state, State::DeadLettered);
    let document = document(&job);
    assert_eq!((&document["fault"]["kind"], &document["outcome"]), (&"zygote_died".into(), &serde_json::Value::Null));
    rig.emptied().await;
    assert_eq!(rig.dead_letters().await, ["zygote_died after 10 infrastructure retries"]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_defect_in_a_run_costs_a_lease_and_not_the_worker() {
    let rig = Rig::new();
    let script = Script::of([Act::Panic]);
    let working = rig.work(&script);
    let id = rig.submit("k", spec("{}")).await;
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.attempt, script.runs()), (State::Succeeded, 1, 2));
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn what_is_no_message_goes_to_the_dead_letters() {
    let rig = Rig::new();
    let raw = rusqlite::Connection::open(&rig.path).unwrap();
    raw.execute("INSERT INTO message (lane, work, visible_at, body) VALUES ('interactive', 'j', 0, '{\"v\":7}')", [])
        .unwrap();
    let working = rig.work(&Script::default());
    let id = rig.submit("k", spec("{}")).await;
    rig.ended(&id).await;
    rig.emptied().await;
    assert_eq!(rig.dead_letters().await, ["v is 7; this version reads 1"]);
    working.stop(Drain::Gracefully).await;
}

#[tokio::test]
async fn a_worker_that_lost_its_claim_stops_and_records_nothing() {
    let rig = Rig::new();
    let script = Script::of([Act::WaitAfter(0)]);
    let working = rig.work(&script);
    let id: JobId = rig.submit("k", spec("{}")).await;
    script.started().await;
    // The claim is taken away; the next renewal finds out, and the delivery comes back.
    rig.store.release_all().await.unwrap();
    let job = rig.ended(&id).await;
    assert_eq!((job.state, job.attempts.len(), script.runs()), (State::Succeeded, 1, 2));
    assert_eq!(job.document.as_ref().map(RawJson::get).map(|text| text.contains("\"attempt\":1")), Some(true));
    rig.emptied().await;
    working.stop(Drain::Gracefully).await;
}
