//! Which store and queue a service works on: the one place that chooses.

use std::path::Path;
use std::sync::Arc;

use crate::ports::{QueueError, StoreError, WallClock};
use crate::queue::EmbeddedQueue;
use crate::store::EmbeddedStore;
use crate::sys::clock;

/// Messages that wait in one lane at most.
const MAX_DEPTH: u64 = 1_000_000;

/// Why the adapters cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum AdaptersError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue's.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// The embedded pair, in one file.
pub(super) type Adapters = (Arc<EmbeddedStore>, Arc<EmbeddedQueue>);

/// Opens the pair in the file at `state`, or makes it. Blocks while it does.
///
/// # Errors
/// [`AdaptersError`] names the file.
pub(super) async fn open_adapters(state: &Path) -> Result<Adapters, AdaptersError> {
    let wall = WallClock::new(clock::unix_now);
    // The queue first: its lock proves that no other process works on the file, so that claims of an earlier one are void.
    let queue = EmbeddedQueue::open(state, wall.clone(), MAX_DEPTH)?;
    let store = EmbeddedStore::open(state, wall)?;
    store.release_all().await?;
    Ok((Arc::new(store), Arc::new(queue)))
}
