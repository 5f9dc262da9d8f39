//! Control groups: one leaf for each interpreter, with memory and pids limits and the counters that prove why
//! it died. Version 1 and version 2 behind one pair of traits.

mod detect;
mod v1;
mod v2;

use std::fs::File;
use std::io;

pub use detect::{CgroupError, Found, detect, open_group};

/// What a leaf is limited to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeafLimits {
    /// Memory in bytes: heap, mappings, tmpfs, page cache. Swap is off.
    pub memory_bytes: u64,
    /// Tasks: the process and its threads.
    pub pids: u32,
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
}

/// The worker's own group, below the one it was started in.
pub trait Group: Send + Sync + std::fmt::Debug {
    /// Makes a leaf without limits.
    ///
    /// # Errors
    /// The system's error with the path.
    fn leaf(&self, name: &str) -> io::Result<Box<dyn Leaf>>;

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

    /// Sets the limits; once in a leaf's life.
    ///
    /// # Errors
    /// The system's error with the path; `ResourceBusy` when the leaf already uses more memory than that.
    fn limit(&self, limits: LeafLimits) -> io::Result<()>;

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

mod files {
    //! Reading and writing control files, with the path in every error.

    use std::io;
    use std::path::Path;

    fn named(path: &Path, error: io::Error) -> io::Error {
        // The raw number is lost in a wrapped error, and callers look at the kind only.
        io::Error::new(error.kind(), format!("{}: {error}", path.display()))
    }

    pub(super) fn write(path: &Path, value: &str) -> io::Result<()> {
        std::fs::OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|mut file| io::Write::write_all(&mut file, value.as_bytes()))
            .map_err(|error| named(path, error))
    }

    pub(super) fn write_if_there(path: &Path, value: &str) -> io::Result<()> {
        match write(path, value) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    pub(super) fn read(path: &Path) -> io::Result<String> {
        std::fs::read_to_string(path).map_err(|error| named(path, error))
    }

    pub(super) fn read_number(path: &Path) -> io::Result<u64> {
        let text = read(path)?;
        text.trim().parse().map_err(|_| io::Error::other(format!("{}: not a number: {text:?}", path.display())))
    }

    /// The number behind `key` in a file of `key number` lines; 0 when the key is not there.
    pub(super) fn read_keyed(path: &Path, key: &str) -> io::Result<u64> {
        let text = read(path)?;
        let mut rows = text.lines().filter_map(|line| line.split_once(' '));
        Ok(rows.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0))
    }

    pub(super) fn make_dir(path: &Path) -> io::Result<()> {
        std::fs::create_dir(path).map_err(|error| named(path, error))
    }

    pub(super) fn remove_dir(path: &Path) -> io::Result<()> {
        match std::fs::remove_dir(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other.map_err(|error| named(path, error)),
        }
    }

    pub(super) fn open_for_writing(path: &Path) -> io::Result<std::fs::File> {
        std::fs::OpenOptions::new().write(true).open(path).map_err(|error| named(path, error))
    }
}
