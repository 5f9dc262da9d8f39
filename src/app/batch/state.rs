//! The state file.

use std::ffi::OsString;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::run::BatchError;
use crate::ports::{QueueError, StoreError, WallClock};
use crate::queue::EmbeddedQueue;
use crate::store::EmbeddedStore;
use crate::sys::clock;
use crate::telemetry::Telemetry;

/// Messages in the queue: one for each chunk of the window, so this is never reached.
const MAX_DEPTH: u64 = 100_000;

/// Queue and store in one file, which is removed when the run is over.
#[derive(Debug)]
pub(super) struct StateFile {
    pub(super) path: PathBuf,
    pub(super) store: Arc<EmbeddedStore>,
    pub(super) queue: Arc<EmbeddedQueue>,
}

/// Where the state of a run with this output is.
pub(super) fn path_of(out: &Path) -> PathBuf {
    with_ending(out, ".state")
}

fn with_ending(path: &Path, ending: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(ending);
    PathBuf::from(name)
}

impl StateFile {
    /// Opens the state at `path`, or makes it; with `restart` a new one in any case.
    pub(super) async fn open(path: &Path, restart: bool, telemetry: &Telemetry) -> Result<Self, BatchError> {
        let wall = WallClock::new(clock::unix_now);
        if restart && path.exists() {
            // Its queue's lock proves that nobody uses what is about to be removed. What cannot be read is removed too.
            match EmbeddedQueue::open(path, wall.clone(), MAX_DEPTH) {
                Err(error @ (QueueError::Unavailable(_) | QueueError::Unroutable(_))) => return Err(error.into()),
                Ok(_) | Err(QueueError::Broken(_)) => remove(path).map_err(BatchError::Remove)?,
            }
        }
        // The queue first: it has the lock.
        let queue = EmbeddedQueue::open(path, wall.clone(), MAX_DEPTH).map_err(|error| match error {
            QueueError::Broken(reason) => BatchError::BrokenState { state: path.to_owned(), reason },
            QueueError::Unavailable(_) | QueueError::Unroutable(_) => error.into(),
        })?;
        let store = EmbeddedStore::open(path, wall).map_err(|error| match error {
            StoreError::Broken(reason) => BatchError::BrokenState { state: path.to_owned(), reason },
            StoreError::Unavailable(_) | StoreError::Full(_) | StoreError::Unknown(_) => error.into(),
        })?;
        let store = store.reporting_to(telemetry.clone());
        store.release_all().await?;
        Ok(Self { path: path.to_owned(), store: Arc::new(store), queue: Arc::new(queue) })
    }

    /// The run is over.
    pub(super) fn remove(self) -> io::Result<()> {
        let Self { path, store, queue } = self;
        // Closed first, so that SQLite has nothing more to write.
        drop((store, queue));
        remove(&path)
    }
}

fn remove(path: &Path) -> io::Result<()> {
    // The database first: without it, the others are never read.
    for ending in ["", "-wal", "-shm", ".lock"] {
        match std::fs::remove_file(with_ending(path, ending)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
    }
    Ok(())
}
