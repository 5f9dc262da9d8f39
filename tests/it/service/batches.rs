//! Batches through RabbitMQ and Redis.

use std::time::Duration;

use cellblock::sys::clock;
use serde_json::{Value, json};

use super::rig::{Service, wait_for};
use crate::http::client::batch_lines;

#[tokio::test(flavor = "multi_thread")]
async fn fifty_thousand_items_come_back_in_order_while_they_run() {
    const ITEMS: u64 = 50_000;
    let service = Service::start().await;
    let api = service.serve();
    // Ready before there is anything to do, so that neither is done with all of it before the other has begun.
    let workers = [service.worker(), service.worker()];
    let code = "def main(n):\n  if n == 7: raise ValueError(n)\n  return {'n': n * 2}";
    let path = api.batch(&batch_lines(code, json!({}), ITEMS));
    assert_eq!(api.get(&path).json()["total"], json!(ITEMS));

    let results = format!("{path}/results");
    let early = wait_for("the first results are there", || {
        let answer = api.get(&results);
        (!answer.text.is_empty()).then_some(answer)
    });
    assert_eq!(early.json_lines_from(0), early.text.lines().count() as u64);
    let end = wait_for("the batch ends", || {
        let answer = api.get(&format!("{path}?wait=30s"));
        (answer.json()["state"] != "running").then(|| answer.json())
    });
    assert_eq!(end["by_outcome"], json!({"failed": 1, "succeeded": ITEMS - 1}), "{end}");
    let all = api.get(&results);
    assert_eq!(all.header("x-complete"), Some("true"));
    assert_eq!(all.json_lines_from(0), ITEMS);
    let last: Value = serde_json::from_str(all.text.lines().last().unwrap()).unwrap();
    assert_eq!(last["output"], json!({"n": 2 * (ITEMS - 1)}));

    // The workers' own counts say the same, and each chunk was claimed once.
    let sum = |name: &str| workers.iter().map(|worker| worker.metric_sum(name)).sum::<f64>();
    #[expect(clippy::cast_precision_loss, reason = "small")]
    let items = ITEMS as f64;
    assert!((sum("cellblock_items_total") - items).abs() < f64::EPSILON);
    assert!((sum("cellblock_batches_total") - 1.0).abs() < f64::EPSILON, "whichever ended it");
    assert!((sum("cellblock_claims_total") - sum("cellblock_batch_chunks_total")).abs() < f64::EPSILON);
    assert!(workers.iter().all(|worker| worker.metric_sum("cellblock_items_total") > 0.0), "both worked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancelled_batch_stops_and_keeps_what_it_has() {
    let service = Service::start().await;
    // It does not hear of it by renewing a lease, and the second chunk would take most of a minute.
    let (api, worker) = (service.serve(), service.worker_with(&["--set", "worker.lease_ms=600000"]));
    let code = "import time\ndef main(n):\n  time.sleep(0.01 if n < 20 else 2.5)\n  return {}";
    let path = api.batch(&batch_lines(code, json!({"chunk_items": 20}), 2_000));
    wait_for("some items are done", || (api.get(&path).json()["done"].as_u64()? > 0).then_some(()));
    assert_eq!(api.send("POST", &format!("{path}/cancel"), &[], b"").status, 200);
    let begun = clock::now();
    wait_for("no chunk is left", || (worker.metric("cellblock_slots_busy") < 0.5).then_some(()));
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    let end = api.get(&path).json();
    assert_eq!((&end["state"], &end["complete"]), (&json!("cancelled"), &json!(true)));
    let cancelled = "cellblock_batches_total{state=\"cancelled\"}";
    assert!((api.metric(cancelled) - 1.0).abs() < f64::EPSILON, "the API did it");
    let done = end["done"].as_u64().unwrap();
    assert!(done > 0 && done < 2_000, "{end}");
    assert!(!api.get(&format!("{path}/results")).text.is_empty());
}
