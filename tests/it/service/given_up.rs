//! What the broker gives up on: an end in the store, a copy for people.

use lapin::BasicProperties;
use lapin::options::{BasicGetOptions, BasicNackOptions};
use serde_json::json;

use super::rig::{Service, wait_for};
use crate::http::client::{batch_lines, double};
use crate::rabbit::broker::{Kind, on_both_kinds};

on_both_kinds! {
    a_job_that_expires_in_the_queue_reads_as_expired,
}

/// Rejects the messages of a lane for good, as a consumer that is no worker could; answers how many.
async fn reject_all(service: &Service, lane: &str) -> u64 {
    let channel = service.place.broker.connect().await.unwrap().create_channel().await.unwrap();
    let queue = format!("{}.q.{lane}", service.place.prefix);
    let mut rejected = 0;
    while let Some(message) = channel.basic_get(queue.as_str().into(), BasicGetOptions::default()).await.unwrap() {
        let options = BasicNackOptions { requeue: false, multiple: false };
        message.delivery.acker.nack(options).await.unwrap();
        rejected += 1;
    }
    rejected
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_broker_gives_up_on_ends_and_is_parked() {
    let service = Service::start().await;
    let api = service.serve();
    let job = api.submit(&double(21));
    let batch = api.batch(&batch_lines("def main(n): return {}", json!({"chunk_items": 2}), 4));
    assert_eq!((reject_all(&service, "interactive").await, reject_all(&service, "batch").await), (1, 2));
    let _worker = service.worker();

    let document = api.result(&job);
    assert_eq!(
        (&document["state"], &document["fault"]["kind"]),
        (&json!("dead_lettered"), &json!("queue_unavailable"))
    );
    let end = wait_for("the batch ends", || Some(api.get(&batch).json()).filter(|found| found["state"] != "running"));
    assert_eq!((&end["state"], &end["done"], &end["faults"]), (&json!("completed"), &json!(4), &json!(4)));
    let results = api.get(&format!("{batch}/results"));
    assert_eq!(results.json_lines_from(0), 4);
    assert!(results.lines().iter().all(|line| line["fault"]["kind"] == "queue_unavailable"), "{results:?}");
    let parked = wait_for("copies are parked", || Some(service.parked()).filter(|parked| parked.len() == 3));
    assert!(parked.iter().all(|letter| letter["reason"].as_str().unwrap().contains("rejected")), "{parked:?}");
    let replayed = service.run(&["dlq", "replay", "--all"]);
    assert_eq!(replayed.status.code(), Some(1), "chunks stay: {replayed:?}");
    assert_eq!(service.parked().len(), 2);
}

async fn a_job_that_expires_in_the_queue_reads_as_expired(kind: Kind) {
    let service = Service::start_on(kind).await;
    let api = service.serve();
    let mut job = double(21);
    job["idempotency_key"] = json!("k");
    let channel = service.place.broker.connect().await.unwrap().create_channel().await.unwrap();
    let (exchange, body) = (format!("{}.in", service.place.prefix), job.to_string());
    let properties = BasicProperties::default().with_expiration("1".into());
    let options = lapin::options::BasicPublishOptions::default();
    let sent =
        channel.basic_publish(exchange.as_str().into(), "now.batch".into(), options, body.as_bytes(), properties);
    sent.await.unwrap();
    let worker = service.worker();
    wait_for("it is ended", || (worker.metric("cellblock_given_up_total{reason=\"expired\"}") > 0.5).then_some(()));
    job["lane"] = json!("batch");
    let answer = api.post("/v1/jobs", &job);
    assert_eq!((answer.status, &answer.json()["state"]), (200, &json!("expired")), "{answer:?}");
    assert!(service.parked().is_empty(), "there is nothing for people to do");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_reaper_that_dies_leaves_nothing_undone() {
    let service = Service::start().await;
    let api = service.serve();
    let job = api.submit(&double(21));
    assert_eq!(reject_all(&service, "interactive").await, 1);
    let mut doomed = service.doomed_worker("reap_recorded");
    doomed.wait_until_dead();
    let document = api.result(&job);
    assert_eq!(document["state"], "dead_lettered");
    assert!(service.parked().is_empty());
    let _worker = service.worker();
    wait_for("a copy is parked", || (service.parked().len() == 1).then_some(()));
    assert_eq!(api.get(&job).json(), document);
}
