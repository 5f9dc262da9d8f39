//! Giving up privileges for good.

use std::io;

use nix::libc;

fn prctl(option: libc::c_int, arg: libc::c_ulong) -> io::Result<()> {
    // SAFETY: the options used here take integers, no pointers.
    let result = unsafe { libc::prctl(option, arg, 0, 0, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

#[repr(C)]
struct CapHeader {
    version: u32,
    pid: libc::c_int,
}

#[repr(C)]
#[derive(Clone, Copy)]
struct CapData {
    effective: u32,
    permitted: u32,
    inheritable: u32,
}

/// Empties the bounding and ambient sets of this thread and locks the securebits, so that neither a change of
/// uid nor an exec as uid 0 of a namespace brings a capability back. The sets in force stay until
/// [`clear_capabilities`].
///
/// # Errors
/// The system's error; `EPERM` without CAP_SETPCAP.
pub fn seal() -> io::Result<()> {
    drop_bounding()?;
    prctl(libc::PR_SET_SECUREBITS, SECUREBITS)?;
    ambient(libc::PR_CAP_AMBIENT_CLEAR_ALL as libc::c_ulong, 0)
}

/// capabilities(7): NOROOT, NO_SETUID_FIXUP and NO_CAP_AMBIENT_RAISE on, KEEP_CAPS off, all locked.
const SECUREBITS: libc::c_ulong = 0b1110_1111;

fn drop_bounding() -> io::Result<()> {
    for capability in 0..=63 {
        match prctl(libc::PR_CAPBSET_DROP, capability) {
            Ok(()) => {}
            // Above the kernel's last capability.
            Err(error) if error.raw_os_error() == Some(libc::EINVAL) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// A capability by its number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Capability(u32);

impl Capability {
    /// linux/capability.h
    pub const SETGID: Self = Self(6);
    /// linux/capability.h
    pub const SETUID: Self = Self(7);
    /// linux/capability.h
    pub const SYS_ADMIN: Self = Self(21);
}

/// Gives up every capability but these, which an exec keeps (they are ambient); then as [`seal`].
///
/// # Errors
/// The system's error; `EPERM` without CAP_SETPCAP or one of the kept ones.
pub fn keep_only(kept: &[Capability]) -> io::Result<()> {
    // All of these are below 32, so the second word stays empty.
    let mask = kept.iter().fold(0, |mask, capability| mask | 1 << capability.0);
    let setpcap = 1 << 8;
    set_capabilities(mask | setpcap, mask)?;
    for capability in kept {
        ambient(libc::PR_CAP_AMBIENT_RAISE as libc::c_ulong, capability.0.into())?;
    }
    drop_bounding()?;
    prctl(libc::PR_SET_SECUREBITS, SECUREBITS)?;
    set_capabilities(mask, mask)
}

fn ambient(operation: libc::c_ulong, capability: libc::c_ulong) -> io::Result<()> {
    // SAFETY: PR_CAP_AMBIENT takes integers, no pointers.
    let result = unsafe { libc::prctl(libc::PR_CAP_AMBIENT, operation, capability, 0, 0) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}

/// Empties the effective, permitted and inheritable sets of this thread.
///
/// # Errors
/// The system's error.
pub fn clear_capabilities() -> io::Result<()> {
    set_capabilities(0, 0)
}

fn set_capabilities(held: u32, inheritable: u32) -> io::Result<()> {
    // linux/capability.h: _LINUX_CAPABILITY_VERSION_3, two data words.
    let header = CapHeader { version: 0x2008_0522, pid: 0 };
    let low = CapData { effective: held, permitted: held, inheritable };
    let words = [low, CapData { effective: 0, permitted: 0, inheritable: 0 }];
    // SAFETY: capset reads one header and two data words; both live through the call.
    let result = unsafe { libc::syscall(libc::SYS_capset, &raw const header, words.as_ptr()) };
    if result < 0 { Err(io::Error::last_os_error()) } else { Ok(()) }
}
