//! Handing this process's own groups to a user, as root and from inside a container.

use std::io;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sys::statvfs::{FsFlags, statvfs};

use super::{Found, files, v2};

/// What the owner of a part of the version 2 tree must be able to write, besides making directories
/// (cgroup-v2.rst, "Model of Delegation"). The limits of the part itself stay with root.
const V2_FILES: [&str; 3] = ["cgroup.procs", "cgroup.threads", "cgroup.subtree_control"];

/// Lets `uid` make groups below the ones in which this process is; mounts that are read-only become writable first. On
/// version 2 this process moves to a worker's seat, so that the group is free to be divided whatever the command starts.
/// The host's root groups are nobody's to hand over.
///
/// # Errors
/// The system's error with the path.
pub fn hand_over(found: &Found, uid: u32) -> io::Result<()> {
    for dir in found.dirs() {
        if is_hosts_root(found, dir) {
            return Err(files::named(dir, io::Error::other("the root group of the host; drop-root is for containers")));
        }
        make_writable(dir).map_err(|error| files::named(dir, error))?;
    }
    if let Found::V2 { own } = found {
        take_seat(&own.join(v2::SEAT), uid)?;
        give_files(own, uid)?;
    }
    found.dirs().into_iter().try_for_each(|dir| files::give(dir, uid))
}

/// What was given away is not root's to write any more: a container's root has no capability to write what is another's.
fn take_seat(seat: &Path, uid: u32) -> io::Result<()> {
    files::make_dir_once(seat)?;
    files::write(&seat.join("cgroup.procs"), "0")?;
    give_files(seat, uid)?;
    files::give(seat, uid)
}

fn give_files(dir: &Path, uid: u32) -> io::Result<()> {
    V2_FILES.iter().try_for_each(|name| files::give(&dir.join(name), uid))
}

/// Only the root of a version 1 hierarchy has a release agent, and only that of version 2 has no type.
fn is_hosts_root(found: &Found, dir: &Path) -> bool {
    match found {
        Found::V1 { .. } => dir.join("release_agent").exists(),
        Found::V2 { .. } => !dir.join("cgroup.type").exists(),
    }
}

/// A container sees its own group as the root of a mount, which its engine makes read-only. A group that is no root
/// of a mount is refused with `EINVAL`: the mount is the host's then, and not for us to change.
fn make_writable(dir: &Path) -> io::Result<()> {
    if !statvfs(dir)?.flags().contains(FsFlags::ST_RDONLY) {
        return Ok(());
    }
    let kept = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    Ok(mount(None::<&str>, dir, None::<&str>, MsFlags::MS_REMOUNT | MsFlags::MS_BIND | kept, None::<&str>)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hosts_root_group_is_kept() {
        let dir = tempfile::tempdir().unwrap();
        let path = || dir.path().to_owned();
        std::fs::write(dir.path().join("release_agent"), "").unwrap();
        let v1 = Found::V1 { memory: path(), pids: path(), cpuacct: path() };
        for found in [v1, Found::V2 { own: path() }] {
            let error = hand_over(&found, 10_001).unwrap_err();
            assert!(error.to_string().contains("root group of the host"), "{error}");
        }
    }
}
