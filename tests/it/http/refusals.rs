//! What is refused, and how: problem documents that name what is wrong.

use serde_json::{Value, json};

use super::client::{Answer, batch_lines, double};
use super::server::Server;

fn check(answer: &Answer, status: u16, kind: &str, field: Option<&str>) {
    assert_eq!(
        (answer.status, answer.header("content-type")),
        (status, Some("application/problem+json")),
        "{answer:?}"
    );
    let problem = answer.json();
    assert_eq!(problem["type"], format!("urn:cellblock:problem:{kind}"), "{answer:?}");
    assert_eq!((problem["status"].as_u64(), problem["field"].as_str()), (Some(status.into()), field), "{answer:?}");
    assert!(problem["title"].is_string() && problem["detail"].is_string());
}

#[test]
fn what_is_wrong_with_a_job_is_named() {
    let server = Server::start("serve", &["--set", "http.body_bytes=4096"], tempfile::tempdir().unwrap());
    let with = |name: &str, value: Value| {
        let mut job = double(1);
        job[name] = value;
        server.post("/v1/jobs", &job)
    };
    let raw = |text: &str| server.send("POST", "/v1/jobs", &[("content-type", "application/json")], text.as_bytes());
    for text in ["{", "", "{\"v\":1}{}", "{\"v\":1,\"v\":1}", "\u{1}"] {
        check(&raw(text), 400, "invalid_json", None);
    }
    check(&raw("[]"), 422, "invalid_field", Some("job"));
    let field = |answer: Answer, name: &str| check(&answer, 422, "invalid_field", Some(name));
    field(with("lnaguage", json!("x")), "lnaguage");
    field(with("limits", json!({"wall_ms": 0})), "limits.wall_ms");
    field(with("limits", json!({"walls": 1})), "limits.walls");
    field(with("language", json!("cobol")), "language");
    field(with("code", json!("")), "code");
    field(with("lane", json!("nowhere")), "lane");
    field(with("tenant", json!("acme")), "tenant");
    field(with("input_types", json!({"n": "array"})), "inputs.n");
    field(with("idempotency_key", json!("a\nb")), "idempotency_key");
    field(with("determinism", json!({"now": "noon"})), "determinism.now");
    check(&with("code", json!("x".repeat(5_000))), 413, "too_large", None);
    let plain = server.send("POST", "/v1/jobs", &[("content-type", "text/plain")], b"{}");
    check(&plain, 415, "unsupported_media_type", None);
    check(&server.post("/v1/jobs?wait=soon", &double(1)), 422, "invalid_parameter", Some("wait"));
    check(&server.post("/v1/jobs?wiat=1s", &double(1)), 422, "invalid_parameter", Some("wiat"));
    let long = "k".repeat(256);
    let headers = [("content-type", "application/json"), ("idempotency-key", long.as_str())];
    let refused = server.send("POST", "/v1/jobs", &headers, double(1).to_string().as_bytes());
    check(&refused, 400, "invalid_header", Some("Idempotency-Key"));
}

#[test]
fn what_is_wrong_with_a_batch_is_named() {
    let server = Server::start("serve", &["--set", "http.body_bytes=4096"], tempfile::tempdir().unwrap());
    let code = "def main(n): return {}";
    let field = |answer: Answer, name: &str| check(&answer, 422, "invalid_field", Some(name));
    field(server.upload(&[], &batch_lines(code, json!({"items": []}), 1)), "items");
    field(server.upload(&[], &batch_lines(code, json!({"chunk_items": 0}), 1)), "chunk_items");
    field(server.upload(&[], &batch_lines(code, json!({"chunks": 1}), 1)), "chunks");
    field(server.post("/v1/batches", &json!({"v": 1, "language": "python3", "code": code})), "items");
    check(&server.upload(&[], "no json\n{}\n"), 400, "invalid_json", None);
    check(&server.upload(&[], ""), 400, "invalid_json", None);
    let long = batch_lines(code, json!({}), 3) + &format!("{{\"n\":\"{}\"}}\n", "x".repeat(5_000));
    check(&server.upload(&[], &long), 413, "too_large", Some("items[3]"));
    let path = server.batch(&batch_lines(code, json!({}), 1));
    let bad = |query: &str, name: &str| {
        check(&server.get(&format!("{path}{query}")), 422, "invalid_parameter", Some(name));
    };
    bad("/results?after=-1", "after");
    bad("/results?only=good", "only");
    bad("/results?format=xml", "format");
    bad("?wait=1h", "wait");
}

#[test]
fn what_is_not_there_is_not_found() {
    let server = Server::start("serve", &[], tempfile::tempdir().unwrap());
    for path in ["/v1/jobs/nobody", "/v1/batches/nobody", "/v1/batches/nobody/results", "/v1/jobs/a%0ab", "/v2", "/"] {
        check(&server.get(path), 404, "not_found", None);
    }
    check(&server.send("DELETE", "/v1/jobs/nobody", &[], b""), 404, "not_found", None);
    check(&server.send("POST", "/v1/batches/nobody/cancel", &[], b""), 404, "not_found", None);
    let put = server.send("PUT", "/v1/jobs", &[], b"");
    check(&put, 405, "method_not_allowed", None);
    assert_eq!(put.header("allow"), Some("POST"));
    check(&server.send("GET", "/v1/jobs/x", &[("host", "example.org")], b""), 403, "forbidden", Some("Host"));
}

#[test]
fn the_description_and_the_probes_answer() {
    let server = Server::start("serve", &[], tempfile::tempdir().unwrap());
    let document = server.get("/openapi.json").json();
    assert_eq!(document["openapi"], "3.1.0");
    for route in cellblock::http::ROUTES {
        assert!(
            document["paths"][route.path][route.method.to_lowercase()].is_object(),
            "{} {}",
            route.method,
            route.path
        );
        let known = server.send(route.method, &route.path.replace("{id}", "x"), &[], b"");
        assert_ne!(known.status, 405, "{} {}", route.method, route.path);
    }
    assert_eq!(server.get("/healthz").status, 200);
    let ready = server.get("/readyz");
    assert_eq!((ready.status, ready.json()), (200, json!({"ready": true, "missing": []})));
    let metrics = server.get("/metrics");
    assert!(metrics.status == 200 && metrics.text.contains("# TYPE cellblock_"), "{metrics:?}");
}
