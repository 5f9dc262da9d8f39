//! What a job costs where an interpreter is started for it: without a queue, without a jail, with nothing limited.

use std::process::Stdio;

use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use super::load::Hand;
use super::measure::BenchError;
use super::workload::Workload;
use crate::job::Language;
use crate::lang::{ENV, Runtime};

/// Reads the function's text and its arguments, calls it, writes the answer. Neither site nor environment are looked at.
const PYTHON: &str = "\
import json, sys
sys.path.extend(sys.argv[1:])
job = json.load(sys.stdin)
scope = {}
exec(job['code'], scope)
print(json.dumps(scope['main'](**job['inputs']), separators=(',', ':')))
";
const NODE: &str = "\
const job = JSON.parse(require('fs').readFileSync(0, 'utf8'));
console.log(JSON.stringify(new Function(`${job.code}\\nreturn main;`)()(job.inputs)));
";

/// Forks a process that does nothing, and waits for its end, from an interpreter of about a template's size: no job in a
/// process of its own can take less.
const EMPTY_FORKS: &str = "\
import sys, json, math, time, datetime, random, re, collections, functools, itertools, os
for line in sys.stdin:
    for _ in range(int(line)):
        pid = os.fork()
        if pid == 0:
            os._exit(0)
        os.waitpid(pid, 0)
    print(line, end='', flush=True)
";

/// Forks at a time.
pub(super) const FORKS: u64 = 50;

/// Starts an interpreter for each job.
pub(super) struct FreshStart {
    runtime: Runtime,
    workload: Workload,
}

impl FreshStart {
    pub(super) fn new(runtime: &Runtime, workload: Workload) -> Self {
        Self { runtime: runtime.clone(), workload }
    }

    fn command(&self) -> Command {
        let mut command = Command::new(&self.runtime.program);
        match self.runtime.language {
            Language::Python => command.args(["-I", "-S", "-c", PYTHON]).args(&self.runtime.import_path),
            Language::Node => command.args(["-e", NODE]),
        };
        command
    }
}

fn plain(command: &mut Command) -> &mut Command {
    command.env_clear().envs(ENV).stdin(Stdio::piped()).stdout(Stdio::piped()).kill_on_drop(true)
}

impl Hand for FreshStart {
    async fn work(&mut self, n: u64) -> Result<(), BenchError> {
        let code = self.workload.program(self.runtime.language).code;
        let job = serde_json::json!({ "code": code, "inputs": { "n": n } }).to_string();
        let mut process = plain(&mut self.command()).spawn()?;
        if let Some(mut stdin) = process.stdin.take() {
            stdin.write_all(job.as_bytes()).await?;
        }
        let output = process.wait_with_output().await?;
        let is_right = output.status.success() && output.stdout.trim_ascii() == self.workload.expected(n).as_bytes();
        if is_right { Ok(()) } else { Err(BenchError::WrongAnswer(self.runtime.language.as_str())) }
    }
}

/// An interpreter that forks processes which do nothing, [`FORKS`] at a time.
pub(super) struct EmptyForks {
    _process: tokio::process::Child,
    stdin: tokio::process::ChildStdin,
    stdout: tokio::io::BufReader<tokio::process::ChildStdout>,
}

impl EmptyForks {
    /// Starts the interpreter.
    pub(super) fn start(python: &Runtime) -> Result<Self, BenchError> {
        let mut command = Command::new(&python.program);
        let mut process = plain(command.args(["-I", "-S", "-c", EMPTY_FORKS])).spawn()?;
        match (process.stdin.take(), process.stdout.take()) {
            (Some(stdin), Some(stdout)) => {
                Ok(Self { _process: process, stdin, stdout: tokio::io::BufReader::new(stdout) })
            }
            _ => Err(BenchError::WrongAnswer(python.language.as_str())),
        }
    }
}

impl Hand for EmptyForks {
    async fn work(&mut self, _n: u64) -> Result<(), BenchError> {
        let asked = format!("{FORKS}\n");
        self.stdin.write_all(asked.as_bytes()).await?;
        let mut answer = String::new();
        tokio::io::AsyncBufReadExt::read_line(&mut self.stdout, &mut answer).await?;
        if answer == asked { Ok(()) } else { Err(BenchError::WrongAnswer("python3")) }
    }
}
