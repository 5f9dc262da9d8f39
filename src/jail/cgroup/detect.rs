//! Finding out which version this host gives and where this process is in it.

use std::io;
use std::path::{Path, PathBuf};

use super::{Group, v1, v2, watchdog};

/// Why there is no usable group.
#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    /// Neither version has the controllers.
    #[error(
        "no cgroup hierarchy with the memory and pids controllers is mounted; mount cgroup2 at /sys/fs/cgroup, or \
         start the container with its cgroup mounted"
    )]
    Missing,
    /// The hierarchy is there and refuses a group below ours.
    #[error(
        "no cgroup can be made below {}: {source}; run as root, or under systemd with Delegate=yes \
         (systemd-run --user --scope -p Delegate=yes …)", own.display()
    )]
    Refused {
        /// Where this process is.
        own: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// `/proc` does not say.
    #[error("cgroups of this process cannot be read: {0}")]
    Unreadable(#[from] io::Error),
}

/// What the configuration asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Need {
    /// A group, or nothing runs.
    Group,
    /// A watchdog that polls will do where there is no usable group.
    GroupOrWatchdog,
}

/// Where this process is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Version 1: this process's directory in each hierarchy.
    V1 {
        /// With the memory controller.
        memory: PathBuf,
        /// With the pids controller.
        pids: PathBuf,
        /// With the cpuacct controller.
        cpuacct: PathBuf,
    },
    /// Version 2: this process's directory.
    V2 {
        /// The directory.
        own: PathBuf,
    },
}

impl Found {
    /// Every directory, each once: hierarchies that are mounted together share one.
    #[must_use]
    pub(super) fn dirs(&self) -> Vec<&Path> {
        let mut dirs = match self {
            Self::V1 { memory, pids, cpuacct } => vec![memory.as_path(), pids, cpuacct],
            Self::V2 { own } => vec![own.as_path()],
        };
        dirs.sort_unstable();
        dirs.dedup();
        dirs
    }

    fn own(&self) -> &Path {
        match self {
            Self::V1 { memory, .. } => memory,
            Self::V2 { own } => own,
        }
    }
}

/// One mounted hierarchy, from a line of mountinfo (proc_pid_mountinfo(5)).
struct Mounted<'a> {
    root: &'a str,
    point: &'a str,
    is_v2: bool,
    options: &'a str,
}

fn parse_mount(line: &str) -> Option<Mounted<'_>> {
    let (mount, fs) = line.split_once(" - ")?;
    let mut mount = mount.split(' ').skip(3);
    let (root, point) = (mount.next()?, mount.next()?);
    let mut fs = fs.split(' ');
    let is_v2 = match fs.next()? {
        "cgroup" => false,
        "cgroup2" => true,
        _ => return None,
    };
    Some(Mounted { root, point, is_v2, options: fs.nth(1)? })
}

/// The directory of `path`, as `/proc/self/cgroup` gives it, below a mount whose root may be inside the hierarchy.
fn directory(mount: &Mounted<'_>, path: &str) -> PathBuf {
    let below = path.strip_prefix(mount.root).unwrap_or(path);
    Path::new(mount.point).join(below.trim_start_matches('/'))
}

/// A process that was started from a worker's seat, or put there by a container engine because a worker keeps the
/// container's own group free of processes, makes its groups beside that worker's.
fn outside_seat(own: PathBuf) -> PathBuf {
    match own.parent() {
        Some(parent) if own.ends_with(v2::SEAT) => parent.to_owned(),
        Some(_) | None => own,
    }
}

/// Reads the texts of `/proc/self/mountinfo` and `/proc/self/cgroup`. Version 1 wins where it has the memory
/// controller: a controller is in one version only.
#[must_use]
pub fn detect(mountinfo: &str, cgroup: &str) -> Option<Found> {
    let mounts: Vec<Mounted<'_>> = mountinfo.lines().filter_map(parse_mount).collect();
    let v1_dir = |controller: &str| {
        let has = |list: &str| list.split(',').any(|found| found == controller);
        let mount = mounts.iter().find(|mount| !mount.is_v2 && has(mount.options))?;
        let path = cgroup.lines().find_map(|line| {
            let mut parts = line.splitn(3, ':').skip(1);
            parts.next().filter(|list| has(list)).and(parts.next())
        })?;
        Some(directory(mount, path))
    };
    if let (Some(memory), Some(pids), Some(cpuacct)) = (v1_dir("memory"), v1_dir("pids"), v1_dir("cpuacct")) {
        return Some(Found::V1 { memory, pids, cpuacct });
    }
    let mount = mounts.iter().find(|mount| mount.is_v2)?;
    let path = cgroup.lines().find_map(|line| line.strip_prefix("0::"))?;
    Some(Found::V2 { own: outside_seat(directory(mount, path)) })
}

/// Makes the worker's group, called `cellblock-<pid>-<nonce>`, and removes those of workers that are gone. `forker` is the
/// user that forks jobs, where it is not this process's own.
///
/// # Errors
/// [`CgroupError`] says what is missing and what would provide it.
pub fn open_group(nonce: u64, forker: Option<u32>, need: Need) -> Result<Box<dyn Group>, CgroupError> {
    match (make_group(nonce, forker), need) {
        (Err(error), Need::GroupOrWatchdog) => {
            tracing::warn!(%error, "no usable cgroup: a watchdog polls what jobs use, as jail.cgroup = \"watchdog\" allows");
            Ok(Box::new(watchdog::Watchdog::create()?))
        }
        (made, Need::Group | Need::GroupOrWatchdog) => made,
    }
}

fn make_group(nonce: u64, forker: Option<u32>) -> Result<Box<dyn Group>, CgroupError> {
    let mountinfo = std::fs::read_to_string("/proc/self/mountinfo")?;
    let cgroup = std::fs::read_to_string("/proc/self/cgroup")?;
    let found = detect(&mountinfo, &cgroup).ok_or(CgroupError::Missing)?;
    if let Found::V2 { own } = &found {
        let available = std::fs::read_to_string(own.join("cgroup.controllers")).unwrap_or_default();
        let has = |wanted: &str| available.split_whitespace().any(|name| name == wanted);
        if !has("memory") || !has("pids") {
            return Err(CgroupError::Missing);
        }
    }
    let name = format!("cellblock-{}-{nonce:08x}", std::process::id());
    let made: io::Result<Box<dyn Group>> = match &found {
        Found::V1 { memory, pids, cpuacct } => {
            [memory, pids, cpuacct].into_iter().for_each(|dir| sweep(dir));
            v1::GroupV1::create(memory, pids, cpuacct, &name).map(|group| Box::new(group) as Box<dyn Group>)
        }
        Found::V2 { own } => {
            sweep(own);
            v2::GroupV2::create(own, &name, forker).map(|group| Box::new(group) as Box<dyn Group>)
        }
    };
    made.map_err(|source| CgroupError::Refused { own: found.own().to_owned(), source })
}

/// Removes groups of workers whose process is gone. A group that is still busy is left to a later start.
fn sweep(own: &Path) {
    let Ok(entries) = std::fs::read_dir(own) else { return };
    for entry in entries.flatten() {
        let name = entry.file_name();
        let pid = name.to_str().and_then(|name| name.strip_prefix("cellblock-")).and_then(|rest| rest.split_once('-'));
        let Some((pid, _)) = pid else { continue };
        if pid.parse::<u32>().is_err() || Path::new("/proc").join(pid).exists() {
            continue;
        }
        let leaves = std::fs::read_dir(entry.path()).into_iter().flatten().flatten();
        let dirs = leaves.filter(|leaf| leaf.file_type().is_ok_and(|kind| kind.is_dir())).map(|leaf| leaf.path());
        for dir in dirs.chain([entry.path()]) {
            if let Err(error) = std::fs::remove_dir(&dir) {
                tracing::debug!(path = %dir.display(), %error, "a group of a worker that is gone is still busy");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const V1: &str = "30 24 0:27 / /sys/fs/cgroup/memory rw,relatime shared:9 - cgroup cgroup rw,memory\n\
                      31 24 0:28 / /sys/fs/cgroup/pids rw - cgroup cgroup rw,pids\n\
                      32 24 0:29 / /sys/fs/cgroup/cpu,cpuacct rw - cgroup cgroup rw,cpu,cpuacct\n\
                      33 24 0:30 / /sys/fs/cgroup/unified rw - cgroup2 cgroup2 rw\n";

    #[test]
    fn version_one_gives_each_controllers_own_path() {
        let cgroup = "8:pids:/\n4:memory:/a/b\n2:cpu,cpuacct:/c\n0::/\n";
        let found = detect(V1, cgroup).unwrap();
        let expected = Found::V1 {
            memory: "/sys/fs/cgroup/memory/a/b".into(),
            pids: "/sys/fs/cgroup/pids".into(),
            cpuacct: "/sys/fs/cgroup/cpu,cpuacct/c".into(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn a_container_sees_its_own_part_of_the_hierarchy() {
        let mountinfo = V1.replace(" / /sys", " /docker/x /sys");
        let cgroup = "8:pids:/docker/x\n4:memory:/docker/x/y\n2:cpu,cpuacct:/docker/x\n";
        let Some(Found::V1 { memory, pids, .. }) = detect(&mountinfo, cgroup) else { panic!() };
        assert_eq!(memory, Path::new("/sys/fs/cgroup/memory/y"));
        assert_eq!(pids, Path::new("/sys/fs/cgroup/pids"));
    }

    #[test]
    fn version_two_is_taken_where_version_one_has_no_memory() {
        let mountinfo = "33 24 0:30 / /sys/fs/cgroup rw - cgroup2 cgroup2 rw,nsdelegate\n";
        let found = detect(mountinfo, "0::/system.slice/cellblock.service\n");
        assert_eq!(found, Some(Found::V2 { own: "/sys/fs/cgroup/system.slice/cellblock.service".into() }));
        let seated = detect(mountinfo, "0::/cellblock-worker\n");
        assert_eq!(seated, Some(Found::V2 { own: "/sys/fs/cgroup".into() }));
        assert_eq!(detect("1 2 0:3 / /proc rw - proc proc rw\n", "0::/\n"), None);
    }
}
