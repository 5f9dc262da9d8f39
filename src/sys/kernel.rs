//! Questions to the kernel that have no file.

use std::path::Path;

use nix::libc;

/// The version of Landlock's interface, or `None` where the kernel has none.
#[must_use]
pub fn landlock_abi() -> Option<i64> {
    // linux/landlock.h: LANDLOCK_CREATE_RULESET_VERSION.
    const VERSION: libc::c_uint = 1;
    // SAFETY: with the version flag the call takes a null attribute of size 0 and makes nothing.
    let abi = unsafe { libc::syscall(libc::SYS_landlock_create_ruleset, std::ptr::null::<()>(), 0_usize, VERSION) };
    (abi > 0).then_some(abi)
}

/// Whether this process may make entries in a directory.
#[must_use]
pub fn may_write(dir: &Path) -> bool {
    nix::unistd::access(dir, nix::unistd::AccessFlags::W_OK | nix::unistd::AccessFlags::X_OK).is_ok()
}

/// The name of this host as part of a name: whatever else it has becomes a hyphen.
#[must_use]
pub fn host_name() -> String {
    let name = nix::unistd::gethostname().ok().and_then(|name| name.into_string().ok()).unwrap_or_default();
    let part = |c: char| if c.is_ascii_alphanumeric() || matches!(c, '_' | '.') { c } else { '-' };
    if name.is_empty() { "host".to_owned() } else { name.chars().map(part).collect() }
}
