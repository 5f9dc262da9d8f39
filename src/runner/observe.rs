//! What a run reports of its process.

use crate::job::{Clock, Outcome};
use crate::policy::Stop;
use crate::telemetry::KillReason;

/// Why a process did not end by itself, if it did not: what became of the item that it was at says so.
pub(super) fn kill_reason(outcome: &Outcome, violates_protocol: bool) -> Option<KillReason> {
    match outcome {
        Outcome::TimedOut(Clock::Wall) => Some(KillReason::TimeoutWall),
        Outcome::TimedOut(Clock::Cpu) => Some(KillReason::TimeoutCpu),
        Outcome::MemoryKilled => Some(KillReason::Memory),
        Outcome::OutputExceeded(_) => Some(KillReason::OutputLimit),
        Outcome::SyscallDenied { .. } => Some(KillReason::Seccomp),
        Outcome::Signalled(_) => Some(KillReason::Signal),
        Outcome::Cancelled => Some(KillReason::Cancelled),
        Outcome::Succeeded
        | Outcome::Failed
        | Outcome::MemoryError
        | Outcome::Exited(_)
        | Outcome::NoResult
        | Outcome::BadResult(_) => violates_protocol.then_some(KillReason::Protocol),
    }
}

/// The reason of a stop that came too late for the item that it was for.
pub(super) const fn late_reason(stop: &Stop) -> Option<KillReason> {
    match stop {
        Stop::WallDeadline => Some(KillReason::TimeoutWall),
        Stop::CpuDeadline => Some(KillReason::TimeoutCpu),
        Stop::MemoryWatchdog => Some(KillReason::Memory),
        Stop::OutputExceeded(_)
        | Stop::SyscallDenied { .. }
        | Stop::DeniedFlood { .. }
        | Stop::Cancelled
        | Stop::ProtocolViolation(_) => None,
    }
}
