//! The supervisor of refused system calls.

use std::collections::BTreeMap;
use std::io;
use std::os::fd::BorrowedFd;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::jail::syscalls::{self, Answer};
use crate::job::SyscallCount;
use crate::policy::{DENIED_FLOOD, Stop};
use crate::sys::notify;

/// Different calls that are listed. Honest programs try a few; all of them would make a result of half a megabyte.
const MOST_LISTED: usize = 64;

/// Refused calls of the item that is being run.
#[derive(Debug, Default)]
pub(super) struct RefusedCalls {
    listed: BTreeMap<i64, SyscallCount>,
    seen: u64,
}

/// What a look at the listener found.
#[derive(Debug)]
pub(super) enum Next {
    /// A thread that is suspended until this is answered.
    Call(notify::Notification),
    /// No call waits.
    Nothing,
    /// Nobody uses the filter any more.
    Closed,
}

/// Takes the next call that waits.
pub(super) fn next(listener: BorrowedFd<'_>) -> io::Result<Next> {
    loop {
        let mut polled = [PollFd::new(listener, PollFlags::POLLIN)];
        poll(&mut polled, PollTimeout::ZERO)?;
        let [polled] = polled;
        let found = polled.revents().unwrap_or(PollFlags::empty());
        if !found.contains(PollFlags::POLLIN) {
            return Ok(if found.contains(PollFlags::POLLHUP) { Next::Closed } else { Next::Nothing });
        }
        match notify::receive(listener) {
            Ok(call) => return Ok(Next::Call(call)),
            // The thread died, or a signal came: look again.
            Err(error) if is_gone(&error) => {}
            Err(error) => return Err(error),
        }
    }
}

impl RefusedCalls {
    /// Answers a call, or says why the program has to be stopped: then the call stays unanswered.
    pub(super) fn answer(&mut self, listener: BorrowedFd<'_>, call: &notify::Notification) -> io::Result<Option<Stop>> {
        let name = || syscalls::name(call.number, call.arch);
        match syscalls::answer(call) {
            Answer::Kill => Ok(Some(Stop::SyscallDenied { number: call.number, name: name() })),
            Answer::Refuse { errno, listed } => {
                self.seen += 1;
                if self.seen > DENIED_FLOOD {
                    return Ok(Some(Stop::DeniedFlood { number: call.number, name: name() }));
                }
                if listed && (self.listed.len() < MOST_LISTED || self.listed.contains_key(&call.number)) {
                    let entry = self.listed.entry(call.number);
                    entry.or_insert_with(|| SyscallCount { name: name(), number: call.number, count: 0 }).count += 1;
                }
                match notify::refuse(listener, call.id, errno) {
                    Err(error) if !is_gone(&error) => Err(error),
                    Ok(()) | Err(_) => Ok(None),
                }
            }
        }
    }

    /// The calls to list, leaving none.
    pub(super) fn take(&mut self) -> Vec<SyscallCount> {
        self.seen = 0;
        std::mem::take(&mut self.listed).into_values().collect()
    }
}

fn is_gone(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::Interrupted)
}
