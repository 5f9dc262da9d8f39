//! Broker and store restart under load: nothing is lost, nothing is there twice, and work goes on by itself.

use serde_json::{Value, json};

use super::rig::{Process, Service, wait_for};
use crate::http::client::double;
use crate::rabbit::broker::{Kind, on_both_kinds};

on_both_kinds! {
    a_restart_of_the_broker_under_load_loses_nothing,
    an_empty_store_runs_what_waits_in_the_queue,
}

/// Submits as a client does: again with its key, until it is taken.
fn submit_patiently(api: &Process, n: u64) -> String {
    let mut job = double(n);
    job["idempotency_key"] = json!(format!("k{n}"));
    wait_for("the job is taken", || {
        let answer = api.try_post("/v1/jobs", &job).ok()?;
        [200, 202].contains(&answer.status).then(|| answer.header("location").unwrap().to_owned())
    })
}

fn ends_as_it_should(api: &Process, path: &str, n: u64) {
    let document: Value = api.result(path);
    assert_eq!((&document["state"], &document["output"]), (&json!("succeeded"), &json!({"n": 2 * n})), "{document}");
}

async fn a_restart_of_the_broker_under_load_loses_nothing(kind: Kind) {
    let service = Service::start_alone_on(kind).await;
    let (api, worker) = (service.serve(), service.worker());
    let mut paths: Vec<String> = (0..40).map(|n| submit_patiently(&api, n)).collect();
    service.place.broker.restart().await;
    paths.extend((40..80).map(|n| submit_patiently(&api, n)));
    for (path, n) in paths.iter().zip(0..) {
        ends_as_it_should(&api, path, n);
    }
    wait_for("it is ready again", || worker.is_ready().then_some(()));
    assert!(worker.metric_sum("cellblock_broker_reconnects_total") >= 1.0);
    assert!((worker.metric("cellblock_broker_connected{connection=\"consume\"}") - 1.0).abs() < f64::EPSILON);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_of_the_store_under_load_loses_nothing() {
    let service = Service::start().await;
    let (api, worker) = (service.serve(), service.worker());
    let mut paths: Vec<String> = (0..40).map(|n| submit_patiently(&api, n)).collect();
    service.redis.restart();
    paths.extend((40..80).map(|n| submit_patiently(&api, n)));
    for (path, n) in paths.iter().zip(0..) {
        ends_as_it_should(&api, path, n);
    }
    // A client that waits is woken by the new server's channel as well.
    let answer = api.post("/v1/jobs?wait=20s", &double(1));
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(worker.metric("cellblock_store_reconnects_total") >= 1.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn servers_that_are_not_there_yet_are_waited_for() {
    let service = Service::start().await;
    // A port where nobody listens: that of a listener which is gone.
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let nowhere = format!("queue.url=amqp://guest:guest@{free}/%2f");
    let worker = service.unready_worker(&["--set", &nowhere]);
    let answer = worker.get("/readyz");
    assert_eq!(answer.status, 503);
    assert!(answer.text.contains("queue: it does not answer"), "{answer:?}");
    assert_eq!(worker.get("/healthz").status, 200);
    assert!(worker.terminate().success(), "it stops when it is told to, all the same");
}

async fn an_empty_store_runs_what_waits_in_the_queue(kind: Kind) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    let path = submit_patiently(&api, 21);
    assert_eq!(service.redis.say("FLUSHALL"), "+OK");
    assert_eq!(api.get(&path).status, 404);
    let _worker = service.worker();
    ends_as_it_should(&api, &path, 21);
}
