//! Single jobs: submit, repeat, wait, cancel.

use std::time::Duration;

use serde_json::json;

use super::client::{double, job, pause, sleeper};
use super::server::Server;

#[test]
fn a_job_is_submitted_waited_for_and_read() {
    let server = Server::all(&[]);
    let done = server.post("/v1/jobs?wait=30s", &double(21));
    assert_eq!((done.status, &done.json()["output"]), (200, &json!({"n": 42})), "{done:?}");
    let accepted = server.post("/v1/jobs", &job("async def main(): return {}", json!({})));
    assert!(accepted.status == 202 && accepted.header("retry-after").is_some(), "{accepted:?}");
    let path = accepted.header("location").unwrap().to_owned();
    let read = server.get(&format!("{path}?wait=30s"));
    assert_eq!((read.status, read.json()["state"].as_str()), (200, Some("succeeded")));
    assert_eq!(read.json()["id"], accepted.json()["id"]);
    let node =
        json!({"v": 1, "language": "nodejs", "code": "const main = ({ n }) => ({ n: n + 1 });", "inputs": {"n": 1}});
    assert_eq!(server.post("/v1/jobs?wait=30s", &node).json()["output"], json!({"n": 2}));
    let raised = server.post("/v1/jobs?wait=30s", &job("def main(): raise ValueError('no')", json!({})));
    assert_eq!((raised.status, raised.json()["error"]["type"].as_str()), (200, Some("ValueError")));
    assert!(server.terminate().success());
}

#[test]
fn a_key_has_one_job() {
    let server = Server::all(&[]);
    let key = ("idempotency-key", "invoice 42");
    let submit = |headers: &[(&str, &str)], body: serde_json::Value| {
        let headers: Vec<_> = [("content-type", "application/json")].iter().chain(headers).copied().collect();
        server.send("POST", "/v1/jobs?wait=30s", &headers, body.to_string().as_bytes())
    };
    let first = submit(&[key], double(1));
    assert_eq!((first.status, first.header("idempotent-replayed")), (200, None));
    let mut with_field = double(1);
    with_field["idempotency_key"] = json!("invoice 42");
    for again in [submit(&[key], double(1)), submit(&[], with_field.clone()), submit(&[key], with_field.clone())] {
        assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
        assert_eq!(again.text, first.text);
    }
    let other = submit(&[key], double(2));
    assert_eq!((other.status, other.header("content-type")), (422, Some("application/problem+json")));
    assert!(other.json()["type"].as_str().unwrap().ends_with(":idempotency_mismatch"));
    assert_eq!(first.json()["idempotency_key"], json!("invoice 42"));
    let differ = submit(&[("idempotency-key", "another")], with_field);
    assert_eq!((differ.status, differ.json()["field"].as_str()), (422, Some("idempotency_key")));
    let sent = sleeper(2.0);
    let headers = [("content-type", "application/json"), ("idempotency-key", "slow")];
    let running: Vec<_> =
        (0..2).map(|_| server.send("POST", "/v1/jobs", &headers, sent.to_string().as_bytes())).collect();
    assert!(running.iter().all(|answer| answer.status == 202), "{running:?}");
    assert_eq!(running[0].header("location"), running[1].header("location"));
}

#[test]
fn a_result_says_whether_it_would_be_the_same_again() {
    let server = Server::all(&[]);
    let code = "import random, time\ndef main(): return {'drawn': random.random(), 'now': time.time()}";
    let run = |determinism: serde_json::Value| {
        let job = json!({"v": 1, "language": "python3", "code": code, "determinism": determinism});
        server.post("/v1/jobs?wait=30s", &job).json()
    };
    let both = json!({"seed": 42, "now": "2026-01-01T00:00:00Z"});
    let (first, again) = (run(both.clone()), run(both));
    assert_eq!((&first["reproducible"], &again["reproducible"]), (&json!(true), &json!(true)), "{first}");
    assert_ne!(first["id"], again["id"]);
    assert_eq!(first["output"], again["output"]);
    assert_eq!(first["output"]["now"], json!(1_767_225_600.0));
    for one in [json!({"seed": 42}), json!({"now": "2026-01-01T00:00:00Z"}), json!({})] {
        assert_eq!(run(one)["reproducible"], json!(false));
    }
}

#[test]
fn a_program_is_told_its_key_and_its_attempt() {
    let server = Server::all(&[]);
    let python = "import cellblock\ndef main(): return {'key': cellblock.idempotency_key, 'try': cellblock.attempt}";
    let node = "const main = () => ({ key: cellblock.idempotencyKey, try: cellblock.attempt });";
    for (language, code) in [("python3", python), ("nodejs", node)] {
        let keyed = json!({"v": 1, "language": language, "code": code, "idempotency_key": language});
        assert_eq!(server.post("/v1/jobs?wait=30s", &keyed).json()["output"], json!({"key": language, "try": 1}));
        let nameless = json!({"v": 1, "language": language, "code": code});
        assert_eq!(server.post("/v1/jobs?wait=30s", &nameless).json()["output"], json!({"key": null, "try": 1}));
    }
}

#[test]
fn whoever_has_the_version_waits_for_a_change() {
    let server = Server::all(&[]);
    let path = server.post("/v1/jobs", &sleeper(2.0)).header("location").unwrap().to_owned();
    let running = loop {
        let found = server.get(&path);
        if found.json()["state"] == "running" {
            break found;
        }
        pause(Duration::from_millis(10));
    };
    let etag = running.header("etag").unwrap().to_owned();
    let read = |wait: &str, etag: &str| server.send("GET", &format!("{path}{wait}"), &[("if-none-match", etag)], b"");
    let same = read("", &etag);
    assert_eq!((same.status, same.text.as_str(), same.header("etag")), (304, "", Some(etag.as_str())));
    assert_eq!(read("?wait=200ms", &etag).status, 304);
    let changed = read("?wait=30s", &etag);
    assert_eq!((changed.status, changed.json()["state"].as_str()), (200, Some("succeeded")));
    assert_eq!(read("?wait=30s", changed.header("etag").unwrap()).status, 304);
    assert_eq!(read("", "\"other\"").status, 200);
}

#[test]
fn a_job_is_cancelled_wherever_it_is() {
    let server = Server::all(&["--set", "worker.slots=1"]);
    let path = |body| server.post("/v1/jobs", &body).header("location").unwrap().to_owned();
    let running = path(sleeper(50.0));
    while server.get(&running).json()["state"] != "running" {
        pause(Duration::from_millis(10));
    }
    let waiting = path(double(1));
    let cancelled = server.send("DELETE", &waiting, &[], b"");
    assert_eq!((cancelled.status, cancelled.json()["state"].as_str()), (200, Some("cancelled")));
    assert_eq!(server.send("DELETE", &waiting, &[], b"").status, 200);
    assert_eq!(server.send("DELETE", &running, &[], b"").status, 202);
    let ended = server.get(&format!("{running}?wait=20s"));
    assert_eq!(ended.json()["state"], "cancelled", "{ended:?}");
    let done = path(double(1));
    assert_eq!(server.get(&format!("{done}?wait=30s")).json()["state"], "succeeded");
    let late = server.send("DELETE", &done, &[], b"");
    assert_eq!((late.status, late.header("content-type")), (409, Some("application/problem+json")));
}
