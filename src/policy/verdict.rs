//! Facts to outcome. The only place that decides what happened to a program.
//!
//! [`verdict`] is a precedence list. Its order follows from who can lie: a program can send any frame, exit with
//! any status and send itself any signal, but it can neither undo a stop of ours nor touch the cgroup's counter.
//!
//! Never says anything about us: a run that failed for a reason of ours has a [`crate::job::Fault`] and gets
//! here only if the program had its input.

mod message;

use crate::job::{
    BadResult, Clock, Evidence, LimitKind, Limits, Outcome, ProgramError, RawJson, Stream, SyscallCount, Verdict,
};

/// Denied calls after which a program that goes on making them is stopped.
pub const DENIED_FLOOD: u64 = 10_000;

/// `evidence.detail` of a memory kill that a watchdog's look proves, and no counter of the kernel's.
const WATCHDOG: &str = "watchdog";

/// What is known of the run of one item, or of a job.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// What the item's first complete end frame said. Frames that were in the pipe when the process was
    /// stopped count.
    pub report: Option<Report>,
    /// Why we stopped the process. Recorded only while there was no report: what a process does after its end
    /// frame changes nothing.
    pub stop: Option<Stop>,
    /// How the process ended by itself; `None` while it lives and when we killed it.
    pub end: Option<End>,
    /// Processes that the kernel killed for the memory limit, by the counter of the job's own cgroup.
    pub oom_kills: u64,
    /// Whether V8's own text about its full heap came on the raw standard error. A program can write that
    /// text, so it only tells apart signals that end it anyway.
    pub heap_exhausted: bool,
    /// Calls that were refused while the program went on.
    pub denied: Vec<SyscallCount>,
}

/// What an end frame said, after the worker's own check of its JSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Report {
    /// The function returned this object.
    Value(RawJson),
    /// An exception that nobody caught.
    Raised(ProgramError),
    /// The interpreter refused memory.
    MemoryError(ProgramError),
    /// The result is not acceptable: why, and what to tell the author.
    BadResult(BadResult, String),
    /// The program ended itself through its language.
    Exit(i32),
    /// The function's promise never settled; what to tell the author.
    Unsettled(String),
}

/// Why we stopped a process.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stop {
    /// `wall_ms` passed.
    WallDeadline,
    /// `cpu_ms` was used, by our clock or by the kernel's backstop behind it.
    CpuDeadline,
    /// A watchdog saw more than `memory_bytes` in use: only where there is no cgroup whose counter would prove it.
    MemoryWatchdog,
    /// More came on this stream than is taken.
    OutputExceeded(Stream),
    /// A system call that only attacks make.
    SyscallDenied {
        /// Number in the native table.
        number: i64,
        /// Its name, or `syscall_<number>`.
        name: String,
    },
    /// More than [`DENIED_FLOOD`] calls that are refused one by one; the last of them.
    DeniedFlood {
        /// Number in the native table.
        number: i64,
        /// Its name, or `syscall_<number>`.
        name: String,
    },
    /// The client took it back.
    Cancelled,
    /// What came over the result channel is not the protocol; what was wrong.
    ProtocolViolation(String),
}

impl Stop {
    /// Whether it stands against a report that was already in the pipe. A program that attacks, that printed more than
    /// is taken, or that its client no longer wants, does not succeed by having been quick.
    const fn overrules_report(&self) -> bool {
        match self {
            Self::SyscallDenied { .. } | Self::DeniedFlood { .. } | Self::OutputExceeded(_) | Self::Cancelled => true,
            Self::WallDeadline | Self::CpuDeadline | Self::MemoryWatchdog | Self::ProtocolViolation(_) => false,
        }
    }
}

/// How a process ended by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// With this status.
    Exited(i32),
    /// By this signal, which nobody of us sent.
    Signalled(i32),
}

/// What happened to the program. Total: every combination of facts has an answer.
#[must_use]
pub fn verdict(facts: Facts, limits: &Limits) -> Verdict {
    let Facts { report, stop, end, oom_kills, heap_exhausted, denied } = facts;
    let is_watchdogs = stop == Some(Stop::MemoryWatchdog) && oom_kills == 0;
    let finding = match (report, stop, end) {
        (_, Some(stop), _) if stop.overrules_report() => of_stop(stop, limits),
        (Some(report), _, _) => of_report(report),
        // A process that swaps itself to death often meets its deadline too; the counter is the better proof.
        (None, _, _) if oom_kills > 0 => of_oom(limits),
        (None, Some(stop), _) => of_stop(stop, limits),
        (None, None, Some(end)) => of_end(end, heap_exhausted, limits),
        (None, None, None) => Finding::new(Outcome::NoResult, message::NO_RESULT),
    };
    let (exit_code, signal) = match (&finding.outcome, end) {
        // The harness leaves with 0 after it has reported the status that the program asked for.
        (Outcome::Exited(code), _) => (Some(*code), None),
        (_, Some(End::Exited(code))) => (Some(code), None),
        (_, Some(End::Signalled(signal))) => (None, Some(signal)),
        (_, None) => (None, None),
    };
    let evidence = Evidence {
        oom_kill_count: oom_kills,
        signal,
        exit_code,
        limit: limit_of(&finding.outcome),
        detail: if is_watchdogs && finding.outcome == Outcome::MemoryKilled {
            Some(WATCHDOG.to_owned())
        } else {
            detail_of(&finding.outcome)
        },
        denied,
    };
    Verdict { outcome: finding.outcome, output: finding.output, error: finding.error, evidence }
}

/// One row's conclusion.
struct Finding {
    outcome: Outcome,
    output: Option<RawJson>,
    error: Option<ProgramError>,
}

impl Finding {
    fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        let kind = if let Outcome::BadResult(why) = outcome { why.as_str() } else { outcome.kind().as_str() };
        let error = ProgramError { kind: kind.to_owned(), message: message.into(), ..ProgramError::default() };
        Self::with_error(outcome, error)
    }

    const fn with_error(outcome: Outcome, error: ProgramError) -> Self {
        Self { outcome, output: None, error: Some(error) }
    }

    fn naming(mut self, syscall: String) -> Self {
        if let Some(error) = &mut self.error {
            error.syscall = Some(syscall);
        }
        self
    }
}

fn of_report(report: Report) -> Finding {
    match report {
        Report::Value(output) => Finding { outcome: Outcome::Succeeded, output: Some(output), error: None },
        Report::Raised(error) => Finding::with_error(Outcome::Failed, error),
        Report::MemoryError(error) => Finding::with_error(Outcome::MemoryError, error),
        Report::BadResult(why, message) => Finding::new(Outcome::BadResult(why), message),
        Report::Exit(code) => Finding::new(Outcome::Exited(code), message::exited(code)),
        Report::Unsettled(message) => Finding::new(Outcome::NoResult, message),
    }
}

fn of_oom(limits: &Limits) -> Finding {
    Finding::new(Outcome::MemoryKilled, message::memory_killed(limits))
}

fn of_stop(stop: Stop, limits: &Limits) -> Finding {
    match stop {
        Stop::WallDeadline => Finding::new(Outcome::TimedOut(Clock::Wall), message::timed_out(Clock::Wall, limits)),
        Stop::CpuDeadline => Finding::new(Outcome::TimedOut(Clock::Cpu), message::timed_out(Clock::Cpu, limits)),
        Stop::MemoryWatchdog => Finding::new(Outcome::MemoryKilled, message::memory_watchdog(limits)),
        Stop::OutputExceeded(stream) => {
            Finding::new(Outcome::OutputExceeded(stream), message::output_exceeded(stream, limits))
        }
        Stop::SyscallDenied { number, name } => {
            Finding::new(Outcome::SyscallDenied { number }, message::syscall_denied(&name, number)).naming(name)
        }
        Stop::DeniedFlood { number, name } => {
            Finding::new(Outcome::SyscallDenied { number }, message::denied_flood(&name, number)).naming(name)
        }
        Stop::Cancelled => Finding::new(Outcome::Cancelled, message::CANCELLED),
        Stop::ProtocolViolation(what) => {
            Finding::new(Outcome::BadResult(BadResult::Forged), message::protocol_violation(&what))
        }
    }
}

fn of_end(end: End, heap_exhausted: bool, limits: &Limits) -> Finding {
    match end {
        End::Exited(0) => Finding::new(Outcome::NoResult, message::NO_RESULT),
        // 134, 137, 139, 143, … as well: a status is what the program chose, whatever a shell would make of it.
        End::Exited(code) => Finding::new(Outcome::Exited(code), message::exited(code)),
        // V8 ends with abort() or a trap instruction; as pid 1 of a namespace an abort turns into a fault.
        End::Signalled(signal::ABRT | signal::TRAP | signal::ILL | signal::SEGV) if heap_exhausted => {
            Finding::new(Outcome::MemoryError, message::heap_exhausted(limits))
        }
        // SIGXFSZ stays a signal: it means a file that grew past RLIMIT_FSIZE, and a file is none of the
        // streams that `output_exceeded` can name.
        End::Signalled(signal) => Finding::new(Outcome::Signalled(signal), message::signalled(signal)),
    }
}

const fn limit_of(outcome: &Outcome) -> Option<LimitKind> {
    match outcome {
        Outcome::TimedOut(Clock::Wall) => Some(LimitKind::Wall),
        Outcome::TimedOut(Clock::Cpu) => Some(LimitKind::Cpu),
        Outcome::MemoryKilled | Outcome::MemoryError => Some(LimitKind::Memory),
        Outcome::OutputExceeded(_) | Outcome::BadResult(BadResult::TooLarge) => Some(LimitKind::Output),
        Outcome::Succeeded
        | Outcome::Failed
        | Outcome::SyscallDenied { .. }
        | Outcome::Signalled(_)
        | Outcome::Exited(_)
        | Outcome::NoResult
        | Outcome::BadResult(_)
        | Outcome::Cancelled => None,
    }
}

fn detail_of(outcome: &Outcome) -> Option<String> {
    match outcome {
        Outcome::OutputExceeded(stream) => Some(stream.as_str().to_owned()),
        Outcome::BadResult(why) => Some(why.as_str().to_owned()),
        Outcome::Succeeded
        | Outcome::Failed
        | Outcome::TimedOut(_)
        | Outcome::MemoryKilled
        | Outcome::MemoryError
        | Outcome::SyscallDenied { .. }
        | Outcome::Signalled(_)
        | Outcome::Exited(_)
        | Outcome::NoResult
        | Outcome::Cancelled => None,
    }
}

/// The signals that the table names, by their numbers on every architecture that Cellblock runs on.
mod signal {
    pub(super) const ILL: i32 = 4;
    pub(super) const TRAP: i32 = 5;
    pub(super) const ABRT: i32 = 6;
    pub(super) const SEGV: i32 = 11;
}

#[cfg(test)]
mod tests;
