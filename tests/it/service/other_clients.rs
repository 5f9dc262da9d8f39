//! Jobs that another program publishes: run, recognised, refused, dead-lettered.

use std::path::Path;

use serde_json::{Value, json};

use super::rig::{Process, Service, wait_for};
use crate::rabbit::pika::{python_with_pika, run};

/// Publishes bodies to the interactive lane with pika: each a JSON value, or a text that is sent as it is.
fn publish(service: &Service, bodies: &[Value]) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/service/publish.py");
    let (port, prefix) = (service.place.broker.port().to_string(), &service.place.prefix);
    let bodies = Value::from(bodies.to_vec()).to_string();
    run(&python_with_pika(), &[script.to_str().unwrap(), &port, prefix, &bodies]);
}

fn keyed(n: u64) -> Value {
    json!({
        "v": 1, "language": "python3", "code": "def main(n): return {'n': n + 1}", "inputs": {"n": n},
        "idempotency_key": "invoice-42", "lane": "interactive",
    })
}

fn claims(worker: &Process, answer: &str) -> f64 {
    worker.metric(&format!("cellblock_claims_total{{answer=\"{answer}\"}}"))
}

fn wait_for_acks(worker: &Process, acks: f64) {
    wait_for("every delivery is settled", || (worker.metric_sum("cellblock_acks_total") >= acks).then_some(()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_json_body_is_run_and_its_key_is_one_with_that_of_the_api() {
    let service = Service::start().await;
    let (api, worker) = (service.serve(), service.worker());
    publish(&service, &[keyed(1)]);
    wait_for_acks(&worker, 1.0);
    // The client of the API gets the result of the job that came over AMQP.
    let answer = api.post("/v1/jobs?wait=20s", &keyed(1));
    assert_eq!((answer.status, answer.header("idempotent-replayed")), (200, Some("true")), "{answer:?}");
    assert_eq!(answer.json()["output"], json!({"n": 2}));
    assert_eq!(answer.json()["idempotency_key"], json!("invoice-42"));

    // The key again: nothing runs. The key with another payload: a conflict, and nothing runs.
    publish(&service, &[keyed(1), keyed(2)]);
    wait_for_acks(&worker, 3.0);
    assert!((worker.metric_sum("cellblock_jobs_total") - 1.0).abs() < f64::EPSILON);
    assert!((claims(&worker, "terminal") - 1.0).abs() < f64::EPSILON);
    assert!((claims(&worker, "conflict") - 1.0).abs() < f64::EPSILON);
    assert_eq!(api.post("/v1/jobs", &keyed(2)).status, 422);
    assert!(service.parked().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_without_a_name_runs_once() {
    let service = Service::start().await;
    let worker = service.worker();
    let mut nameless = keyed(1);
    nameless.as_object_mut().unwrap().remove("idempotency_key");
    publish(&service, &[nameless.clone(), nameless]);
    wait_for("both have run", || (worker.metric_sum("cellblock_jobs_total") > 1.5).then_some(()));
    assert!((worker.metric_sum("cellblock_jobs_total") - 2.0).abs() < f64::EPSILON, "each asked for a run of its own");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_no_job_is_dead_lettered_with_a_reason_and_the_next_one_runs() {
    let service = Service::start().await;
    let (_api, worker) = (service.serve(), service.worker());
    let mut unknown = keyed(1);
    unknown["langauge"] = json!("python3");
    let mut newer = keyed(1);
    newer["v"] = json!(2);
    let bad = [json!("{\"v\": 1, "), json!("\u{0}"), unknown, newer, json!([1, 2])];
    publish(&service, &bad);
    publish(&service, &[keyed(7)]);
    wait_for("the good one runs", || (worker.metric_sum("cellblock_jobs_total") > 0.5).then_some(()));
    wait_for("the bad ones are parked", || (service.parked().len() == bad.len()).then_some(()));
    let reasons: Vec<String> = service.parked().iter().map(|parked| parked["reason"].to_string()).collect();
    for expected in ["ends in the middle", "langauge", "v: must be 1", "must be an object"] {
        assert!(reasons.iter().any(|reason| reason.contains(expected)), "{expected} is not in {reasons:#?}");
    }
}
