//! Batches over HTTP.

use serde_json::{Value, json};

use super::client::batch_lines;
use super::server::Server;

const CODE: &str = "def main(n):\n  if n % 100 == 7: raise ValueError(n)\n  return {'n': 2 * n}";

/// The numbers of the items in an answer.
fn items(lines: &[Value]) -> Vec<u64> {
    lines.iter().map(|line| line["item"].as_u64().unwrap()).collect()
}

#[test]
fn results_are_read_in_order_while_the_batch_runs() {
    let server = Server::all(&[]);
    let slow = "import time\ndef main(n):\n  if n % 100 == 7: raise ValueError(n)\n  time.sleep(0.0005)\n  return {'n': 2 * n}";
    let path = server.batch(&batch_lines(slow, json!({"chunk_items": 50}), 3_000));
    let (mut seen, mut answers, mut is_complete) = (Vec::new(), 0, false);
    while !is_complete {
        let after = seen.last().map_or(String::new(), |last: &Value| format!("?after={}", last["item"]));
        let answer = server.get(&format!("{path}/results{after}"));
        assert_eq!(answer.status, 200);
        is_complete = answer.header("x-complete") == Some("true");
        let lines = answer.lines();
        answers += usize::from(!lines.is_empty());
        seen.extend(lines);
    }
    assert_eq!(items(&seen), (0..3_000).collect::<Vec<_>>());
    assert!(answers > 1, "nothing was read while it ran");
    for (n, line) in seen.iter().enumerate().filter(|(n, _)| n % 100 != 7) {
        assert_eq!(line["output"]["n"], 2 * n);
    }
    let failed = items(&server.get(&format!("{path}/results?only=failed&after=107")).lines());
    assert_eq!(failed, (2..30).map(|hundred| hundred * 100 + 7).collect::<Vec<_>>());
    for after in [0, 48, 49, 50, 1_777, 2_998] {
        let rest = items(&server.get(&format!("{path}/results?after={after}")).lines());
        assert_eq!(rest, (after + 1..3_000).collect::<Vec<_>>());
    }
    assert!(server.get(&format!("{path}/results?after=2999")).text.is_empty());
    let status = server.get(&format!("{path}?wait=30s")).json();
    assert_eq!((&status["state"], &status["total"]), (&json!("completed"), &json!(3_000)));
    assert_eq!(status["by_outcome"], json!({"succeeded": 2_970, "failed": 30}));
}

#[test]
fn a_small_batch_is_an_object() {
    let server = Server::all(&[]);
    let batch =
        |items: Value| json!({"v": 1, "language": "python3", "code": CODE, "idempotency_key": "b", "items": items});
    let accepted = server.post("/v1/batches", &batch(json!([{"n": 1}, {"n": 7}, [3]])));
    assert_eq!(accepted.status, 202, "{accepted:?}");
    let path = accepted.header("location").unwrap();
    let etag = accepted.header("etag").unwrap();
    server.send("GET", &format!("{path}?wait=30s"), &[("if-none-match", etag)], b"");
    let ended = server.get(&format!("{path}?wait=30s"));
    assert_eq!(ended.json()["by_outcome"], json!({"succeeded": 1, "failed": 2}));
    let same = server.send("GET", path, &[("if-none-match", ended.header("etag").unwrap())], b"");
    assert_eq!(same.status, 304);
    let again = server.post("/v1/batches", &batch(json!([{"n": 1}, {"n": 7}, [3]])));
    assert_eq!((again.status, again.header("idempotent-replayed")), (200, Some("true")));
    assert_eq!(again.header("location"), accepted.header("location"));
    assert_eq!(server.post("/v1/batches", &batch(json!([{"n": 2}]))).status, 422);
}

#[test]
fn an_upload_that_is_repeated_makes_one_batch() {
    let server = Server::all(&[]);
    let key = [("idempotency-key", "nightly")];
    let lines = batch_lines(CODE, json!({"chunk_items": 10}), 95);
    // A line that cannot be an item breaks the upload off behind the chunks that are staged.
    let mut broken = lines.clone().into_bytes();
    let at = broken.len() / 2;
    broken.truncate(at);
    broken.extend(b"\xff\n");
    let refused = upload_bytes(&server, &key, &broken);
    assert_eq!(refused.0, 422, "{refused:?}");
    let accepted = server.upload(&key, &lines);
    assert_eq!((accepted.status, accepted.header("idempotent-replayed")), (202, Some("true")), "{accepted:?}");
    let path = accepted.header("location").unwrap();
    assert_eq!(server.get(&format!("{path}?wait=30s")).json()["total"], 95);
    assert_eq!(items(&server.get(&format!("{path}/results")).lines()), (0..95).collect::<Vec<_>>());
    assert_eq!(server.upload(&key, &lines).status, 200);
    assert_eq!(server.upload(&key, &batch_lines(CODE, json!({"chunk_items": 10}), 94)).status, 422);
    assert_eq!(server.upload(&key, &batch_lines("def main(n): return {}", json!({}), 95)).status, 422);
}

/// Uploads bytes that are no text.
fn upload_bytes(server: &Server, headers: &[(&str, &str)], bytes: &[u8]) -> (u16, Value) {
    let headers: Vec<_> = [("content-type", "application/x-ndjson")].iter().chain(headers).copied().collect();
    let answer = server.send("POST", "/v1/batches", &headers, bytes);
    (answer.status, answer.json())
}

#[test]
fn a_batch_is_stopped() {
    let mut server = Server::all(&[]);
    // No item ends by itself.
    let slow = "import time\ndef main(n):\n  time.sleep(60)\n  return {}";
    let limits = json!({"chunk_items": 2, "limits": {"wall_ms": 90_000}});
    let path = server.batch(&batch_lines(slow, limits, 1_000));
    server.wait_for(|server| (!server.get("/metrics").text.contains("cellblock_slots_busy 0")).then_some(()));
    let cancelled = server.send("POST", &format!("{path}/cancel"), &[], b"").json();
    assert_eq!((cancelled["state"].as_str(), cancelled["complete"].as_bool()), (Some("cancelled"), Some(false)));
    let (end, results) = (server.get(&format!("{path}?wait=30s")).json(), server.get(&format!("{path}/results")));
    assert_eq!((end["state"].as_str(), end["complete"].as_bool()), (Some("cancelled"), Some(true)));
    assert_eq!(
        (results.header("x-complete"), end["done"].as_u64()),
        (Some("true"), Some(results.lines().len() as u64))
    );
    assert_eq!(server.get(&format!("{path}/results")).text, results.text, "nothing more has come");
    let tolerant = batch_lines("def main(n): raise ValueError(n)", json!({"chunk_items": 1, "max_failures": 3}), 50);
    let path = server.batch(&tolerant);
    assert_eq!(server.get(&format!("{path}?wait=30s")).json()["state"], "failed_tolerance");
    assert_eq!(server.send("POST", &format!("{path}/cancel"), &[], b"").status, 409);
}
