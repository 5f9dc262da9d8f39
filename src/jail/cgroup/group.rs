//! What a control group can do, whatever its version.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;

/// What a leaf is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafLimits {
    /// Memory in bytes: heap, mappings, tmpfs, page cache. Swap is off.
    pub memory_bytes: u64,
    /// Tasks: the process and its threads.
    pub pids: u32,
}

impl LeafLimits {
    /// The same for a job that shares its leaf with so many tasks of ours.
    #[must_use]
    pub const fn beside(self, tasks: u32) -> Self {
        Self { memory_bytes: self.memory_bytes, pids: self.pids.saturating_add(tasks) }
    }
}

/// What a leaf has counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeafUsage {
    /// Processor time, user and system, in microseconds.
    pub cpu_us: u64,
    /// Highest memory charge in bytes.
    pub memory_peak_bytes: u64,
    /// Processes of this leaf that the kernel killed for memory.
    pub oom_kills: u64,
    /// Whether that was for another limit than the leaf's: the host's, or that of a group above. False without a kill.
    pub is_pressed: bool,
}

/// The worker's own group, below the one it was started in.
pub trait Group: Send + Sync + std::fmt::Debug {
    /// Makes a leaf without limits.
    ///
    /// # Errors
    /// The system's error with the path.
    fn leaf(&self, name: &str) -> io::Result<Box<dyn Leaf>>;

    /// Whether a process can be born in a leaf, so that each job gets one of its own. Elsewhere moving it there costs more
    /// than all else of a job, so a slot lives in one leaf with its jobs.
    fn has_births(&self) -> bool;

    /// Puts a jailer, which has not forked yet, where jobs can be born from.
    ///
    /// # Errors
    /// The system's error with the path.
    fn seat(&self, jailer: u32) -> io::Result<()>;

    /// Which version it is.
    fn version(&self) -> &'static str;
}

/// A group for one interpreter. It is removed with [`Leaf::remove`] once its processes are gone.
pub trait Leaf: Send + Sync + std::fmt::Debug {
    /// The entry file of each hierarchy, opened for writing: a single-threaded process that writes "0" to all of
    /// them is in the leaf.
    ///
    /// # Errors
    /// The system's error with the path.
    fn entries(&self) -> io::Result<Vec<File>>;

    /// The leaf's directory, for CLONE_INTO_CGROUP.
    ///
    /// # Errors
    /// The system's error with the path; `Unsupported` where no process can be born in it.
    fn directory(&self) -> io::Result<File>;

    /// Has the leaf count the memory of the next job from here. The other counters only grow.
    ///
    /// # Errors
    /// The system's error with the path; `Unsupported` where the kernel cannot do that.
    fn restart(&self) -> io::Result<()>;

    /// Says which init's children are the job, by its pidfd. The kernel knows for a group; a watchdog has to be told.
    ///
    /// # Errors
    /// The system's error.
    fn watch(&self, _init: BorrowedFd<'_>) -> io::Result<()> {
        Ok(())
    }

    /// Whether a watchdog sees more memory in use than is allowed. A group's own limit is held by the kernel.
    fn is_overdrawn(&self) -> bool {
        false
    }

    /// Sets the limits.
    ///
    /// # Errors
    /// The system's error with the path; `ResourceBusy` when the leaf already uses more memory than that.
    fn limit(&self, limits: LeafLimits) -> io::Result<()>;

    /// Memory that is charged to it now, whoever is left in it, in bytes; 0 where nobody counts.
    ///
    /// # Errors
    /// The system's error with the path.
    fn charged_bytes(&self) -> io::Result<u64> {
        Ok(0)
    }

    /// Processor time so far, in microseconds.
    ///
    /// # Errors
    /// The system's error with the path.
    fn cpu_us(&self) -> io::Result<u64>;

    /// All counters.
    ///
    /// # Errors
    /// The system's error with the path.
    fn usage(&self) -> io::Result<LeafUsage>;

    /// Removes the leaf.
    ///
    /// # Errors
    /// The system's error with the path; `ResourceBusy` while a process is in it.
    fn remove(&self) -> io::Result<()>;
}
