//! What a service on servers shows at `/metrics`, in good times and in trouble, with known numbers.

use lapin::options::BasicPublishOptions;
use serde_json::json;

use super::rig::{Process, Service, wait_for};
use crate::http::client::{double, sleeper};

/// The value of a series, as soon as it is this.
fn wait_for_value(process: &Process, series: &str, expected: f64) {
    wait_for(series, || ((process.metric(series) - expected).abs() < f64::EPSILON).then_some(()));
}

/// What the broker puts where it gives up on messages.
async fn give_up_on_a_message(service: &Service) {
    let channel = service.place.broker.connect().await.unwrap().create_channel().await.unwrap();
    let exchange = format!("{}.dlx", service.place.prefix);
    let mut job = double(1);
    job["idempotency_key"] = json!("given up");
    let body = job.to_string();
    let (options, properties) = (BasicPublishOptions::default(), lapin::BasicProperties::default());
    let sent = channel.basic_publish(exchange.as_str().into(), "".into(), options, body.as_bytes(), properties);
    sent.await.unwrap().await.unwrap();
}

/// The broker runs out of memory, as it sees it, and recovers: nothing is taken, and acks go on.
fn block_the_broker(service: &Service, api: &Process, worker: &Process) -> String {
    let running = api.submit(&sleeper(10.0));
    wait_for("it runs", || (api.get(&running).json()["state"] == "running").then_some(()));
    let acks = worker.metric_sum("cellblock_acks_total");
    service.place.broker.control(&["set_vm_memory_high_watermark", "0.0000001"]);
    let refused = wait_for("the broker blocks", || Some(api.post("/v1/jobs", &double(3))).filter(|a| a.status == 503));
    assert!(refused.header("retry-after").is_some() && refused.text.contains("queue"), "{refused:?}");
    assert_eq!(api.result(&running)["state"], "succeeded");
    wait_for("the ack goes through", || (worker.metric_sum("cellblock_acks_total") > acks).then_some(()));
    wait_for_value(api, "cellblock_broker_blocked", 1.0);
    let blocked = api.get("/metrics").text;
    service.place.broker.control(&["set_vm_memory_high_watermark", "0.4"]);
    wait_for("jobs are taken again", || (api.post("/v1/jobs", &double(4)).status == 202).then_some(()));
    wait_for_value(api, "cellblock_broker_blocked", 0.0);
    blocked
}

/// Runs a service into all kinds of trouble; answers what its processes showed.
pub(crate) async fn texts_of_trouble() -> Vec<String> {
    let service = Service::start_alone().await;
    service.redis.say("CONFIG SET maxmemory 1gb");
    let (api, worker) = (service.serve(), service.worker());
    let mut keyed = double(21);
    keyed["idempotency_key"] = json!("k");
    for (n, status) in [(21, 200), (21, 200), (22, 422)] {
        keyed["inputs"] = json!({"n": n});
        assert_eq!(api.post("/v1/jobs?wait=30s", &keyed).status, status);
    }
    for (result, count) in [("new", 1.0), ("repeat", 1.0), ("conflict", 1.0)] {
        wait_for_value(&api, &format!("cellblock_submissions_total{{result=\"{result}\"}}"), count);
    }
    wait_for_value(&api, "cellblock_http_requests_total{route=\"submit_job\",status=\"4xx\"}", 1.0);
    wait_for_value(&worker, "cellblock_broker_connected{connection=\"reap\"}", 1.0);
    assert!(worker.metric("cellblock_store_memory_ratio") > 0.0);

    // A client that waits.
    let path = api.submit(&sleeper(3.0));
    let waiting = std::thread::scope(|scope| {
        scope.spawn(|| api.result(&path));
        wait_for("a client waits", || (api.metric("cellblock_http_waiters") > 0.5).then(|| api.get("/metrics").text))
    });

    give_up_on_a_message(&service).await;
    wait_for_value(&worker, "cellblock_given_up_total{reason=\"other\"}", 1.0);
    wait_for_value(&worker, "cellblock_queue_messages{queue=\"parked\"}", 1.0);
    let blocked = block_the_broker(&service, &api, &worker);

    // A server that is killed in the middle of a call, and one that says nothing for longer than a call is waited for.
    let unknown = || worker.metric("cellblock_store_unknown_outcomes_total");
    service.redis.signal(nix::sys::signal::Signal::SIGSTOP);
    let path = api.try_post("/v1/jobs", &double(5)).ok().map(|answer| answer.status);
    wait_for("a call is not answered", || (unknown() > 0.0).then_some(()));
    service.redis.signal(nix::sys::signal::Signal::SIGCONT);
    assert!(path.is_none_or(|status| status == 503), "{path:?}");
    wait_for("the store is reached again", || (api.post("/v1/jobs?wait=20s", &double(6)).status == 200).then_some(()));

    service.place.broker.restart().await;
    wait_for("the worker is back", || (worker.metric_sum("cellblock_broker_reconnects_total") > 0.0).then_some(()));
    vec![waiting, blocked, api.get("/metrics").text, worker.get("/metrics").text]
}
