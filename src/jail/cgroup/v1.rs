//! Version 1: the memory, pids and cpuacct hierarchies, each with a directory of its own.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::files::Counter;
use super::{Group, Leaf, LeafLimits, LeafUsage, files};

/// How far below its limit a leaf may have been when a charge was over it: a huge page, and as much again of what
/// processors keep in stock.
const LAST_CHARGE: u64 = 4 << 20;

/// The worker's group in each hierarchy.
#[derive(Debug)]
pub(super) struct GroupV1 {
    memory: PathBuf,
    pids: PathBuf,
    cpuacct: PathBuf,
}

impl GroupV1 {
    /// Makes a group called `name` below the given directories, in which this process is.
    pub(super) fn create(memory: &Path, pids: &Path, cpuacct: &Path, name: &str) -> io::Result<Self> {
        let group = Self { memory: memory.join(name), pids: pids.join(name), cpuacct: cpuacct.join(name) };
        for dir in group.dirs() {
            files::make_dir(dir)?;
        }
        Ok(group)
    }

    /// Hierarchies mounted together share a directory, which must be made and removed once.
    fn dirs(&self) -> Vec<&Path> {
        distinct(&[&self.memory, &self.pids, &self.cpuacct])
    }
}

fn distinct<'a>(paths: &[&'a PathBuf]) -> Vec<&'a Path> {
    let mut kept: Vec<&Path> = Vec::new();
    for path in paths {
        if !kept.contains(&path.as_path()) {
            kept.push(path);
        }
    }
    kept
}

impl Group for GroupV1 {
    fn leaf(&self, name: &str) -> io::Result<Box<dyn Leaf>> {
        let (memory, pids, cpuacct) = (self.memory.join(name), self.pids.join(name), self.cpuacct.join(name));
        for dir in distinct(&[&memory, &pids, &cpuacct]) {
            files::make_dir(dir)?;
        }
        let leaf = LeafV1 {
            oom_kills: Counter::open(memory.join("memory.oom_control"))?,
            charged: Counter::open(memory.join("memory.usage_in_bytes"))?,
            memory_peak: Counter::open_for_restarts(memory.join("memory.max_usage_in_bytes"))?,
            cpu: Counter::open(cpuacct.join("cpuacct.usage"))?,
            memory,
            pids,
            cpuacct,
        };
        Ok(Box::new(leaf))
    }

    fn has_births(&self) -> bool {
        false
    }

    fn seat(&self, _jailer: u32) -> io::Result<()> {
        Ok(())
    }

    fn version(&self) -> &'static str {
        "v1"
    }
}

impl Drop for GroupV1 {
    fn drop(&mut self) {
        for dir in self.dirs() {
            if let Err(error) = files::remove_dir(dir) {
                tracing::warn!(%error, "left a cgroup behind; the next start removes it");
            }
        }
    }
}

#[derive(Debug)]
struct LeafV1 {
    memory: PathBuf,
    pids: PathBuf,
    cpuacct: PathBuf,
    oom_kills: Counter,
    charged: Counter,
    memory_peak: Counter,
    cpu: Counter,
}

impl LeafV1 {
    fn dirs(&self) -> Vec<&Path> {
        distinct(&[&self.memory, &self.pids, &self.cpuacct])
    }
}

impl Leaf for LeafV1 {
    fn entries(&self) -> io::Result<Vec<File>> {
        // `tasks`, not `cgroup.procs`: the process is single-threaded when it enters, and moving a thread by itself
        // spares the lock that moving a process takes, which waits for an RCU grace period (some 4 ms each).
        self.dirs().into_iter().map(|dir| files::open_for_writing(&dir.join("tasks"))).collect()
    }

    fn directory(&self) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn restart(&self) -> io::Result<()> {
        self.memory_peak.restart()
    }

    fn limit(&self, limits: LeafLimits) -> io::Result<()> {
        let bytes = limits.memory_bytes.to_string();
        let (memory, with_swap) =
            (self.memory.join("memory.limit_in_bytes"), self.memory.join("memory.memsw.limit_in_bytes"));
        // Memory and swap together, where the kernel counts swap: equal to memory alone means no swap. Neither may ever be
        // above the other, so a rise begins with the one and a fall with the other.
        if files::write(&memory, &bytes).is_err() {
            files::write_if_there(&with_swap, &bytes)?;
            files::write(&memory, &bytes)?;
        }
        files::write_if_there(&with_swap, &bytes)?;
        files::write_if_there(&self.memory.join("memory.swappiness"), "0")?;
        files::write(&self.pids.join("pids.max"), &limits.pids.to_string())
    }

    fn charged_bytes(&self) -> io::Result<u64> {
        self.charged.read_number()
    }

    fn cpu_us(&self) -> io::Result<u64> {
        Ok(self.cpu.read_number()? / 1000)
    }

    fn usage(&self) -> io::Result<LeafUsage> {
        let oom_kills = self.oom_kills.read_keyed("oom_kill")?;
        let memory_peak_bytes = self.memory_peak.read_number()?;
        let is_pressed = oom_kills > 0
            && memory_peak_bytes.saturating_add(LAST_CHARGE)
                < files::read_number(&self.memory.join("memory.limit_in_bytes"))?;
        Ok(LeafUsage { cpu_us: self.cpu_us()?, memory_peak_bytes, oom_kills, is_pressed })
    }

    fn remove(&self) -> io::Result<()> {
        self.dirs().into_iter().try_for_each(files::remove_dir)
    }
}
