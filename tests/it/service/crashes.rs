//! The process dies at each place of a delivery's life, or stands still there: one result, no run too many, nothing lost.

use nix::sys::signal::Signal;
use serde_json::{Value, json};

use super::rig::{Process, Service, wait_for};
use crate::http::client::{double, job};
use crate::rabbit::broker::{Kind, on_both_kinds};

on_both_kinds! {
    before_the_claim_nothing_is_charged,
    with_a_claim_the_work_is_taken_over_after_the_lease,
    after_the_run_the_program_runs_once_more,
    after_the_record_nothing_runs_again,
    a_retry_that_was_recorded_and_not_published_is_published,
    a_retry_that_was_published_and_not_settled_runs_once,
    a_worker_killed_in_mid_run_loses_nothing,
    a_stopped_worker_that_wakes_after_its_lease_changes_nothing,
    a_submit_that_died_before_its_publish_is_made_up_for,
    a_submit_that_died_after_its_publish_runs_once,
}

/// Attempts that the result lists as lost with their worker.
fn lost(document: &Value) -> usize {
    let attempts = document["attempts"].as_array().unwrap();
    attempts.iter().filter(|attempt| attempt["fault"]["kind"] == "worker_lost").count()
}

fn runs(process: &Process) -> f64 {
    process.metric("cellblock_run_seconds_count{group=\"ok\",lang=\"python3\"}")
}

/// One worker dies there, another one comes. Answers the result, and how often the second one ran the program.
async fn die_at(kind: Kind, failpoint: &str, job: &Value) -> (Value, f64) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    let mut doomed = service.doomed_worker(failpoint);
    let path = api.submit(job);
    doomed.wait_until_dead();
    let worker = service.worker();
    let document = api.result(&path);
    // What was not settled has come again, and is settled now.
    let lane = |what: &str| format!("cellblock_{what}{{lane=\"interactive\"}}");
    wait_for("the deliveries are settled", || {
        let settled = worker.metric_sum("cellblock_acks_total") + worker.metric_sum("cellblock_releases_total");
        (worker.metric(&lane("deliveries_total")) > 0.0 && settled >= worker.metric(&lane("deliveries_total")))
            .then_some(())
    });
    assert_eq!(api.get(&path).json(), document, "a final state never changes");
    assert!(service.parked().is_empty());
    let runs = runs(&worker);
    (document, runs)
}

async fn before_the_claim_nothing_is_charged(kind: Kind) {
    let (document, runs) = die_at(kind, "claim_due", &double(21)).await;
    assert_eq!((&document["state"], &document["output"]), (&json!("succeeded"), &json!({"n": 42})));
    assert_eq!((lost(&document), document["attempts"].as_array().unwrap().len(), runs), (0, 1, 1.0));
}

async fn with_a_claim_the_work_is_taken_over_after_the_lease(kind: Kind) {
    let (document, runs) = die_at(kind, "claim_done", &double(21)).await;
    assert_eq!((&document["state"], lost(&document), runs), (&json!("succeeded"), 1, 1.0));
    assert_eq!(document["attempt"], 1, "the client's tries are not charged for a lost worker");
}

async fn after_the_run_the_program_runs_once_more(kind: Kind) {
    let (document, runs) = die_at(kind, "run_done", &double(21)).await;
    assert_eq!((&document["state"], lost(&document), runs), (&json!("succeeded"), 1, 1.0));
}

async fn after_the_record_nothing_runs_again(kind: Kind) {
    let (document, runs) = die_at(kind, "record_done", &double(21)).await;
    assert_eq!((&document["state"], lost(&document), runs), (&json!("succeeded"), 0, 0.0));
}

/// Fails always, with two tries.
fn hopeless() -> Value {
    let mut job = job("def main(): raise ValueError('no')", json!({}));
    job["retry"] = json!({"max_attempts": 2, "on": ["user"], "backoff": {"base_ms": 1, "max_ms": 1}});
    job
}

/// The retry's copy exists once, whenever the worker dies around its publication.
async fn die_around_a_retry(kind: Kind, failpoint: &str) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    // With one slot: the second try must not run where the first one is about to die.
    let mut doomed = service.doomed_worker_with(failpoint, &["--set", "worker.slots=1"]);
    let path = api.submit(&hopeless());
    doomed.wait_until_dead();
    let worker = service.worker();
    let document = api.result(&path);
    assert_eq!(document["state"], "dead_lettered");
    assert_eq!(document["attempts"].as_array().unwrap().len(), 2, "{document}");
    assert_eq!(lost(&document), 0);
    wait_for("a copy is parked", || (service.parked().len() == 1).then_some(()));
    let failed = worker.metric("cellblock_run_seconds_count{group=\"user\",lang=\"python3\"}");
    assert!((failed - 1.0).abs() < f64::EPSILON, "the second try ran {failed} times");
}

async fn a_retry_that_was_recorded_and_not_published_is_published(kind: Kind) {
    die_around_a_retry(kind, "retry_recorded").await;
}

async fn a_retry_that_was_published_and_not_settled_runs_once(kind: Kind) {
    die_around_a_retry(kind, "retry_published").await;
}

async fn a_worker_killed_in_mid_run_loses_nothing(kind: Kind) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    let first = service.worker();
    let mut slow = job("import time\ndef main():\n  time.sleep(3)\n  return {'done': True}", json!({}));
    slow["limits"] = json!({"wall_ms": 60_000});
    let path = api.submit(&slow);
    wait_for("it runs", || (api.get(&path).json()["state"] == "running").then_some(()));
    first.kill();
    let _second = service.worker();
    let document = api.result(&path);
    assert_eq!((&document["output"], lost(&document)), (&json!({"done": true}), 1));
}

async fn a_stopped_worker_that_wakes_after_its_lease_changes_nothing(kind: Kind) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    let stopped = service.doomed_worker("run_done=stop");
    let path = api.submit(&double(21));
    wait_for("it stands still", || stopped.log().contains("a failpoint acts").then_some(()));
    let worker = service.worker();
    // The broker knows nothing of the one that stands still, until its connections are cut.
    service.place.broker.close_connections_of(stopped.pid());
    let document = api.result(&path);
    assert_eq!((&document["state"], lost(&document)), (&json!("succeeded"), 1));
    stopped.signal(Signal::SIGCONT);
    wait_for("it finds itself fenced", || {
        (stopped.metric("cellblock_attempts_total{lane=\"interactive\",result=\"fenced\"}") > 0.0).then_some(())
    });
    assert_eq!(api.get(&path).json(), document);
    assert!((runs(&worker) - 1.0).abs() < f64::EPSILON);
}

/// The API dies in a submit; the client repeats it with its key at another one.
async fn die_in_a_submit(kind: Kind, failpoint: &str) {
    let service = Service::start_on(kind).await;
    let worker = service.worker();
    let mut doomed = service.doomed_serve(failpoint);
    let mut job = double(21);
    job["idempotency_key"] = json!("invoice-42");
    let client = (*doomed).clone();
    assert!(client.try_post("/v1/jobs", &job).is_err(), "it died before it could answer");
    doomed.wait_until_dead();
    let api = service.serve();
    let answer = api.post("/v1/jobs?wait=30s", &job);
    assert_eq!((answer.status, &answer.json()["output"]), (200, &json!({"n": 42})), "{answer:?}");
    assert!((runs(&worker) - 1.0).abs() < f64::EPSILON, "one key, one run");
}

async fn a_submit_that_died_before_its_publish_is_made_up_for(kind: Kind) {
    die_in_a_submit(kind, "create_done").await;
}

async fn a_submit_that_died_after_its_publish_runs_once(kind: Kind) {
    die_in_a_submit(kind, "publish_done").await;
}
