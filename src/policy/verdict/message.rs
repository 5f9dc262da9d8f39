//! What the author of a program is told: what happened, and what to do about it.

use super::DENIED_FLOOD;
use crate::job::{Clock, Limits, Stream};

pub(super) const NO_RESULT: &str =
    "the process ended with status 0 before the function returned; return the result instead of ending the process";

pub(super) const CANCELLED: &str = "the client cancelled it while it ran";

pub(super) fn timed_out(clock: Clock, limits: &Limits) -> String {
    match clock {
        Clock::Wall => {
            format!("ran longer than limits.wall_ms = {}; raise the limit, or give one call less to do", limits.wall_ms)
        }
        Clock::Cpu => format!(
            "used more processor time than limits.cpu_ms = {}; raise the limit, or give one call less to do",
            limits.cpu_ms
        ),
    }
}

pub(super) fn memory_killed(limits: &Limits) -> String {
    format!(
        "used more memory than limits.memory_bytes = {} and was killed; raise the limit, or hold less at once",
        limits.memory_bytes
    )
}

pub(super) fn memory_watchdog(limits: &Limits) -> String {
    format!(
        "a watchdog, which polls on this host, saw it use more memory than limits.memory_bytes = {} and killed it; raise \
         the limit, or hold less at once",
        limits.memory_bytes
    )
}

pub(super) fn heap_exhausted(limits: &Limits) -> String {
    format!(
        "the interpreter's heap is full under limits.memory_bytes = {}; raise the limit, or hold less at once",
        limits.memory_bytes
    )
}

pub(super) fn output_exceeded(stream: Stream, limits: &Limits) -> String {
    match stream {
        Stream::Stdout | Stream::Stderr => format!(
            "wrote more than {} bytes to {}, the most that limits.log_bytes = {} allows; print less",
            limits.log_flood_bytes(),
            stream.as_str(),
            limits.log_bytes
        ),
        Stream::Result => format!(
            "the result is larger than limits.output_bytes = {}; raise the limit, or return less",
            limits.output_bytes
        ),
    }
}

pub(super) fn syscall_denied(name: &str, number: i64) -> String {
    format!(
        "made the system call {name} (number {number}), which ends a program here; \
         leave out the code, or the library, that makes it"
    )
}

pub(super) fn denied_flood(name: &str, number: i64) -> String {
    format!(
        "made more than {DENIED_FLOOD} system calls that are not available here, the last one {name} \
         (number {number}); evidence.denied lists them: leave out the code that repeats them"
    )
}

pub(super) fn protocol_violation(what: &str) -> String {
    format!("the result channel carried something other than results ({what}); write to no file descriptor above 2")
}

pub(super) fn exited(code: i32) -> String {
    format!("ended itself with status {code} before the function returned; return a result instead")
}

pub(super) fn signalled(signal: i32) -> String {
    match name(signal) {
        Some((name, hint)) => format!("the process died of signal {signal} ({name}): {hint}"),
        None => format!("the process died of signal {signal}, sent by the program itself"),
    }
}

fn name(signal: i32) -> Option<(&'static str, &'static str)> {
    const BY_ITSELF: &str = "the program sent it to itself";
    const NATIVE: &str = "a native library crashed, or the program sent it to itself";
    Some(match signal {
        1 => ("SIGHUP", BY_ITSELF),
        2 => ("SIGINT", BY_ITSELF),
        3 => ("SIGQUIT", BY_ITSELF),
        4 => ("SIGILL", NATIVE),
        5 => ("SIGTRAP", NATIVE),
        6 => ("SIGABRT", "the interpreter or a native library gave up; its last words are in logs.stderr"),
        7 => ("SIGBUS", NATIVE),
        8 => ("SIGFPE", NATIVE),
        9 => ("SIGKILL", "the program sent it to itself; the cgroup counted no kill for memory"),
        11 => ("SIGSEGV", "a native library crashed, or the recursion was deeper than the stack"),
        13 => ("SIGPIPE", "it wrote to a pipe that nobody reads"),
        14 => ("SIGALRM", "a timer of the program ran out"),
        15 => ("SIGTERM", BY_ITSELF),
        24 => ("SIGXCPU", BY_ITSELF),
        25 => ("SIGXFSZ", "a file grew past the largest size allowed; write less to the scratch directory"),
        31 => ("SIGSYS", "it made a system call as the jail's own code does, or sent the signal to itself"),
        _ => return None,
    })
}
