//! What a run reports of its process.

use std::time::Duration;

use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use crate::job::{Clock, Outcome, Usage};
use crate::policy::{End, Stop};
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

/// The reason of a stop that came when the item that it was for had ended.
pub(super) const fn late_reason(stop: &Stop) -> Option<KillReason> {
    match stop {
        Stop::WallDeadline => Some(KillReason::TimeoutWall),
        Stop::CpuDeadline => Some(KillReason::TimeoutCpu),
        Stop::MemoryWatchdog => Some(KillReason::Memory),
        Stop::OutputExceeded(_) => Some(KillReason::OutputLimit),
        Stop::SyscallDenied { .. } | Stop::DeniedFlood { .. } | Stop::Cancelled | Stop::ProtocolViolation(_) => None,
    }
}

/// How a process ended, from its raw status.
pub(super) fn end_of(status: i32) -> End {
    match WaitStatus::from_raw(Pid::from_raw(1), status) {
        Ok(WaitStatus::Exited(_, code)) => End::Exited(code),
        // A real-time signal has no name in nix, so the number is taken from the status itself.
        Ok(_) | Err(_) => End::Signalled(status & 0x7f),
    }
}

/// The usage of an item of which only the time is known.
pub(super) fn usage(wall: Duration) -> Usage {
    Usage { wall_ms: milliseconds(wall), ..Usage::default() }
}

/// Whole microseconds as milliseconds: more digits would only be noise in a result.
#[expect(clippy::cast_precision_loss, reason = "exact below 285 years")]
pub(super) fn milliseconds(duration: Duration) -> f64 {
    duration.as_micros() as f64 / 1e3
}
