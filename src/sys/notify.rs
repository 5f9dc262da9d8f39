//! The supervisor's end of a seccomp filter: seccomp_unotify(2).

use std::io;
use std::os::fd::{AsRawFd, BorrowedFd};

use nix::libc;

/// A system call that the filter did not allow; its thread waits for the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Notification {
    /// Identifies the call for the answer.
    pub id: u64,
    /// The number in the table of `arch`. Bit 30 is set for an x32 call.
    pub number: i64,
    /// `AUDIT_ARCH_*` of the call.
    pub arch: u32,
    /// The raw arguments. Pointers are not followed: the program could change what they point to.
    pub args: [u64; 6],
}

// linux/seccomp.h: SECCOMP_IOCTL_NOTIF_RECV and _SEND, _IOWR('!', 0|1, struct …).
const RECV: libc::c_ulong = iowr(0, size_of::<libc::seccomp_notif>());
const SEND: libc::c_ulong = iowr(1, size_of::<libc::seccomp_notif_resp>());

const fn iowr(number: u64, size: usize) -> libc::c_ulong {
    (3 << 30) | ((size as u64) << 16) | ((b'!' as u64) << 8) | number
}

/// Takes the next waiting call. Call it when the listener polls readable: it blocks otherwise.
///
/// # Errors
/// `ENOENT` when the thread died in the meantime, `EINTR`; both mean "look again".
pub fn receive(listener: BorrowedFd<'_>) -> io::Result<Notification> {
    // SAFETY: seccomp_notif is plain data; the kernel demands that it is zeroed.
    let mut notice: libc::seccomp_notif = unsafe { std::mem::zeroed() };
    // SAFETY: the request writes one seccomp_notif, and `notice` is one that lives through the call.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), RECV, &raw mut notice) };
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(Notification {
        id: notice.id,
        number: i64::from(notice.data.nr),
        arch: notice.data.arch,
        args: notice.data.args,
    })
}

/// Answers a call with an errno.
///
/// # Errors
/// `ENOENT` when the thread died in the meantime.
pub fn refuse(listener: BorrowedFd<'_>, id: u64, errno: i32) -> io::Result<()> {
    let answer = libc::seccomp_notif_resp { id, val: 0, error: -errno, flags: 0 };
    // SAFETY: the request reads one seccomp_notif_resp, and `answer` is one that lives through the call.
    let result = unsafe { libc::ioctl(listener.as_raw_fd(), SEND, &raw const answer) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// `AUDIT_ARCH_*` of the architecture that this binary is built for.
#[must_use]
pub const fn native_arch() -> u32 {
    // linux/audit.h: EM_X86_64 or EM_AARCH64 with the 64-bit and little-endian flags.
    if cfg!(target_arch = "aarch64") { 0xc000_00b7 } else { 0xc000_003e }
}
