//! What happened to the program.

use serde::{Deserialize, Serialize};

/// What happened to the program: one of twelve, with what tells cases of one kind apart.
///
/// Never says anything about us; that is a [`super::Fault`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It returned a JSON object.
    Succeeded,
    /// It raised an exception, or does not compile, or has no such entry point.
    Failed,
    /// It used up its wall-clock or processor time.
    TimedOut(Clock),
    /// The kernel killed it for its cgroup's memory limit; proved by the cgroup's own counter.
    MemoryKilled,
    /// The interpreter refused an allocation and the program did not catch it.
    MemoryError,
    /// It wrote more than allowed on this stream.
    OutputExceeded(Stream),
    /// It made a system call that only attacks make.
    SyscallDenied {
        /// Number in the native table.
        number: i64,
    },
    /// It died of this signal, sent by nobody of us.
    Signalled(i32),
    /// It ended itself with this status.
    Exited(i32),
    /// It ended with status 0 and said nothing.
    NoResult,
    /// What it returned is not acceptable.
    BadResult(BadResult),
    /// The client cancelled it while it ran.
    Cancelled,
}

/// What happened to the program: the `outcome` of a result and the label of a metric.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, schemars::JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OutcomeKind {
    /// It returned a JSON object.
    Succeeded,
    /// It raised an exception, or does not compile, or has no such entry point.
    Failed,
    /// It used up its wall-clock or processor time; `evidence.limit` says which.
    TimedOut,
    /// The kernel killed it for its cgroup's memory limit; proved by the cgroup's own counter.
    MemoryKilled,
    /// The interpreter refused an allocation and the program did not catch it.
    MemoryError,
    /// It wrote more than allowed on a stream; `evidence.detail` says which.
    OutputExceeded,
    /// It made a system call that only attacks make; `error.syscall` names it.
    SyscallDenied,
    /// It died of a signal, `evidence.signal`, sent by nobody of us.
    Signalled,
    /// It ended itself with a status, `evidence.exit_code`.
    Exited,
    /// It ended with status 0 and said nothing.
    NoResult,
    /// What it returned is not acceptable; `evidence.detail` says why.
    BadResult,
    /// The client cancelled it while it ran.
    Cancelled,
}

impl OutcomeKind {
    /// Every kind, in the order of documents and tables.
    pub const ALL: [Self; 12] = [
        Self::Succeeded,
        Self::Failed,
        Self::TimedOut,
        Self::MemoryKilled,
        Self::MemoryError,
        Self::OutputExceeded,
        Self::SyscallDenied,
        Self::Signalled,
        Self::Exited,
        Self::NoResult,
        Self::BadResult,
        Self::Cancelled,
    ];

    /// The name used in results, metrics and tables.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Succeeded => "succeeded",
            Self::Failed => "failed",
            Self::TimedOut => "timed_out",
            Self::MemoryKilled => "memory_killed",
            Self::MemoryError => "memory_error",
            Self::OutputExceeded => "output_exceeded",
            Self::SyscallDenied => "syscall_denied",
            Self::Signalled => "signalled",
            Self::Exited => "exited",
            Self::NoResult => "no_result",
            Self::BadResult => "bad_result",
            Self::Cancelled => "cancelled",
        }
    }
}

impl Outcome {
    /// The outcome without its details.
    #[must_use]
    pub const fn kind(&self) -> OutcomeKind {
        match self {
            Self::Succeeded => OutcomeKind::Succeeded,
            Self::Failed => OutcomeKind::Failed,
            Self::TimedOut(_) => OutcomeKind::TimedOut,
            Self::MemoryKilled => OutcomeKind::MemoryKilled,
            Self::MemoryError => OutcomeKind::MemoryError,
            Self::OutputExceeded(_) => OutcomeKind::OutputExceeded,
            Self::SyscallDenied { .. } => OutcomeKind::SyscallDenied,
            Self::Signalled(_) => OutcomeKind::Signalled,
            Self::Exited(_) => OutcomeKind::Exited,
            Self::NoResult => OutcomeKind::NoResult,
            Self::BadResult(_) => OutcomeKind::BadResult,
            Self::Cancelled => OutcomeKind::Cancelled,
        }
    }
}

/// Which time ran out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clock {
    /// Time on the wall.
    Wall,
    /// Processor time.
    Cpu,
}

/// A stream that a program writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
    /// The result channel.
    Result,
}

impl Stream {
    /// The name used in results and metrics.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Stdout => "stdout",
            Self::Stderr => "stderr",
            Self::Result => "result",
        }
    }
}

/// Why a result is not acceptable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BadResult {
    /// `main` returned something other than an object.
    NotAnObject,
    /// A number is NaN or infinite.
    NotFinite,
    /// Deeper than [`BadResult::MAX_DEPTH`].
    TooDeep,
    /// Larger than `output_bytes`.
    TooLarge,
    /// Holds a value that JSON has no form for.
    NotSerialisable,
    /// A key is not a string, or stands twice in one object.
    BadKey,
    /// Refers to itself.
    Circular,
    /// A string holds half of a surrogate pair, which is no Unicode text.
    LoneSurrogate,
    /// What came over the result channel is not what the protocol allows: the program wrote there itself.
    Forged,
    /// A declared output is missing, of another type, or an undeclared one is there.
    NotAsDeclared,
}

impl BadResult {
    /// Deepest nesting of arrays and objects in a result or an input.
    pub const MAX_DEPTH: usize = 128;

    /// The name used in results.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::NotAnObject => "not_an_object",
            Self::NotFinite => "not_finite",
            Self::TooDeep => "too_deep",
            Self::TooLarge => "too_large",
            Self::NotSerialisable => "not_serialisable",
            Self::BadKey => "bad_key",
            Self::Circular => "circular",
            Self::LoneSurrogate => "lone_surrogate",
            Self::Forged => "forged",
            Self::NotAsDeclared => "not_as_declared",
        }
    }
}
