//! The batch as the store sees it, read again whenever something may have changed.

use std::time::Duration;

use tokio::sync::{Notify, watch};

use crate::job::{BatchId, OutcomeCounts};
use crate::ports::{BatchProgress, Store, StoreError};

/// Shortest time between two looks.
const PACE: Duration = Duration::from_millis(5);

/// Longest time between two looks.
const IDLE: Duration = Duration::from_millis(500);

/// What whoever watches a run is shown.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct BatchStatus {
    /// Items in the file; 0 while they are being counted.
    pub total: u64,
    /// Items with a result, by outcome.
    pub counts: OutcomeCounts,
    /// Items that had a result before this run.
    pub resumed: u64,
}

/// Looks until the batch is final: whenever a delivery is settled or the batch is sealed, and now and then.
pub(super) async fn follow<S: Store>(
    store: &S,
    batch: &BatchId,
    mut settled: watch::Receiver<u64>,
    sealed: &Notify,
    progress: &watch::Sender<BatchProgress>,
    status: &watch::Sender<BatchStatus>,
) -> Result<(), StoreError> {
    loop {
        settled.mark_unchanged();
        let found = store.batch(batch).await?.ok_or_else(|| StoreError::Unknown(format!("batch {batch}")))?;
        status.send_if_modified(|status| {
            let is_news = status.counts != found.counts;
            status.counts.clone_from(&found.counts);
            is_news
        });
        let is_final = found.state.is_final();
        progress.send_if_modified(|known| {
            let is_news = *known != found;
            *known = found;
            is_news
        });
        if is_final {
            return Ok(());
        }
        tokio::time::sleep(PACE).await;
        tokio::select! {
            // Changes as long as there is a worker.
            Ok(()) = settled.changed() => {}
            () = sealed.notified() => {}
            () = tokio::time::sleep(IDLE) => {}
        }
    }
}
