//! Descriptors by number: what an exec'd program finds where.

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::libc;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use tokio::io::unix::AsyncFd;

fn check(result: libc::c_int) -> io::Result<libc::c_int> {
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(result) }
}

/// Puts the given descriptors at 0, 1, 2 … in their order, inheritable, and closes all others from there up,
/// except those in `keep`, which end up right behind, close-on-exec, and are returned.
///
/// For a process about to exec: afterwards no other `OwnedFd` of the process may be used.
///
/// # Errors
/// The system's error, when the descriptor table is full.
pub fn install(placed: Vec<OwnedFd>, keep: Vec<OwnedFd>) -> io::Result<Vec<OwnedFd>> {
    let count = RawFd::try_from(placed.len() + keep.len()).map_err(io::Error::other)?;
    // First out of the way of every target number, then down: no step can overwrite a source still needed.
    let mut lifted = Vec::with_capacity(placed.len() + keep.len());
    for fd in placed.iter().chain(&keep) {
        // SAFETY: F_DUPFD_CLOEXEC takes no pointer; `fd` is open.
        lifted.push(check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_DUPFD_CLOEXEC, count) })?);
    }
    let mut kept = Vec::with_capacity(keep.len());
    for (at, (target, source)) in (0..).zip(lifted).enumerate() {
        let keeps = at >= placed.len();
        let flags = if keeps { libc::O_CLOEXEC } else { 0 };
        // SAFETY: dup3 takes no pointer; `source` was just made and is above every target, so the two differ.
        check(unsafe { libc::dup3(source, target, flags) })?;
        if keeps {
            // SAFETY: `target` was made by the dup3 above and has no other owner.
            kept.push(unsafe { OwnedFd::from_raw_fd(target) });
        }
    }
    close_from(count)?;
    // The numbers these owned are closed or belong to others now.
    for fd in placed.into_iter().chain(keep) {
        let _number = std::os::fd::IntoRawFd::into_raw_fd(fd);
    }
    Ok(kept)
}

/// Closes every descriptor from `first` up.
///
/// # Errors
/// The system's error; `ENOSYS` before Linux 5.9.
pub fn close_from(first: RawFd) -> io::Result<()> {
    // SAFETY: close_range takes no pointer. The caller gives up every descriptor from `first` on.
    let result = unsafe { libc::syscall(libc::SYS_close_range, first, libc::c_uint::MAX, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Makes reads and writes on the descriptor's open file answer `EAGAIN` instead of waiting.
///
/// # Errors
/// The system's error.
pub fn set_nonblocking(fd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: F_GETFL and F_SETFL take no pointer.
    let flags = check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_GETFL) })?;
    // SAFETY: as above.
    check(unsafe { libc::fcntl(fd.as_raw_fd(), libc::F_SETFL, flags | libc::O_NONBLOCK) }).map(drop)
}

/// Whether there is something to read right now; of a pidfd, whether its process has ended.
#[must_use]
pub fn is_readable(fd: BorrowedFd<'_>) -> bool {
    let mut polled = [PollFd::new(fd, PollFlags::POLLIN)];
    // An error is none of "nothing to read".
    poll(&mut polled, PollTimeout::ZERO).map_or(true, |ready| ready > 0)
}

/// Has the runtime watch a descriptor for readiness. To be called inside a tokio runtime.
///
/// # Errors
/// The system's error, when the descriptor cannot be polled.
pub fn watch(fd: OwnedFd) -> io::Result<AsyncFd<OwnedFd>> {
    // SAFETY: an `OwnedFd` gives the same open descriptor for as long as it lives, and `AsyncFd` owns it.
    unsafe { AsyncFd::register(fd) }.map_err(Into::into)
}

/// A copy of the descriptor that this process was started with as standard input, close-on-exec, above 2.
///
/// # Errors
/// The system's error, when 0 is not open.
pub fn take_stdin() -> io::Result<OwnedFd> {
    // SAFETY: F_DUPFD_CLOEXEC takes no pointer; a closed 0 gives EBADF.
    let fd = check(unsafe { libc::fcntl(0, libc::F_DUPFD_CLOEXEC, 3) })?;
    // SAFETY: `fd` was just made and has no other owner.
    Ok(unsafe { OwnedFd::from_raw_fd(fd) })
}
