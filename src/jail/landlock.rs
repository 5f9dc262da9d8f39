//! Landlock: a second, independent limit on files, sockets and signals, where the kernel has it.

use std::io;
use std::os::fd::OwnedFd;
use std::path::Path;

use landlock::{
    ABI, Access, AccessFs, AccessNet, BitFlags, PathBeneath, PathFd, Ruleset, RulesetAttr, RulesetCreated,
    RulesetCreatedAttr, RulesetStatus, Scope,
};

use crate::sys::kernel;

/// The newest interface that this code was written against; an older kernel gives what it has.
const NEWEST: ABI = ABI::V6;

/// Restricts this process for good by [`rules`].
///
/// # Errors
/// The library's error as text. A kernel without Landlock is not an error here; `probe` reports it and the
/// configuration decides.
pub(super) fn restrict(scratch: Option<&Path>) -> io::Result<()> {
    let status = made(scratch)?.restrict_self().map_err(io::Error::other)?;
    // The library takes a kernel without Landlock as it is; a kernel that has it must not end up unrestricted.
    if status.ruleset == RulesetStatus::NotEnforced && kernel::landlock_abi().is_some() {
        return Err(io::Error::other("kernel has Landlock and did not enforce the rules"));
    }
    Ok(())
}

/// The rules as a descriptor, for landlock_restrict_self(2); `None` where the kernel has no Landlock.
///
/// # Errors
/// As [`restrict`].
pub(super) fn rules(scratch: Option<&Path>) -> io::Result<Option<OwnedFd>> {
    let rules: Option<OwnedFd> = made(scratch)?.into();
    if rules.is_none() && kernel::landlock_abi().is_some() {
        return Err(io::Error::other("kernel has Landlock and took no rules"));
    }
    Ok(rules)
}

/// Read and execute below `/`, write to the devices, everything but execution and special files below `scratch`, no TCP,
/// no abstract sockets or signals beyond this domain.
fn made(scratch: Option<&Path>) -> io::Result<RulesetCreated> {
    let read: BitFlags<AccessFs> = AccessFs::ReadFile | AccessFs::ReadDir | AccessFs::Execute;
    let special = AccessFs::MakeChar | AccessFs::MakeBlock | AccessFs::MakeSock | AccessFs::MakeFifo;
    let work = AccessFs::from_all(NEWEST) & !(special | AccessFs::Execute | AccessFs::IoctlDev);
    let mut rules = vec![("/", read), ("/dev", read | AccessFs::WriteFile)];
    if let Some(path) = scratch.and_then(Path::to_str) {
        rules.push((path, work));
    }
    let mut ruleset = Ruleset::default()
        .handle_access(AccessFs::from_all(NEWEST))
        .and_then(|ruleset| ruleset.handle_access(AccessNet::from_all(NEWEST)))
        .and_then(|ruleset| ruleset.scope(Scope::from_all(NEWEST)))
        .and_then(Ruleset::create)
        .map_err(io::Error::other)?;
    for (path, access) in rules {
        let fd = PathFd::new(path).map_err(io::Error::other)?;
        ruleset = ruleset.add_rule(PathBeneath::new(fd, access)).map_err(io::Error::other)?;
    }
    Ok(ruleset)
}
