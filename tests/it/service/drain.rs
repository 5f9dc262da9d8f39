//! SIGTERM: what runs may end, what does not is handed back, and nobody's tries are charged.

use std::time::Duration;

use cellblock::sys::clock;
use nix::sys::signal::Signal;
use serde_json::json;

use super::rig::{Service, wait_for};
use crate::http::client::{double, job, sleeper};

#[tokio::test(flavor = "multi_thread")]
async fn what_ends_within_the_grace_period_is_recorded() {
    let service = Service::start().await;
    let api = service.serve();
    let worker = service.worker_with(&["--set", "worker.grace_ms=30000"]);
    let path = api.submit(&sleeper(2.0));
    wait_for("it runs", || (api.get(&path).json()["state"] == "running").then_some(()));
    assert!(worker.terminate().success());
    let document = api.get(&path).json();
    assert_eq!((&document["state"], document["attempts"].as_array().unwrap().len()), (&json!("succeeded"), 1));
}

#[tokio::test(flavor = "multi_thread")]
#[allow(clippy::disallowed_methods, reason = "the stop must be quick")]
async fn what_does_not_end_is_handed_back_without_a_charge() {
    let service = Service::start().await;
    let api = service.serve();
    let worker = service.worker_with(&["--set", "worker.grace_ms=300"]);
    // Two run, and the broker has reserved two more for the same worker.
    let paths: Vec<String> = (0..4).map(|_| api.submit(&sleeper(3.0))).collect();
    wait_for("both slots are busy", || (worker.metric("cellblock_slots_busy") > 1.5).then_some(()));
    let begun = clock::now();
    assert!(worker.terminate().success(), "a drain is no failure");
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    let _worker = service.worker_with(&["--set", "worker.slots=4"]);
    for path in &paths {
        let document = api.result(path);
        assert_eq!(document["state"], "succeeded");
        assert_eq!(document["attempts"].as_array().unwrap().len(), 1, "{document}");
        assert_eq!(document["attempt"], 1);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_signal_does_not_wait() {
    let service = Service::start().await;
    let api = service.serve();
    let worker = service.worker_with(&["--set", "worker.grace_ms=600000"]);
    let path = api.submit(&sleeper(50.0));
    wait_for("it runs", || (api.get(&path).json()["state"] == "running").then_some(()));
    worker.signal(Signal::SIGTERM);
    let ready = wait_for("it says that it stops", || Some(worker.get("/readyz")).filter(|answer| answer.status == 503));
    assert!(ready.text.contains("it is stopping"), "{ready:?}");
    assert_eq!(worker.get("/healthz").status, 200, "alive until its last job is settled");
    assert!(worker.terminate().success());
    assert_eq!(api.get(&path).json()["state"], "queued", "handed back");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancel_through_the_api_reaches_the_worker() {
    let service = Service::start().await;
    let api = service.serve();
    // It does not hear of it by renewing the lease.
    let _worker = service.worker_with(&["--set", "worker.lease_ms=600000"]);
    let path = api.submit(&sleeper(50.0));
    wait_for("it runs", || (api.get(&path).json()["state"] == "running").then_some(()));
    let begun = clock::now();
    assert_eq!(api.send("DELETE", &path, &[], b"").status, 202);
    assert_eq!(api.result(&path)["state"], "cancelled");
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let waiting = api.submit(&job("def main(): return {}", json!({})));
    assert_eq!(api.result(&waiting)["state"], "succeeded");
    let quick = api.post("/v1/jobs?wait=20s", &double(4));
    assert_eq!((quick.status, &quick.json()["output"]), (200, &json!({"n": 8})));
}
