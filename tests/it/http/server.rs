//! The program under test, and what asks it.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};
use ureq::http::{Request, Response};

/// Looks for something that a process does soon, before it counts as not done at all.
const LOOKS: usize = 3_000;

/// A service with a state file of its own.
pub(super) struct Server {
    child: Child,
    address: String,
    dir: tempfile::TempDir,
}

/// An answer.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) status: u16,
    headers: ureq::http::HeaderMap,
    pub(super) text: String,
}

impl Answer {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    pub(super) fn lines(&self) -> Vec<Value> {
        self.text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

impl Server {
    /// `cellblock all` with these further arguments.
    pub(super) fn all(arguments: &[&str]) -> Self {
        Self::start("all", arguments, tempfile::tempdir().unwrap())
    }

    pub(super) fn start(command: &str, arguments: &[&str], dir: tempfile::TempDir) -> Self {
        let said = dir.path().join("said");
        let child = spawn(command, arguments, &dir, &said);
        let mut server = Self { child, address: String::new(), dir };
        // A file and no pipe: other tests of this process count its pipes.
        server.wait_for(|server| {
            assert!(server.child.try_wait().unwrap().is_none(), "{}", server.log());
            let line = std::fs::read_to_string(&said).unwrap_or_default();
            let found = line.ends_with('\n').then(|| serde_json::from_str::<Value>(&line).unwrap());
            found.map(|line| server.address = format!("http://{}", line["listening"].as_str().unwrap()))
        });
        server
    }

    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default()
    }

    /// Waits until `look` finds something.
    pub(super) fn wait_for<T>(&mut self, mut look: impl FnMut(&mut Self) -> Option<T>) -> T {
        for _ in 0..LOOKS {
            if let Some(found) = look(self) {
                return found;
            }
            pause(Duration::from_millis(10));
        }
        panic!("it did not happen: {}", self.log());
    }

    /// Ends it without a word, as a power cut does, and starts it again on the same state.
    pub(super) fn kill_and_restart(mut self, command: &str, arguments: &[&str]) -> Self {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        let dir = std::mem::replace(&mut self.dir, tempfile::tempdir().unwrap());
        Self::start(command, arguments, dir)
    }

    /// Asks it to stop.
    pub(super) fn signal(&self) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), Signal::SIGTERM).unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn terminate(mut self) -> ExitStatus {
        self.signal();
        self.child.wait().unwrap()
    }

    pub(super) fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
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
        read(answer.unwrap_or_else(|error| panic!("{method} {path}: {error}; {}", self.log())))
    }

    pub(super) fn get(&self, path: &str) -> Answer {
        self.send("GET", path, &[], b"")
    }

    pub(super) fn post(&self, path: &str, body: &Value) -> Answer {
        self.send("POST", path, &[("content-type", "application/json")], body.to_string().as_bytes())
    }

    /// Uploads lines.
    pub(super) fn upload(&self, headers: &[(&str, &str)], lines: &str) -> Answer {
        let headers: Vec<_> = [("content-type", "application/x-ndjson")].iter().chain(headers).copied().collect();
        self.send("POST", "/v1/batches", &headers, lines.as_bytes())
    }

    /// Uploads a batch that must be accepted; answers its path.
    pub(super) fn batch(&self, lines: &str) -> String {
        let answer = self.upload(&[], lines);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    }

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("state.db")
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[allow(clippy::disallowed_methods, reason = "the program under test is a process")]
fn spawn(command: &str, arguments: &[&str], dir: &tempfile::TempDir, said: &std::path::Path) -> Child {
    let mut process = Command::new(env!("CARGO_BIN_EXE_cellblock"));
    process.env_clear().args(["--json", command, "--listen", "127.0.0.1:0", "--set", "worker.slots=2"]);
    process.arg("--state").arg(dir.path().join("state.db")).args(arguments);
    let log = std::fs::OpenOptions::new().create(true).append(true).open(dir.path().join("log")).unwrap();
    process.stdin(Stdio::null()).stdout(std::fs::File::create(said).unwrap()).stderr(log);
    process.spawn().unwrap()
}

#[allow(clippy::disallowed_methods, reason = "a client of its own thread waits")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}

fn read(mut answer: Response<ureq::Body>) -> Answer {
    let text = answer.body_mut().with_config().limit(64 << 20).read_to_string().unwrap();
    Answer { status: answer.status().as_u16(), headers: answer.headers().clone(), text }
}

/// A job in Python.
pub(super) fn job(code: &str, inputs: Value) -> Value {
    json!({"v": 1, "language": "python3", "code": code, "inputs": inputs})
}

/// A job that gives back twice its number.
pub(super) fn double(n: u64) -> Value {
    job("def main(n): return {'n': 2 * n}", json!({"n": n}))
}

/// A job that sleeps for so many seconds.
pub(super) fn sleeper(seconds: f64) -> Value {
    let mut job = job("import time\ndef main(s):\n  time.sleep(s)\n  return {}", json!({"s": seconds}));
    job["limits"] = json!({"wall_ms": 60_000});
    job
}

/// A batch of `items` items: the first line with these further fields, then an item a line.
pub(super) fn batch_lines(code: &str, fields: Value, items: u64) -> String {
    let mut envelope = json!({"v": 1, "language": "python3", "code": code});
    envelope.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
    let items: String = (0..items).map(|n| format!("{{\"n\":{n}}}\n")).collect();
    format!("{envelope}\n{items}")
}
