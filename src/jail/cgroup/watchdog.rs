//! Where there is no usable group and the configuration accepts it: the worker looks, again and again, at what a job holds
//! in memory and how long it has run, and stops it itself.
//!
//! This is weaker than a group, and verdicts say so. Between two looks a job may hold more than its limit. What it shares
//! with its template is not counted, nor are pipes and sockets; a thread counts as [`THREAD_BYTES`], and the number of
//! threads has no limit of its own. A process that has ended is not seen any more, so the last look is what is known of it.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use super::{Group, Leaf, LeafLimits, LeafUsage, files};
use crate::sys::process;

/// What the kernel holds for a thread, roughly: its stack and its structures.
const THREAD_BYTES: u64 = 64 << 10;

/// USER_HZ is 100 on every architecture that Cellblock runs on (proc_pid_stat(5)).
const TICK_US: u64 = 10_000;

/// No group at all.
#[derive(Debug)]
pub(super) struct Watchdog;

impl Watchdog {
    /// Checks that this kernel tells what is looked at.
    pub(super) fn create() -> io::Result<Self> {
        let pid = std::process::id();
        process::children(pid)?;
        look(pid).map(|_| Self)
    }
}

impl Group for Watchdog {
    fn leaf(&self, _name: &str) -> io::Result<Box<dyn Leaf>> {
        Ok(Box::new(WatchedLeaf::default()))
    }

    fn has_births(&self) -> bool {
        false
    }

    fn seat(&self, _jailer: u32) -> io::Result<()> {
        Ok(())
    }

    fn version(&self) -> &'static str {
        "watchdog"
    }
}

/// What one job is watched by.
#[derive(Debug, Default)]
struct WatchedLeaf {
    seen: Mutex<Seen>,
}

#[derive(Debug, Default)]
struct Seen {
    /// The init of the job's pid namespace.
    init: Option<u32>,
    limit_bytes: u64,
    /// Shared with the template when the job was forked.
    base_bytes: u64,
    peak_bytes: u64,
    cpu_us: u64,
}

/// What processes have used so far.
#[derive(Debug, Default, Clone, Copy)]
struct Sight {
    bytes: u64,
    cpu_us: u64,
}

impl Seen {
    /// Looks at all processes below init.
    fn look(&mut self) -> Sight {
        let pids = self.init.and_then(|init| process::children(init).ok()).unwrap_or_default();
        // One that ended between the two reads is not there any more.
        let all = pids.into_iter().filter_map(|pid| look(pid).ok());
        let sum = all
            .fold(Sight::default(), |sum, one| Sight { bytes: sum.bytes + one.bytes, cpu_us: sum.cpu_us + one.cpu_us });
        self.cpu_us = self.cpu_us.max(sum.cpu_us);
        self.peak_bytes = self.peak_bytes.max(sum.bytes.saturating_sub(self.base_bytes));
        sum
    }
}

impl WatchedLeaf {
    fn seen(&self) -> std::sync::MutexGuard<'_, Seen> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Leaf for WatchedLeaf {
    fn entries(&self) -> io::Result<Vec<File>> {
        Ok(Vec::new())
    }

    fn directory(&self) -> io::Result<File> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn restart(&self) -> io::Result<()> {
        let mut seen = self.seen();
        *seen = Seen { limit_bytes: seen.limit_bytes, ..Seen::default() };
        Ok(())
    }

    fn limit(&self, limits: LeafLimits) -> io::Result<()> {
        self.seen().limit_bytes = limits.memory_bytes;
        Ok(())
    }

    fn watch(&self, init: BorrowedFd<'_>) -> io::Result<()> {
        let pid = process::pid_of(init)?;
        let mut seen = self.seen();
        seen.init = pid;
        seen.base_bytes = seen.look().bytes;
        seen.peak_bytes = 0;
        Ok(())
    }

    fn is_overdrawn(&self) -> bool {
        let mut seen = self.seen();
        seen.init.is_some() && seen.look().bytes.saturating_sub(seen.base_bytes) > seen.limit_bytes
    }

    fn cpu_us(&self) -> io::Result<u64> {
        let mut seen = self.seen();
        seen.look();
        Ok(seen.cpu_us)
    }

    fn usage(&self) -> io::Result<LeafUsage> {
        let mut seen = self.seen();
        seen.look();
        Ok(LeafUsage { cpu_us: seen.cpu_us, memory_peak_bytes: seen.peak_bytes, ..LeafUsage::default() })
    }

    fn remove(&self) -> io::Result<()> {
        Ok(())
    }
}

fn look(pid: u32) -> io::Result<Sight> {
    let status = files::read(Path::new(&format!("/proc/{pid}/status")))?;
    let number = |name: &str| {
        let value = status.lines().find_map(|line| line.strip_prefix(name))?.split_whitespace().next()?;
        value.parse::<u64>().ok()
    };
    let kib: u64 = ["RssAnon:", "RssShmem:", "VmSwap:", "VmPTE:"].into_iter().filter_map(number).sum();
    let threads = number("Threads:").unwrap_or(1);
    let stat = files::read(Path::new(&format!("/proc/{pid}/stat")))?;
    // proc_pid_stat(5): utime and stime are fields 14 and 15; the name, field 2, may hold spaces.
    let after_name = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
    let ticks: u64 = after_name.split_whitespace().skip(11).take(2).filter_map(|text| text.parse::<u64>().ok()).sum();
    Ok(Sight { bytes: (kib << 10) + (threads - 1) * THREAD_BYTES, cpu_us: ticks * TICK_US })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_seen() {
        let sight = look(std::process::id()).unwrap();
        assert!(sight.bytes > 100 << 10, "{sight:?}");
        assert!(look(u32::MAX).is_err());
        assert!(Watchdog::create().is_ok());
    }
}
