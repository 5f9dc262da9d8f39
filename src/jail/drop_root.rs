//! Giving up root before anything else happens: the first thing that a container runs.
//!
//! # Theory of operation
//!
//! Groups for jobs can be made only by whoever owns the group above them, and a container engine gives that to root
//! alone, as a rule read-only. So the container starts as root, with the few capabilities that this takes, and this
//! step uses them up:
//!
//! 1. the container's own groups become writable and [`UID`]'s ([`cgroup::hand_over`]);
//! 2. a helper is forked, which keeps the capabilities;
//! 3. this process enters a new user namespace, which takes every capability over the container and the host from it;
//! 4. the helper, which is allowed to, maps [`UID`] as this namespace's root, and the range for slots where it is of
//!    use; it ends;
//! 5. this process becomes that root, can gain nothing by exec any more, and goes on as the command.
//!
//! The command then has over the host what the user [`UID`] has, and builds jails as root of its own namespace. With
//! version 1 of cgroups there is no range: entering a group takes the same user as opening it did
//! (`__cgroup1_procs_write`), and the jailer's root is another one then.
//!
//! Never done: going on as root because a step of these was refused.

use std::ffi::{CString, OsString};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;

use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::unistd::{Gid, Uid, execvp, geteuid, getpid, setgroups, setresgid, setresuid};

use super::cgroup::{self, Found};
use super::plan::IdMap;
use crate::sys::process::{self, Forked};

/// The user that is left. Not a user of any distribution; the image's state directory is its own.
pub const UID: u32 = 10_001;

/// Why the command was not started.
#[derive(Debug, thiserror::Error)]
pub enum DropRootError {
    /// `/proc` does not say where this process is.
    #[error("this process's namespaces and groups cannot be read: {0}")]
    Unreadable(io::Error),
    /// The user namespace.
    #[error(
        "root cannot be given up: {step}: {source}; a container needs the capabilities SETUID and SETGID for it, and \
         the seccomp and AppArmor profiles of docker/README.md"
    )]
    Refused {
        /// What was tried.
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// The command itself.
    #[error("the command cannot be started: {0}")]
    Exec(io::Error),
}

fn at<E: Into<io::Error>>(step: &'static str) -> impl Fn(E) -> DropRootError {
    move |error| DropRootError::Refused { step, source: error.into() }
}

/// Gives up root and becomes `command`, a program with its arguments. Somebody who is not root has nothing to give up, and
/// becomes that at once. Returns only on failure; the caller has one thread.
#[must_use]
pub fn drop_root(command: &[OsString]) -> DropRootError {
    if geteuid().is_root()
        && let Err(error) = become_nobody()
    {
        return error;
    }
    let argv: Result<Vec<_>, _> = command.iter().map(|argument| CString::new(argument.as_bytes())).collect();
    match argv.as_deref() {
        Ok([]) => DropRootError::Exec(io::ErrorKind::InvalidInput.into()),
        Ok(argv @ [program, ..]) => match execvp(program, argv) {
            Ok(never) => match never {},
            Err(errno) => DropRootError::Exec(errno.into()),
        },
        Err(_) => DropRootError::Exec(io::ErrorKind::InvalidInput.into()),
    }
}

fn become_nobody() -> Result<(), DropRootError> {
    let read = |path: &str| std::fs::read_to_string(path).map_err(DropRootError::Unreadable);
    let found = cgroup::detect(&read("/proc/self/mountinfo")?, &read("/proc/self/cgroup")?);
    let handed_over = found.as_ref().map_or(Ok(()), |found| cgroup::hand_over(found, UID));
    if let Err(error) = handed_over {
        // Not every command runs jobs; one that does says what it lacks.
        tracing::warn!(
            %error,
            "no groups for jobs can be made; the container needs the capabilities SYS_ADMIN and CHOWN, or a writable \
             cgroup and CHOWN (docker/README.md)"
        );
    }
    let map = id_map(found.as_ref(), IdMap::choose(0, &read("/proc/self/uid_map")?));
    setgroups(&[]).map_err(at("setgroups"))?;
    enter_namespace(&map)?;
    let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
    setresgid(gid, gid, gid).map_err(at("setresgid"))?;
    setresuid(uid, uid, uid).map_err(at("setresuid"))?;
    prctl::set_no_new_privs().map_err(at("no_new_privs"))
}

/// The text of user_namespaces(7) for `uid_map` and `gid_map`. The range keeps its numbers, so that what the worker
/// chooses on a host it chooses here.
fn id_map(found: Option<&Found>, on_this_host: IdMap) -> String {
    let root = format!("0 {UID} 1\n");
    match (found, on_this_host) {
        (Some(Found::V2 { .. }), IdMap::Range { host_base, count }) => {
            format!("{root}{host_base} {host_base} {count}\n")
        }
        (Some(Found::V1 { .. }) | None, IdMap::Range { .. }) | (_, IdMap::Single) => root,
    }
}

fn enter_namespace(map: &str) -> Result<(), DropRootError> {
    let (mut entered, mut tell) = io::pipe().map_err(at("pipe"))?;
    let target = getpid();
    match process::fork_into(CloneFlags::empty()).map_err(at("clone3"))? {
        Forked::Child => {
            drop(tell);
            // The end without a byte: there is no new namespace, and nothing to write.
            let written = entered.read_exact(&mut [0]).and_then(|()| write_maps(target, map));
            process::exit_now(written.map_or_else(|error| error.raw_os_error().unwrap_or(1), |()| 0))
        }
        Forked::Parent { pid, .. } => {
            drop(entered);
            let unshared = unshare(CloneFlags::CLONE_NEWUSER).map_err(at("unshare of a user namespace"));
            let told = unshared.and_then(|()| tell.write_all(&[1]).map_err(at("pipe")));
            drop(tell);
            let end = process::reap(pid).map_err(at("wait4"))?;
            told?;
            // wait(2): the status of a process that ended by itself is in the second byte.
            match end.status {
                0 => Ok(()),
                status => Err(at("uid_map")(io::Error::from_raw_os_error(status >> 8 & 0xff))),
            }
        }
    }
}

fn write_maps(target: nix::unistd::Pid, map: &str) -> io::Result<()> {
    std::fs::write(format!("/proc/{target}/gid_map"), map)?;
    std::fs::write(format!("/proc/{target}/uid_map"), map)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slots_keep_uids_of_their_own_where_the_groups_allow_it() {
        let v2 = Found::V2 { own: "/sys/fs/cgroup".into() };
        let v1 = Found::V1 { memory: "/m".into(), pids: "/p".into(), cpuacct: "/c".into() };
        let range = IdMap::choose(0, "0 0 4294967295\n");
        assert_eq!(id_map(Some(&v2), range), "0 10001 1\n1900000000 1900000000 65536\n");
        assert_eq!(id_map(Some(&v1), range), "0 10001 1\n");
        assert_eq!(id_map(None, range), "0 10001 1\n");
        assert_eq!(id_map(Some(&v2), IdMap::Single), "0 10001 1\n");
    }

    #[test]
    fn the_range_is_found_again_inside() {
        let range = IdMap::choose(0, "0 0 4294967295\n");
        let v2 = Found::V2 { own: "/sys/fs/cgroup".into() };
        assert_eq!(IdMap::choose(0, &id_map(Some(&v2), range)), range);
    }
}
