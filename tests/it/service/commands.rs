//! `topology`, `dlq` and `doctor` on real servers.

use serde_json::json;

use super::rig::{Service, wait_for};
use crate::http::client::job;

#[tokio::test(flavor = "multi_thread")]
async fn a_topology_is_shown_applied_and_examined() {
    let service = Service::start().await;
    let name = |what: &str| format!("{}.{what}", service.place.prefix);
    let shown = service.run_json(&["topology", "show"]);
    let names: Vec<&str> = shown["objects"].as_array().unwrap().iter().map(|o| o["name"].as_str().unwrap()).collect();
    assert!(names.contains(&name("q.interactive").as_str()), "{names:?}");
    let definitions = service.run(&["topology", "show", "--definitions"]);
    let definitions: serde_json::Value = serde_json::from_slice(&definitions.stdout).unwrap();
    assert_eq!(definitions["queues"][0]["arguments"]["x-queue-type"], "quorum");

    // Who may not declare is told what is missing, and nothing is made.
    let strict = service.run(&["worker", "--listen", "127.0.0.1:0", "--set", "topology.declare=false"]);
    assert_eq!(strict.status.code(), Some(2));
    let said = String::from_utf8(strict.stderr).unwrap();
    assert!(said.contains(&name("q.batch")) && said.contains("declare the topology"), "{said}");
    let rows = |service: &Service| {
        let found: serde_json::Value = serde_json::from_slice(&service.run(&["doctor"]).stdout).unwrap();
        let rows = found["servers"].as_array().unwrap().clone();
        rows.into_iter().filter(|row| row["is_ok"] == false).map(|row| row["name"].clone()).collect::<Vec<_>>()
    };
    assert!(rows(&service).contains(&json!(name("q.parked"))));

    let applied = service.run_json(&["topology", "apply"]);
    assert_eq!(applied["policies_set"], false);
    assert!(applied["commands"][0].as_str().unwrap().starts_with("rabbitmqctl set_policy"));
    assert_eq!(rows(&service), Vec::<serde_json::Value>::new());
    assert!(service.run(&["doctor"]).status.success());
}

#[tokio::test(flavor = "multi_thread")]
async fn dead_letters_are_listed_shown_replayed_and_dropped() {
    let service = Service::start().await;
    let (api, _worker) = (service.serve(), service.worker());
    let mut failing = job("def main(n): return {'n': 1 // n}", json!({"n": 0}));
    failing["retry"] = json!({"max_attempts": 1, "on": ["user"]});
    let paths = [api.submit(&failing), api.submit(&failing)];
    for path in &paths {
        assert_eq!(api.result(path)["state"], "dead_lettered");
    }
    let parked = wait_for("both are parked", || Some(service.parked()).filter(|parked| parked.len() == 2));
    let id = parked[0]["id"].as_str().unwrap();
    assert!(parked[0]["reason"].as_str().unwrap().contains("failed on attempt 1 of 1"), "{parked:?}");
    let shown = service.run_json(&["dlq", "show", id]);
    assert!(shown["body"].as_str().unwrap().contains("1 // n"), "{shown}");

    let replayed = service.run_json(&["dlq", "replay", id]);
    let new = format!("/v1/jobs/{}", replayed["job"].as_str().unwrap());
    assert!(!paths.contains(&new), "a job that has ended stays as it is");
    assert_eq!(api.result(&new)["state"], "dead_lettered");
    let left = wait_for("it is parked again", || Some(service.parked()).filter(|parked| parked.len() == 2));
    assert!(left.iter().all(|parked| parked["id"] != id));

    assert_eq!(service.run_json(&["dlq", "drop", "--all"])["dropped"].as_array().unwrap().len(), 2);
    assert!(service.parked().is_empty());
    let nobody = service.run(&["dlq", "show", "0123456789abcdef"]);
    assert_eq!(nobody.status.code(), Some(2));
    assert!(String::from_utf8(nobody.stderr).unwrap().contains("dlq ls"));
}
