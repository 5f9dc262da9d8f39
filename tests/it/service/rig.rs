//! A service of processes with a part of the shared broker and a Redis of its own.

use std::fs::File;
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use crate::conformance::redis_server::Server as Redis;
use crate::http::client::{Client, pause};
use crate::rabbit::broker::{self, Kind, Place};

/// Longest wait for anything.
pub(super) const PATIENCE: Duration = Duration::from_secs(90);

/// The shortest lease that there is: what a lost worker leaves is taken over soon.
const LEASE: &str = "worker.lease_ms=1000";

/// Servers, and a directory for what processes say.
pub(super) struct Service {
    pub(super) place: Place,
    pub(super) redis: Redis,
    dir: tempfile::TempDir,
    started: AtomicU64,
}

/// A process of the service.
pub(super) struct Process {
    child: Child,
    client: Client,
    log: PathBuf,
}

impl Service {
    /// With a part of the broker.
    pub(super) async fn start() -> Self {
        Self::at(broker::place().await)
    }

    /// The same, with queues of this type for its lanes.
    pub(super) async fn start_on(kind: Kind) -> Self {
        Self::at(broker::place().await.of(kind))
    }

    /// With the broker for itself.
    pub(super) async fn start_alone() -> Self {
        Self::at(broker::alone().await)
    }

    /// The same, with queues of this type for its lanes.
    pub(super) async fn start_alone_on(kind: Kind) -> Self {
        Self::at(broker::alone().await.of(kind))
    }

    fn at(place: Place) -> Self {
        let dir = tempfile::tempdir().unwrap();
        Self { place, redis: Redis::start(&[]), dir, started: AtomicU64::new(0) }
    }

    #[allow(clippy::disallowed_methods, reason = "the program under test is a process")]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        command
            .env_clear()
            .env("CELLBLOCK_QUEUE_URL", self.place.broker.url())
            .env("CELLBLOCK_QUEUE_PREFIX", &self.place.prefix)
            .env("CELLBLOCK_STORE_URL", format!("redis://127.0.0.1:{}/", self.redis.port))
            .env("RUST_LOG", "info")
            .args(["--json", "--set", "worker.slots=2", "--set", LEASE])
            .args(arguments);
        if self.place.kind == Kind::Classic {
            command.env("CELLBLOCK_QUEUE_CLASSIC_LANES", "interactive,batch");
        }
        command
    }

    fn spawn(&self, arguments: &[&str], failpoint: Option<&str>) -> Process {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let path = |what: &str| self.dir.path().join(format!("{number}.{what}"));
        let mut command = self.command(arguments);
        if let Some(failpoint) = failpoint {
            command.env("FAILPOINT", failpoint);
        }
        let (said, log) = (path("said"), path("log"));
        command.stdin(Stdio::null()).stdout(File::create(&said).unwrap()).stderr(File::create(&log).unwrap());
        let mut process = Process { child: command.spawn().unwrap(), client: Client::default(), log };
        let listening = wait_for("the process listens", || {
            assert!(process.child.try_wait().unwrap().is_none(), "{}", process.log());
            let line = std::fs::read_to_string(&said).unwrap_or_default();
            line.ends_with('\n').then(|| serde_json::from_str::<Value>(&line).unwrap())
        });
        process.client = Client::of(listening["listening"].as_str().unwrap());
        process
    }

    /// A worker that takes deliveries.
    pub(super) fn worker(&self) -> Process {
        self.worker_with(&[])
    }

    pub(super) fn worker_with(&self, arguments: &[&str]) -> Process {
        let process = self.unready_worker(arguments);
        process.wait_until_ready();
        process
    }

    pub(super) fn unready_worker(&self, arguments: &[&str]) -> Process {
        self.spawn(&[&["worker", "--listen", "127.0.0.1:0"], arguments].concat(), None)
    }

    /// A worker that dies or stands still at a place of its life.
    pub(super) fn doomed_worker(&self, failpoint: &str) -> Process {
        self.doomed_worker_with(failpoint, &[])
    }

    pub(super) fn doomed_worker_with(&self, failpoint: &str, arguments: &[&str]) -> Process {
        self.spawn(&[&["worker", "--listen", "127.0.0.1:0"], arguments].concat(), Some(failpoint))
    }

    /// The HTTP API.
    pub(super) fn serve(&self) -> Process {
        let process = self.spawn(&["serve", "--listen", "127.0.0.1:0"], None);
        process.wait_until_ready();
        process
    }

    /// The HTTP API, which dies at a place of a submit.
    pub(super) fn doomed_serve(&self, failpoint: &str) -> Process {
        self.spawn(&["serve", "--listen", "127.0.0.1:0"], Some(failpoint))
    }

    /// Runs a command to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Output {
        self.command(arguments).output().unwrap()
    }

    /// Runs a command that succeeds and prints JSON.
    pub(super) fn run_json(&self, arguments: &[&str]) -> Value {
        let output = self.run(arguments);
        assert!(output.status.success(), "{arguments:?}: {output:?}");
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {output:?}"))
    }

    /// Dead letters that are parked.
    pub(super) fn parked(&self) -> Vec<Value> {
        self.run_json(&["dlq", "ls"]).as_array().unwrap().clone()
    }
}

impl Process {
    pub(super) fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }

    pub(super) fn wait_until_ready(&self) {
        wait_for("the process is ready", || self.client.is_ready().then_some(()));
    }

    pub(super) fn pid(&self) -> u32 {
        self.child.id()
    }

    pub(super) fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.child.id().try_into().unwrap()), signal).unwrap();
    }

    /// Ends it without a word, as a power cut does.
    pub(super) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits until it has.
    pub(super) fn terminate(mut self) -> ExitStatus {
        self.signal(Signal::SIGTERM);
        self.child.wait().unwrap()
    }

    /// Waits until it has died of its failpoint.
    pub(super) fn wait_until_dead(&mut self) {
        let status = wait_for("the process dies", || self.child.try_wait().unwrap());
        assert!(!status.success(), "{}", self.log());
    }

    /// The value of a series, written as in the exposition.
    pub(super) fn metric(&self, series: &str) -> f64 {
        let text = self.get("/metrics").text;
        let line = text.lines().find_map(|line| line.strip_prefix(series)?.strip_prefix(' '));
        line.unwrap_or_else(|| panic!("no {series}")).parse().unwrap()
    }

    /// The sum of all series of a metric.
    pub(super) fn metric_sum(&self, name: &str) -> f64 {
        let text = self.get("/metrics").text;
        let series =
            text.lines().filter_map(|line| line.strip_prefix(name)).filter(|rest| rest.starts_with(['{', ' ']));
        series.map(|rest| rest.rsplit_once(' ').unwrap().1.parse::<f64>().unwrap()).sum()
    }

    /// Submits a job that must be taken; answers its path.
    pub(super) fn submit(&self, job: &Value) -> String {
        let answer = self.post("/v1/jobs", job);
        assert_eq!(answer.status, 202, "{answer:?}");
        answer.header("location").unwrap().to_owned()
    }

    /// The result document at a path, once it is final.
    pub(super) fn result(&self, path: &str) -> Value {
        wait_for("the job ends", || {
            let answer = self.get(&format!("{path}?wait=20s"));
            (answer.status == 200 && is_final(&answer.json())).then(|| answer.json())
        })
    }
}

impl std::ops::Deref for Process {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended already.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

fn is_final(document: &Value) -> bool {
    !["queued", "running", "retry_scheduled"].contains(&document["state"].as_str().unwrap())
}

/// Waits until `look` finds something.
#[allow(clippy::disallowed_methods, reason = "tests have deadlines")]
pub(super) fn wait_for<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let begun = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(begun.elapsed() < PATIENCE, "it did not happen in time: {what}");
        pause(Duration::from_millis(20));
    }
}
