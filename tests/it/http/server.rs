//! The program under test, on the embedded pair.

use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;

use super::client::{Client, pause};

/// Looks for something that a process does soon, before it counts as not done at all.
const LOOKS: usize = 3_000;

/// A service with a state file of its own.
pub(super) struct Server {
    child: Child,
    client: Client,
    dir: tempfile::TempDir,
}

impl Server {
    /// `cellblock all` with these further arguments.
    pub(super) fn all(arguments: &[&str]) -> Self {
        Self::start("all", arguments, tempfile::tempdir().unwrap())
    }

    pub(super) fn start(command: &str, arguments: &[&str], dir: tempfile::TempDir) -> Self {
        let said = dir.path().join("said");
        let child = spawn(command, arguments, &dir, &said);
        let mut server = Self { child, client: Client::default(), dir };
        // A file and no pipe: other tests of this process count its pipes.
        server.wait_for(|server| {
            assert!(server.child.try_wait().unwrap().is_none(), "{}", server.log());
            let line = std::fs::read_to_string(&said).unwrap_or_default();
            let found = line.ends_with('\n').then(|| serde_json::from_str::<Value>(&line).unwrap());
            found.map(|line| server.client = Client::of(line["listening"].as_str().unwrap()))
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

    pub(super) fn state(&self) -> PathBuf {
        self.dir.path().join("state.db")
    }

    /// Runs another command to its end, with the state file of this name in the same directory.
    #[allow(clippy::disallowed_methods, reason = "the program under test is a process")]
    pub(super) fn beside(&self, arguments: &[&str], state: &str) -> Output {
        let mut process = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        process.env_clear().current_dir(self.dir.path()).args(arguments).args(["--state", state]).output().unwrap()
    }
}

impl std::ops::Deref for Server {
    type Target = Client;

    fn deref(&self) -> &Client {
        &self.client
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
