//! Batches whose upload broke off and that nobody can go on with.

use std::sync::{Mutex, PoisonError};

use tokio::sync::Notify;

use crate::job::BatchId;
use crate::ports::Store;

/// A list that grows where nothing can be awaited, because a client that goes away drops the upload at any point.
#[derive(Debug, Default)]
pub struct Abandoned {
    batches: Mutex<Vec<BatchId>>,
    added: Notify,
}

impl Abandoned {
    /// Puts a batch on the list.
    pub(super) fn add(&self, batch: BatchId) {
        self.batches.lock().unwrap_or_else(PoisonError::into_inner).push(batch);
        self.added.notify_one();
    }

    /// Cancels what is on the list as soon as it is there. Never ends by itself.
    pub async fn keep_cancelling<S: Store>(&self, store: &S) {
        loop {
            self.added.notified().await;
            self.cancel_all(store).await;
        }
    }

    /// Cancels what is on the list.
    pub async fn cancel_all<S: Store>(&self, store: &S) {
        let batches = std::mem::take(&mut *self.batches.lock().unwrap_or_else(PoisonError::into_inner));
        for batch in batches {
            if let Err(error) = store.cancel_batch(&batch).await {
                tracing::warn!(%error, %batch, "a batch whose upload broke off could not be cancelled");
            }
        }
    }
}
