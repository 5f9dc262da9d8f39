//! The policies that the broker has, by its management interface. Read only, plain HTTP only.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::BASE64;
use serde::Deserialize;
use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// How long the answer may take.
const PATIENCE: Duration = Duration::from_secs(5);
/// Longest answer.
const MAX_BYTES: u64 = 4 << 20;

/// A policy as the broker has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct FoundPolicy {
    pub(super) name: String,
    pub(super) pattern: String,
    pub(super) definition: BTreeMap<String, Value>,
}

/// The policies of a virtual host. `address` is `http://host:port`, with `user:password@` where they differ from `login`.
pub(super) async fn policies(address: &str, login: &str, vhost: &str) -> Result<Vec<FoundPolicy>, String> {
    let rest = address.strip_prefix("http://").ok_or("only http:// is read")?.trim_end_matches('/');
    let (login, place) = rest.rsplit_once('@').unwrap_or((login, rest));
    let request = format!(
        "GET /api/policies/{} HTTP/1.0\r\nHost: {place}\r\nAuthorization: Basic {}\r\nAccept: application/json\r\n\r\n",
        encoded(vhost),
        BASE64.encode(login.as_bytes()),
    );
    let asking = async {
        let mut stream = TcpStream::connect(place).await?;
        stream.write_all(request.as_bytes()).await?;
        let mut answer = Vec::new();
        stream.take(MAX_BYTES).read_to_end(&mut answer).await?;
        Ok::<_, std::io::Error>(answer)
    };
    let answer = tokio::time::timeout(PATIENCE, asking).await.map_err(|_| format!("{place} does not answer"))?;
    let answer = answer.map_err(|error| format!("{place}: {error}"))?;
    body_of(&answer).and_then(|body| serde_json::from_slice(body).map_err(|error| format!("{place}: {error}")))
}

fn body_of(answer: &[u8]) -> Result<&[u8], String> {
    let end = answer.windows(4).position(|part| part == b"\r\n\r\n").ok_or("the answer is no HTTP")?;
    let head = String::from_utf8_lossy(answer.get(..end).unwrap_or_default());
    let status = head.lines().next().unwrap_or_default();
    if status.split(' ').nth(1) != Some("200") {
        return Err(format!("the management interface says {status:?}"));
    }
    Ok(answer.get(end + 4..).unwrap_or_default())
}

fn encoded(segment: &str) -> String {
    let each = segment.bytes().map(|byte| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
        other => format!("%{other:02X}"),
    });
    each.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_is_read_and_a_refusal_is_named() {
        assert_eq!(body_of(b"HTTP/1.1 200 OK\r\nx: y\r\n\r\n[]"), Ok(&b"[]"[..]));
        assert!(body_of(b"HTTP/1.1 401 Unauthorized\r\n\r\n").unwrap_err().contains("401"));
        assert!(body_of(b"nonsense").is_err());
        assert_eq!(encoded("/a b"), "%2Fa%20b");
    }
}
