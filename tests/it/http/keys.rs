//! API keys and tenants.

use data_encoding::HEXLOWER;
use serde_json::json;
use sha2::{Digest, Sha256};

use super::client::{batch_lines, double};
use super::server::Server;

fn with_keys() -> Server {
    let key = |tenant: &str, secret: &str| format!("{tenant}:{}", HEXLOWER.encode(&Sha256::digest(secret)));
    let keys = format!("http.api_keys={},{}", key("acme", "one"), key("other", "two"));
    Server::all(&["--set", &keys])
}

#[test]
fn a_key_is_needed_where_there_are_any() {
    let server = with_keys();
    for headers in [vec![], vec![("x-api-key", "three")], vec![("authorization", "Basic one")]] {
        let refused = server.send("GET", "/v1/jobs/x", &headers, b"");
        assert_eq!((refused.status, refused.header("www-authenticate")), (401, Some("Bearer")));
        assert_eq!(refused.header("content-type"), Some("application/problem+json"));
    }
    for headers in [[("x-api-key", "one")], [("authorization", "Bearer one")], [("authorization", "bearer two")]] {
        assert_eq!(server.send("GET", "/v1/jobs/x", &headers, b"").status, 404);
    }
    assert_eq!(server.get("/healthz").status, 200);
}

#[test]
fn a_tenant_never_sees_what_is_another_ones() {
    let server = with_keys();
    let send = |key: &str, method: &str, path: &str, body: &str| {
        let headers = [("x-api-key", key), ("content-type", "application/json"), ("idempotency-key", "same")];
        server.send(method, path, &headers, body.as_bytes())
    };
    let own = send("one", "POST", "/v1/jobs?wait=30s", &double(1).to_string());
    assert_eq!(own.status, 200, "{own:?}");
    let path = own.header("location").unwrap();
    for (method, key, status) in [("GET", "one", 200), ("GET", "two", 404), ("DELETE", "two", 404)] {
        assert_eq!(send(key, method, path, "").status, status, "{method} {key}");
    }
    let same_key = send("two", "POST", "/v1/jobs?wait=30s", &double(2).to_string());
    assert_eq!((same_key.status, same_key.header("idempotent-replayed")), (200, None));
    assert_ne!(same_key.header("location"), own.header("location"));
    let mut named = double(1);
    named["tenant"] = json!("other");
    assert_eq!(send("one", "POST", "/v1/jobs", &named.to_string()).status, 422);
    let lines = batch_lines("def main(n): return {}", json!({}), 3);
    let batch = server.upload(&[("x-api-key", "one")], &lines);
    assert_eq!(batch.status, 202);
    let path = batch.header("location").unwrap();
    assert_eq!(send("one", "GET", path, "").status, 200);
    for path in [path.to_owned(), format!("{path}/results")] {
        assert_eq!(send("two", "GET", &path, "").status, 404);
    }
    assert_eq!(send("two", "POST", &format!("{path}/cancel"), "").status, 404);
}
