//! Looking for what a run has left behind: processes, control groups, descriptors, mounts.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

use cellblock::jail::cgroup::{self, Found};
use cellblock::sys::clock;

use super::pace;

/// How long the kernel may take to end what was killed.
const GRACE: Duration = Duration::from_secs(2);

/// What there is of a worker or a lane.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Census {
    /// The jailer, while it lives.
    jailer: Option<Process>,
    /// Everything below it.
    pub(super) below: Vec<Process>,
    /// Directories of its control group, in every hierarchy, its own included.
    pub(super) groups: Vec<PathBuf>,
}

/// A process as /proc shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) pid: u32,
    parent: u32,
    name: String,
    state: char,
}

impl Process {
    /// Whether it runs this program, and not an interpreter.
    pub(super) fn is_ours(&self) -> bool {
        self.name == "cellblock"
    }

    /// Whether it is the same process, and not a later one with its number. One that has ended and waits to be
    /// reaped is none.
    pub(super) fn is_same(&self, other: &Self) -> bool {
        (self.pid, &self.name) == (other.pid, &other.name) && self.state != 'Z'
    }
}

/// How far below the jailer, and what is there ([`Census::at`]).
pub(super) const TEMPLATE: usize = 2;
pub(super) const SLOT: usize = 3;
pub(super) const INIT: usize = 4;
pub(super) const JOB: usize = 5;

impl Census {
    /// Whether there is no job: at most the jailer's inner process, below it two templates and the init of a spare
    /// interpreter, and below those two warm slots and that interpreter. What is further below is a job's.
    pub(super) fn is_at_rest(&self) -> bool {
        let at = |depth: usize| self.at(depth).count();
        let known = [(1, 1), (2, 3), (3, 3)];
        let all: usize = known.iter().map(|(depth, _)| at(*depth)).sum();
        known.iter().all(|(depth, most)| at(*depth) <= *most) && all == self.below.len() && self.leaves() <= 3
    }

    /// Those that are so far below the jailer, whose inner process is at 1. Of an interpreter of its own, the init is where a
    /// template would be, and the job where a slot would.
    pub(super) fn at(&self, depth: usize) -> impl Iterator<Item = &Process> {
        self.below.iter().filter(move |process| self.depth(process) == depth)
    }

    /// How far a process is below the jailer.
    fn depth(&self, process: &Process) -> usize {
        let above = self.below.iter().find(|above| above.pid == process.parent);
        1 + above.map_or(0, |above| self.depth(above))
    }

    /// Whether nothing is left at all.
    pub(super) fn is_empty(&self) -> bool {
        self.jailer.is_none() && self.below.is_empty() && self.groups.is_empty()
    }

    /// Leaves in the hierarchy that has most of them.
    pub(super) fn leaves(&self) -> usize {
        let mut counts: BTreeMap<&Path, usize> = BTreeMap::new();
        for path in &self.groups {
            let parent = path.parent().unwrap_or(path);
            if self.groups.iter().any(|group| group == parent) {
                *counts.entry(parent).or_default() += 1;
            }
        }
        counts.into_values().max().unwrap_or(0)
    }
}

/// Looks at a jailer and at the control group of this name.
pub(super) fn census(jailer: Option<u32>, group: &str) -> Census {
    let all = processes();
    let known = jailer.and_then(|pid| all.iter().find(|process| process.pid == pid).cloned());
    let below = jailer.map(|pid| below(&all, pid)).unwrap_or_default();
    let mut groups = Vec::new();
    for hierarchy in hierarchies() {
        let own = hierarchy.join(group);
        if own.is_dir() {
            let entries = std::fs::read_dir(&own).into_iter().flatten().flatten().map(|entry| entry.path());
            groups.extend(entries.filter(|path| path.is_dir()));
            groups.push(own);
        }
    }
    Census { jailer: known, below, groups }
}

/// The control groups of a worker.
pub(super) fn groups_of(worker: u32) -> Vec<PathBuf> {
    let prefix = format!("cellblock-{worker}-");
    let entries = hierarchies().into_iter().flat_map(|own| std::fs::read_dir(own).unwrap().flatten());
    let ours = entries.filter(|entry| entry.file_name().to_string_lossy().starts_with(&prefix));
    ours.map(|entry| entry.path()).collect()
}

/// Every process.
pub(super) fn processes() -> Vec<Process> {
    let entries = std::fs::read_dir("/proc").unwrap().flatten();
    let pids = entries.filter_map(|entry| entry.file_name().to_str().and_then(|name| name.parse().ok()));
    pids.filter_map(process).collect()
}

/// proc_pid_stat(5): pid, name in parentheses, state, parent.
fn process(pid: u32) -> Option<Process> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (name, rest) = stat.split_once('(')?.1.rsplit_once(')')?;
    let mut words = rest.split_whitespace();
    let state = words.next()?.chars().next()?;
    Some(Process { pid, parent: words.next()?.parse().ok()?, name: name.to_owned(), state })
}

/// proc_pid_status(5): a field of a process's memory.
pub(super) fn status_kib(pid: u32, field: &str) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).ok()?;
    let value = status.lines().find_map(|line| line.strip_prefix(field)?.strip_prefix(':'))?;
    value.trim().strip_suffix(" kB")?.parse().ok()
}

/// The descendants of a process.
pub(super) fn below(all: &[Process], pid: u32) -> Vec<Process> {
    let mut found: Vec<Process> = Vec::new();
    let mut parents = vec![pid];
    while let Some(parent) = parents.pop() {
        let children: Vec<Process> = all.iter().filter(|process| process.parent == parent).cloned().collect();
        parents.extend(children.iter().map(|child| child.pid));
        found.extend(children);
    }
    found
}

/// Where control groups of this process are made.
pub(super) fn hierarchies() -> Vec<PathBuf> {
    let read = |path: &str| std::fs::read_to_string(path).unwrap();
    match cgroup::detect(&read("/proc/self/mountinfo"), &read("/proc/self/cgroup")) {
        Some(Found::V1 { memory, pids, cpuacct }) => vec![memory, pids, cpuacct],
        Some(Found::V2 { own }) => vec![own],
        None => panic!("this host has no usable control groups"),
    }
}

/// Descriptors of this process of the kinds that a jail's client makes. Other tests of the same process have
/// files and timers of their own.
pub(super) fn descriptors() -> usize {
    let packet_sockets = packet_sockets();
    let is_ours = |target: String| {
        target.starts_with("pipe:")
            || target.contains("[pidfd")
            || target.contains("seccomp")
            || target.starts_with("/sys/fs/cgroup")
            || target.strip_prefix("socket:[").is_some_and(|rest| packet_sockets.iter().any(|inode| rest == inode))
    };
    let entries = std::fs::read_dir("/proc/self/fd").unwrap().flatten();
    let targets = entries.filter_map(|entry| std::fs::read_link(entry.path()).ok());
    targets.filter(|target| is_ours(target.display().to_string())).count()
}

/// proc_net_unix(5): the fifth column is the type, 5 for SOCK_SEQPACKET, the seventh the inode. Each inode with
/// the bracket that ends it in a link of /proc/self/fd.
fn packet_sockets() -> Vec<String> {
    let table = std::fs::read_to_string("/proc/net/unix").unwrap();
    let rows = table.lines().map(|line| line.split_whitespace().collect::<Vec<_>>());
    let rows = rows.filter(|row| row.get(4) == Some(&"0005"));
    rows.filter_map(|row| row.get(6).map(|inode| format!("{inode}]"))).collect()
}

/// Mounts in this process's namespace.
pub(super) fn mounts() -> Vec<String> {
    std::fs::read_to_string("/proc/self/mountinfo").unwrap().lines().map(str::to_owned).collect()
}

/// Tries again until it is so, or the time that the kernel may take is over.
pub(super) async fn eventually<T, E, F: Future<Output = Result<T, E>>>(attempt: impl FnMut() -> F) -> Result<T, E> {
    within(pace::at_most(GRACE), attempt).await
}

/// Tries again until it is so, or this time is over.
pub(super) async fn within<T, E, F: Future<Output = Result<T, E>>>(
    time: Duration,
    mut attempt: impl FnMut() -> F,
) -> Result<T, E> {
    let end = clock::now() + time;
    loop {
        match attempt().await {
            Err(_) if clock::now() < end => tokio::time::sleep(Duration::from_millis(10)).await,
            other => return other,
        }
    }
}
