//! The policies that the broker has, by its management interface, over plain HTTP.

use std::collections::BTreeMap;
use std::time::Duration;

use data_encoding::BASE64;
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, HOST};
use hyper::{Method, Request, Response, StatusCode};
use hyper_util::rt::TokioIo;
use serde::Deserialize;
use serde_json::Value;
use tokio::net::TcpStream;

/// How long the answer may take. A broker that has just started needs a while for the first.
const PATIENCE: Duration = Duration::from_secs(20);
/// Longest answer.
const MAX_BYTES: usize = 4 << 20;

/// A policy as the broker has it.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub(super) struct FoundPolicy {
    pub(super) name: String,
    pub(super) pattern: String,
    pub(super) definition: BTreeMap<String, Value>,
}

/// A management interface and how to log in there.
pub(super) struct Management<'a> {
    place: &'a str,
    login: &'a str,
    vhost: &'a str,
}

impl<'a> Management<'a> {
    /// `address` is `http://host:port`, with `user:password@` where they differ from `login`.
    pub(super) fn at(address: &'a str, login: &'a str, vhost: &'a str) -> Result<Self, String> {
        let rest = address.strip_prefix("http://").ok_or("only http:// is read")?.trim_end_matches('/');
        let (login, place) = rest.rsplit_once('@').unwrap_or((login, rest));
        Ok(Self { place, login, vhost })
    }

    /// The policies of the virtual host.
    pub(super) async fn policies(&self) -> Result<Vec<FoundPolicy>, String> {
        let path = format!("/api/policies/{}", encoded(self.vhost));
        let body = self.ask(Method::GET, &path, Vec::new()).await?;
        serde_json::from_slice(&body).map_err(|error| format!("{}: {error}", self.place))
    }

    /// Sets a policy, whether it is there or not.
    pub(super) async fn set_policy(&self, name: &str, policy: &Value) -> Result<(), String> {
        let path = format!("/api/policies/{}/{}", encoded(self.vhost), encoded(name));
        self.ask(Method::PUT, &path, policy.to_string().into_bytes()).await.map(drop)
    }

    async fn ask(&self, method: Method, path: &str, body: Vec<u8>) -> Result<Bytes, String> {
        let asking = tokio::time::timeout(PATIENCE, self.exchange(method, path, body));
        let answer = asking.await.map_err(|_| format!("{} does not answer", self.place))?;
        let (status, body) = answer.map_err(|error| format!("{}: {error}", self.place))?;
        if status.is_success() {
            Ok(body)
        } else {
            let said = String::from_utf8_lossy(&body).chars().take(200).collect::<String>();
            Err(format!("the management interface says {status}: {said}"))
        }
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: Vec<u8>,
    ) -> Result<(StatusCode, Bytes), Box<dyn std::error::Error + Send + Sync>> {
        let stream = TcpStream::connect(self.place).await?;
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
        let request = Request::builder()
            .method(method)
            .uri(path)
            .header(HOST, self.place)
            .header(AUTHORIZATION, format!("Basic {}", BASE64.encode(self.login.as_bytes())))
            .header(ACCEPT, "application/json")
            .header(CONTENT_TYPE, "application/json")
            .body(Full::new(Bytes::from(body)))?;
        let answering = async {
            let answer: Response<Incoming> = sender.send_request(request).await?;
            let status = answer.status();
            let body = Limited::new(answer.into_body(), MAX_BYTES).collect().await?.to_bytes();
            Ok((status, body))
        };
        let mut connection = std::pin::pin!(connection);
        let mut answering = std::pin::pin!(answering);
        tokio::select! {
            biased;
            answer = &mut answering => answer,
            // Whoever waits for the answer hears of the connection's end.
            _ = &mut connection => answering.await,
        }
    }
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
    fn a_part_of_a_path_is_one_part() {
        assert_eq!(encoded("/a b"), "%2Fa%20b");
    }

    #[test]
    fn a_login_of_its_own_wins() {
        let found = Management::at("http://a:b@c@host:15672/", "x:y", "/").unwrap();
        assert_eq!((found.place, found.login), ("host:15672", "a:b@c"));
        assert!(Management::at("https://host", "x:y", "/").is_err());
    }
}
