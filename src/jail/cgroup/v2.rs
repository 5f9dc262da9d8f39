//! Version 2: one tree. The worker moves itself into a leaf of its own first, because a group with processes may
//! not hand controllers to groups below it (cgroup-v2.rst, "No Internal Process Constraint").

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};

use super::{Group, Leaf, LeafLimits, LeafUsage, files};

/// The worker's group.
#[derive(Debug)]
pub(super) struct GroupV2 {
    dir: PathBuf,
}

/// Where a worker sits, below the group in which it was started.
pub(super) const SEAT: &str = "cellblock-worker";

const CONTROLLERS: &str = "+memory +pids +cpu";

impl GroupV2 {
    /// Makes a group called `name` below `own`, the group in which this process is.
    pub(super) fn create(own: &Path, name: &str) -> io::Result<Self> {
        let dir = own.join(name);
        if !has_controllers(own)? {
            let seat = own.join(SEAT);
            if !seat.is_dir() {
                files::make_dir(&seat)?;
            }
            files::write(&seat.join("cgroup.procs"), "0")?;
            files::write(&own.join("cgroup.subtree_control"), CONTROLLERS)?;
        }
        files::make_dir(&dir)?;
        files::write(&dir.join("cgroup.subtree_control"), CONTROLLERS)?;
        Ok(Self { dir })
    }
}

fn has_controllers(own: &Path) -> io::Result<bool> {
    let enabled = files::read(&own.join("cgroup.subtree_control"))?;
    Ok(["memory", "pids", "cpu"].iter().all(|wanted| enabled.split_whitespace().any(|found| found == *wanted)))
}

impl Group for GroupV2 {
    fn leaf(&self, name: &str) -> io::Result<Box<dyn Leaf>> {
        let dir = self.dir.join(name);
        files::make_dir(&dir)?;
        Ok(Box::new(LeafV2 { dir }))
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
        if let Err(error) = files::remove_dir(&self.dir) {
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
        Ok(vec![files::open_for_writing(&self.dir.join("cgroup.procs"))?])
    }

    fn directory(&self) -> io::Result<File> {
        files::open_directory(&self.dir)
    }

    fn restart(&self) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    fn limit(&self, limits: LeafLimits) -> io::Result<()> {
        files::write_if_there(&self.dir.join("memory.swap.max"), "0")?;
        // All of a job dies or none of it.
        files::write_if_there(&self.dir.join("memory.oom.group"), "1")?;
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
        Ok(LeafUsage {
            cpu_us: self.cpu_us()?,
            memory_peak_bytes: peak,
            oom_kills: files::read_keyed(&self.dir.join("memory.events"), "oom_kill")?,
        })
    }

    fn remove(&self) -> io::Result<()> {
        files::remove_dir(&self.dir)
    }
}
