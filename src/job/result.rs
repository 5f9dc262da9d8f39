//! What is known of a job that has run.

use serde::{Deserialize, Serialize};

use super::{LimitKind, Outcome, OutcomeKind, RawJson, UnixMillis};

/// Where a job is in its life. The last six never change again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// Accepted, waiting for a worker.
    Queued,
    /// A worker holds the claim.
    Running,
    /// Waiting for its next attempt.
    RetryScheduled,
    /// Final: a result is there.
    Succeeded,
    /// Final: it ended badly and its policy allows no retry.
    Failed,
    /// Final: it ended badly and its attempts are spent, or it killed its workers.
    DeadLettered,
    /// Final: the client took it back.
    Cancelled,
    /// Final: its deadline passed before it could start.
    Expired,
    /// Final: it was never acceptable.
    Rejected,
}

impl State {
    /// Every state.
    pub const ALL: [Self; 9] = [
        Self::Queued,
        Self::Running,
        Self::RetryScheduled,
        Self::Succeeded,
        Self::Failed,
        Self::DeadLettered,
        Self::Cancelled,
        Self::Expired,
        Self::Rejected,
    ];

    /// Whether the state never changes again.
    #[must_use]
    pub const fn is_final(self) -> bool {
        !matches!(self, Self::Queued | Self::Running | Self::RetryScheduled)
    }

    /// The name used in results and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::RetryScheduled => "retry_scheduled",
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::DeadLettered => "dead_lettered",
            Self::Cancelled => "cancelled",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
        }
    }

    /// The state with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == name)
    }
}

/// What one pass of the verdict table concludes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// What happened to the program.
    pub outcome: Outcome,
    /// What it returned, when it succeeded.
    pub output: Option<RawJson>,
    /// What to tell its author, when it did not.
    pub error: Option<ProgramError>,
    /// The facts that prove the outcome.
    pub evidence: Evidence,
}

/// An error in terms of the program.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct ProgramError {
    /// Name of the exception class or of the reason, such as `ValueError` or `not_finite`.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it says.
    pub message: String,
    /// Line of the user's code, from 1.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub line: Option<u32>,
    /// The user's own frames, outermost first.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub traceback: Vec<String>,
    /// Name of the denied system call.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub syscall: Option<String>,
}

/// A system call that was refused while the program went on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct SyscallCount {
    /// Its name, or `syscall_<number>` where the table has none.
    pub name: String,
    /// Its number in the native table.
    pub number: i64,
    /// How often.
    pub count: u64,
}

/// The facts that prove an outcome.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Processes of this job that the kernel killed for memory, by the cgroup's counter.
    pub oom_kill_count: u64,
    /// The signal that ended the process; absent when we stopped it.
    pub signal: Option<i32>,
    /// The status with which the process ended; absent when it did not end by itself.
    pub exit_code: Option<i32>,
    /// The limit that was reached.
    pub limit: Option<LimitKind>,
    /// The stream that overflowed, or the reason for which the result was refused.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub detail: Option<String>,
    /// Calls that were refused while the program went on.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub denied: Vec<SyscallCount>,
}

/// What the program printed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Logs {
    /// Standard output, invalid UTF-8 replaced.
    pub stdout: String,
    /// Standard error, invalid UTF-8 replaced.
    pub stderr: String,
    /// Whether more was written than `log_bytes` allows to keep.
    pub truncated: bool,
}

impl Logs {
    /// Whether nothing was printed.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.stdout.is_empty() && self.stderr.is_empty() && !self.truncated
    }
}

/// What the run used.
#[derive(Debug, Clone, Copy, Default, PartialEq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Usage {
    /// From handing out the input to the result, in milliseconds.
    pub wall_ms: f64,
    /// Processor time up to the answer, or to the end of a process without one, in milliseconds. For an item of a chunk this is
    /// not measured and is absent.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub cpu_ms: Option<f64>,
    /// Highest memory charge of the job's cgroup, in bytes.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub memory_peak_bytes: Option<u64>,
    /// Waiting for a ready interpreter and closing its jail, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub start_ms: Option<f64>,
    /// From submit to claim, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub queue_ms: Option<f64>,
}

/// One line per try.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AttemptSummary {
    /// From 1.
    pub attempt: u32,
    /// What happened to the program; absent when a fault of ours ended the try.
    pub outcome: Option<OutcomeKind>,
    /// What happened to us.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub fault: Option<super::Fault>,
    /// Who ran it.
    pub worker: String,
    /// When.
    pub started_at: UnixMillis,
    /// What it used.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub usage: Option<Usage>,
}

/// The interpreter that ran the program.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct RuntimeVersion {
    /// Name of the runtime: `python3`, `nodejs`.
    pub language: String,
    /// Version of the interpreter.
    pub version: String,
}
