//! What asks the program under test.

use std::time::Duration;

use serde_json::{Value, json};
use ureq::http::{Request, Response};

/// Asks a program that listens somewhere.
#[derive(Debug, Clone, Default)]
pub(crate) struct Client {
    address: String,
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    headers: ureq::http::HeaderMap,
    pub(crate) text: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The number after the last line's item; the lines must be those of all items from `first` on.
    pub(crate) fn json_lines_from(&self, first: u64) -> u64 {
        let mut next = first;
        for line in self.text.lines() {
            assert!(line.starts_with(&format!("{{\"item\":{next},")), "item {next} is not {line}");
            next += 1;
        }
        next
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        self.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Client {
    /// Of the program that listens there.
    pub(crate) fn of(listening: &str) -> Self {
        Self { address: format!("http://{listening}") }
    }

    /// Address and port.
    pub(crate) fn listens_at(&self) -> &str {
        self.address.strip_prefix("http://").unwrap()
    }

    pub(crate) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        let answer = self.try_send(method, path, headers, body);
        answer.unwrap_or_else(|error| panic!("{method} {path}: {error}"))
    }

    /// The same, where no answer may come.
    pub(crate) fn try_send(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Answer, ureq::Error> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.address));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let config = ureq::Agent::config_builder().http_status_as_error(false).allow_non_standard_methods(true);
        let agent: ureq::Agent = config.timeout_global(Some(Duration::from_secs(120))).build().into();
        let answer = match method {
            "POST" | "PUT" => agent.run(request.body(body).unwrap()),
            _ => agent.run(request.body(()).unwrap()),
        };
        read(answer?)
    }

    /// Whether it answers, and is ready.
    pub(crate) fn is_ready(&self) -> bool {
        self.try_send("GET", "/readyz", &[], b"").is_ok_and(|answer| answer.status == 200)
    }

    pub(crate) fn try_post(&self, path: &str, body: &Value) -> Result<Answer, ureq::Error> {
        self.try_send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: &Value) -> Answer {
        self.try_post(path, body).unwrap_or_else(|error| panic!("POST {path}: {error}"))
    }

    /// Uploads lines.
    pub(crate) fn upload(&self, headers: &[(&str, &str)], lines: &str) -> Answer {
        let headers: Vec<_> = [("content-type", "application/x-ndjson")].iter().chain(headers).copied().collect();
        self.send("POST", "/v1/batches", &headers, lines.as_bytes())
    }

    /// Uploads a batch that must be accepted; answers its path.
    pub(crate) fn batch(&self, lines: &str) -> String {
        let answer = self.upload(&[], lines);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    }
}

#[allow(clippy::disallowed_methods, reason = "a client of its own thread waits")]
pub(crate) fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn read(mut answer: Response<ureq::Body>) -> Result<Answer, ureq::Error> {
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string()?;
    Ok(Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text })
}

/// A job in Python.
pub(crate) fn job(code: &str, inputs: Value) -> Value {
    json!({"v": 1, "language": "python3", "code": code, "inputs": inputs})
}

/// A job that gives back twice its number.
pub(crate) fn double(n: u64) -> Value {
    job("def main(n): return {'n': 2 * n}", json!({"n": n}))
}

/// A job that sleeps for so many seconds.
pub(crate) fn sleeper(seconds: f64) -> Value {
    let mut job = job("import time\ndef main(s):\n  time.sleep(s)\n  return {}", json!({"s": seconds}));
    job["limits"] = json!({"wall_ms": 60_000});
    job
}

/// A batch of `items` items: the first line with these further fields, then an item a line.
pub(crate) fn batch_lines(code: &str, fields: Value, items: u64) -> String {
    let mut envelope = json!({"v": 1, "language": "python3", "code": code});
    envelope.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let items: String = (0..items).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    format!("{envelope}\n{items}")
}
