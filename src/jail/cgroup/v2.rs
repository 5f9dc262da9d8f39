//! Version 2: one tree. The worker moves itself into a leaf of its own first, because a group with processes may
//! not hand controllers to groups below it (cgroup-v2.rst, "No Internal Process Constraint").
//!
//! A job is born in its leaf. The kernel asks of who forks it what it asks of who moves a process: the right to write
//! `cgroup.procs` of the leaf and of the group above both, and, where the tree is mounted with `nsdelegate`, that both are
//! below the root of its cgroup namespace. So jailers, and with them templates and slots, live beside the leaves, in
//! `jailer`, and the two files are given to the user that they are.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Group, Leaf, LeafLimits, LeafUsage, files};

/// The worker's group.
#[derive(Debug)]
pub(super) struct GroupV2 {
    dir: PathBuf,
    /// The user that forks jobs, where it is not the worker's own.
    forker: Option<u32>,
}

/// Where a worker sits, below the group in which it was started.
pub(super) const SEAT: &str = "cellblock-worker";

/// Where jailers are, below the worker's group.
const JAILERS: &str = "jailer";

/// Where a process is moved by, and what the right to fork into a group is read from.
const ENTRY: &str = "cgroup.procs";

/// Processor time is counted without a controller.
const CONTROLLERS: &str = "+memory +pids";

impl GroupV2 {
    /// Makes a group called `name` below `own`, the group in which this process is.
    pub(super) fn create(own: &Path, name: &str, forker: Option<u32>) -> io::Result<Self> {
        if !has_controllers(own)? {
            let seat = own.join(SEAT);
            files::make_dir_once(&seat)?;
            files::write(&seat.join(ENTRY), "0")?;
            files::write(&own.join("cgroup.subtree_control"), CONTROLLERS).map_err(|error| {
                let is_shared = error.kind() == io::ErrorKind::ResourceBusy;
                if is_shared { io::Error::new(error.kind(), format!("{error}: others are in it")) } else { error }
            })?;
        }
        let dir = own.join(name);
        files::make_dir(&dir)?;
        let group = Self { dir, forker };
        files::write(&group.dir.join("cgroup.subtree_control"), CONTROLLERS)?;
        files::make_dir(&group.dir.join(JAILERS))?;
        group.give(&group.dir)?;
        Ok(group)
    }

    /// Lets jobs be forked into a directory.
    fn give(&self, dir: &Path) -> io::Result<()> {
        self.forker.map_or(Ok(()), |uid| files::give(&dir.join(ENTRY), uid))
    }
}

fn has_controllers(own: &Path) -> io::Result<bool> {
    let enabled = files::read(&own.join("cgroup.subtree_control"))?;
    Ok(["memory", "pids"].iter().all(|wanted| enabled.split_whitespace().any(|found| found == *wanted)))
}

impl Group for GroupV2 {
    fn leaf(&self, name: &str) -> io::Result<Box<dyn Leaf>> {
        let dir = self.dir.join(name);
        files::make_dir(&dir)?;
        let leaf = LeafV2 { dir };
        self.give(&leaf.dir)?;
        Ok(Box::new(leaf))
    }

    fn seat(&self, jailer: u32) -> io::Result<()> {
        files::write(&self.dir.join(JAILERS).join(ENTRY), &jailer.to_string())
    }

    fn has_births(&self) -> bool {
        true
    }

    fn version(&self) -> &'static str {
        "v2"
    }
}

impl Drop for GroupV2 {
    fn drop(&mut self) {
        let removed = files::remove_dir(&self.dir.join(JAILERS)).and_then(|()| files::remove_dir(&self.dir));
        if let Err(error) = removed {
            tracing::warn!(%error, "left a cgroup behind; the next start removes it");
        }
    }
}

#[derive(Debug)]
struct LeafV2 {
    dir: PathBuf,
}

impl Leaf for LeafV2 {
    fn entries(&self) -> io::Result<Vec<File>> {
        Ok(vec![files::open_for_writing(&self.dir.join(ENTRY))?])
    }

    fn directory(&self) -> io::Result<File> {
        files::open_directory(&self.dir)
    }

    fn restart(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn limit(&self, limits: LeafLimits) -> io::Result<()> {
        files::write_if_there(&self.dir.join("memory.swap.max"), "0")?;
        files::write(&self.dir.join("memory.max"), &limits.memory_bytes.to_string())?;
        files::write(&self.dir.join("pids.max"), &limits.pids.to_string())
    }

    fn cpu_us(&self) -> io::Result<u64> {
        files::read_keyed(&self.dir.join("cpu.stat"), "usage_usec")
    }

    fn usage(&self) -> io::Result<LeafUsage> {
        // memory.peak is there from 5.19; before, the charge at the end is the best there is.
        let peak = files::read_number(&self.dir.join("memory.peak"))
            .or_else(|_| files::read_number(&self.dir.join("memory.current")))?;
        let events = self.dir.join("memory.events");
        let oom_kills = files::read_keyed(&events, "oom_kill")?;
        // "oom" counts how often an allocation was about to fail at this leaf's own limit.
        let is_pressed = oom_kills > 0 && files::read_keyed(&events, "oom")? == 0;
        Ok(LeafUsage { cpu_us: self.cpu_us()?, memory_peak_bytes: peak, oom_kills, is_pressed })
    }

    fn remove(&self) -> io::Result<()> {
        files::remove_dir(&self.dir)
    }
}
