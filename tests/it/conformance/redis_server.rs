//! A private Redis server for this test process, in a directory of its own.
#![allow(clippy::disallowed_methods, reason = "the server is a process, and its start has a deadline")]

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};
use std::time::{Duration, Instant};

use cellblock::store::{RedisSettings, RedisStore};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::fixture::FakeClock;

/// Starts the server and outlives it: when this process ends, however it does, the pipe on standard input closes, and
/// the server is ended with it.
const KEEPER: &str = "redis-server \"$@\" >log 2>&1 & echo $!; cat >/dev/null; kill -9 $!; wait $!";

const START: Duration = Duration::from_secs(20);

pub(crate) struct Server {
    pub(crate) port: u16,
    dir: tempfile::TempDir,
    extra: Vec<String>,
    running: Mutex<Option<Running>>,
}

struct Running {
    keeper: Child,
    pid: Pid,
}

impl Server {
    /// A server with further settings besides the usual ones: appendonly, no snapshots.
    pub(crate) fn start(extra: &[&str]) -> Self {
        let server = Self {
            port: free_port(),
            dir: tempfile::tempdir().unwrap(),
            extra: extra.iter().map(|text| (*text).to_owned()).collect(),
            running: Mutex::new(None),
        };
        server.run();
        server
    }

    /// The server that cases share, each under a prefix of its own.
    pub(super) fn shared() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| Self::start(&[]))
    }

    /// One that is a cluster of its own and so refuses scripts that touch two hash slots.
    pub(super) fn shared_cluster() -> &'static Self {
        static SHARED: OnceLock<Server> = OnceLock::new();
        SHARED.get_or_init(|| {
            let bus = free_port().to_string();
            let server = Self::start(&["--cluster-enabled", "yes", "--cluster-port", &bus]);
            assert_eq!(server.say("CLUSTER ADDSLOTSRANGE 0 16383"), "+OK");
            let begun = Instant::now();
            while !server.say_all("CLUSTER INFO").contains("cluster_state:ok") {
                assert!(begun.elapsed() < START, "the cluster never became whole");
                std::thread::yield_now();
            }
            server
        })
    }

    pub(super) fn settings(&self) -> RedisSettings {
        static CASES: AtomicU64 = AtomicU64::new(0);
        let case = CASES.fetch_add(1, Ordering::Relaxed);
        let prefix = format!("t{case}");
        RedisSettings { prefix, ..RedisSettings::new(format!("redis://127.0.0.1:{}/", self.port)) }
    }

    pub(super) fn store(&self, clock: &FakeClock) -> RedisStore {
        RedisStore::open_at(self.settings(), clock.wall()).unwrap()
    }

    /// Kills the server and starts it again on the same files.
    pub(crate) fn restart(&self) {
        self.end();
        self.run();
    }

    pub(crate) fn signal(&self, signal: Signal) {
        kill(self.running.lock().unwrap().as_ref().unwrap().pid, signal).unwrap();
    }

    /// Sends one command over a connection of its own; the first line of the answer.
    pub(crate) fn say(&self, command: &str) -> String {
        self.say_all(command).lines().next().unwrap_or_default().to_owned()
    }

    /// The same; all of the answer.
    pub(crate) fn say_all(&self, command: &str) -> String {
        let mut to = TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).unwrap();
        to.set_read_timeout(Some(START)).unwrap();
        to.write_all(format!("{command}\r\nQUIT\r\n").as_bytes()).unwrap();
        let mut answer = String::new();
        to.read_to_string(&mut answer).unwrap();
        answer
    }

    fn run(&self) {
        let port = self.port.to_string();
        let keeper = Command::new("sh")
            .args(["-c", KEEPER, "sh", "--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "yes"])
            .args(&self.extra)
            .current_dir(self.dir.path())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn();
        let mut keeper = keeper.unwrap();
        let pid = first_line(keeper.stdout.as_mut().unwrap()).parse().unwrap();
        *self.running.lock().unwrap() = Some(Running { keeper, pid: Pid::from_raw(pid) });
        self.wait_until_ready();
    }

    fn wait_until_ready(&self) {
        let begun = Instant::now();
        while TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).is_err() || self.say("PING") != "+PONG" {
            let log = || std::fs::read_to_string(self.dir.path().join("log")).unwrap_or_default();
            assert!(begun.elapsed() < START, "redis-server (Debian package redis-server) did not start: {}", log());
            std::thread::park_timeout(Duration::from_millis(5));
        }
    }

    fn end(&self) {
        if let Some(Running { mut keeper, .. }) = self.running.lock().unwrap().take() {
            drop(keeper.stdin.take());
            keeper.wait().unwrap();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.end();
    }
}

fn first_line(from: &mut impl Read) -> String {
    let mut line = Vec::new();
    let mut byte = [0];
    while from.read(&mut byte).unwrap() == 1 && byte != *b"\n" {
        line.extend(byte);
    }
    String::from_utf8(line).unwrap()
}

pub(crate) fn free_port() -> u16 {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port()
}
