//! A directory with a function and items, and the program run over them.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use cellblock::job::ItemResult;

/// A function that does what its item asks for.
pub(super) const FUNCTION: &str = "\
import ctypes, os, time
def main(n, ask=None, ms=0):
    time.sleep(ms / 1000)
    if ask == 'raise': raise ValueError(f'no {n}')
    if ask == 'loop':
        while True: pass
    if ask == 'memory': return {'length': len(bytearray(2 << 30))}
    if ask == 'syscall': return {'n': ctypes.CDLL(None, use_errno=True).ptrace(0, 0, 0, 0)}
    if ask == 'crash': ctypes.string_at(0)
    return {'n': n, 'double': 2 * n}
";

/// What the function is asked for, with the outcomes that are right for it.
pub(super) const TROUBLE: [(&str, &[&str]); 5] = [
    ("raise", &["failed"]),
    ("loop", &["timed_out"]),
    ("memory", &["memory_killed", "memory_error"]),
    ("syscall", &["syscall_denied"]),
    ("crash", &["signalled"]),
];

/// A directory of its own.
#[derive(Debug)]
pub(super) struct Place {
    dir: tempfile::TempDir,
}

impl Place {
    pub(super) fn new(items: &str) -> Self {
        let place = Self { dir: tempfile::tempdir().unwrap() };
        place.write("f.py", FUNCTION);
        place.write("items.jsonl", items);
        place
    }

    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    pub(super) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    pub(super) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    /// Lines that are in the output so far.
    pub(super) fn lines(&self) -> usize {
        fs::read_to_string(self.path("out.jsonl")).unwrap_or_default().matches('\n').count()
    }

    /// Names of the files that are there.
    pub(super) fn files(&self) -> Vec<String> {
        let entries = fs::read_dir(self.dir.path()).unwrap();
        let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// `cellblock batch run f.py --items items.jsonl --out out.jsonl --json` and these arguments.
    pub(super) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.bare(&["f.py", "--items", "items.jsonl", "--out", "out.jsonl"]);
        command.args(arguments);
        command
    }

    /// `cellblock batch run --json` and these arguments, in a process group of its own, as a shell starts it.
    #[allow(clippy::disallowed_methods, reason = "the program under test is a process")]
    pub(super) fn bare(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_cellblock"));
        command.args(["batch", "run", "--json"]).args(arguments).current_dir(self.dir.path());
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        command
    }

    /// Runs it to its end.
    pub(super) fn run(&self, arguments: &[&str]) -> Finished {
        Finished::of(self.command(arguments).output().unwrap())
    }

    /// Starts it.
    pub(super) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// The results, each checked to be in its place.
    pub(super) fn results(&self) -> Vec<ItemResult> {
        let text = self.read("out.jsonl");
        assert!(text.is_empty() || text.ends_with('\n'));
        let results: Vec<ItemResult> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        for (place, result) in results.iter().enumerate() {
            assert_eq!(result.item, place as u64);
        }
        results
    }

    /// Names of outcomes with their counts.
    pub(super) fn outcomes(&self) -> BTreeMap<&'static str, usize> {
        let mut found = BTreeMap::new();
        for result in self.results() {
            *found.entry(result.outcome.map_or("fault", |outcome| outcome.as_str())).or_insert(0) += 1;
        }
        found
    }
}

/// What a run said.
#[derive(Debug)]
pub(super) struct Finished {
    pub(super) status: Option<i32>,
    pub(super) summary: serde_json::Value,
    pub(super) errors: String,
}

impl Finished {
    pub(super) fn of(output: Output) -> Self {
        let said = String::from_utf8(output.stdout).unwrap();
        let summary = serde_json::from_str(said.trim()).unwrap_or(serde_json::Value::Null);
        Self { status: output.status.code(), summary, errors: String::from_utf8(output.stderr).unwrap() }
    }
}

/// Items that ask for nothing, but for those listed.
pub(super) fn items(count: usize, ms: u64, trouble: &BTreeMap<usize, &str>) -> String {
    let line = |n: usize| match trouble.get(&n) {
        Some(ask) => format!("{{\"n\":{n},\"ask\":\"{ask}\"}}\n"),
        None if ms > 0 => format!("{{\"n\":{n},\"ms\":{ms}}}\n"),
        None => format!("{{\"n\":{n}}}\n"),
    };
    (0..count).map(line).collect()
}

/// Waits for a moment between two events of another process.
#[allow(clippy::disallowed_methods, reason = "another process does what is waited for")]
pub(super) fn pause(time: Duration) {
    std::thread::sleep(time);
}
