//! Hints that running work is wanted no more.
//!
//! A claim finds the wishes before it, and whoever keeps it learns of later ones when it renews the lease. A hint makes it do so
//! at once, from the claim on; one that is missed costs the time until the next renewal and no more.

use tokio::sync::broadcast;
use tokio::sync::broadcast::error::RecvError;

use crate::job::{BatchId, JobId, WorkId};

/// Hints that a keeper may fall behind by before it looks without one.
const BACKLOG: usize = 64;

/// Where hints are given, and heard by the keepers of a worker's claims.
#[derive(Debug, Clone)]
pub struct StopHints(broadcast::Sender<Hint>);

#[derive(Debug, Clone)]
enum Hint {
    Job(JobId),
    Batch(BatchId),
}

impl Hint {
    fn is_about(&self, work: &WorkId) -> bool {
        match (self, work) {
            (Self::Job(hinted), WorkId::Job(job)) => hinted == job,
            (Self::Batch(hinted), WorkId::Chunk(batch, _)) => hinted == batch,
            (Self::Job(_) | Self::Batch(_), _) => false,
        }
    }
}

impl StopHints {
    /// Nobody listens yet.
    #[must_use]
    pub fn new() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }

    /// The client wants this job stopped.
    pub fn stop_job(&self, job: JobId) {
        self.give(Hint::Job(job));
    }

    /// No further item of this batch is to be run.
    pub fn stop_batch(&self, batch: BatchId) {
        self.give(Hint::Batch(batch));
    }

    fn give(&self, hint: Hint) {
        // Nobody listens while nothing runs.
        drop(self.0.send(hint));
    }

    /// Listens for hints about this work.
    pub(super) fn listen(&self, work: WorkId) -> StopListener {
        StopListener { hints: self.0.subscribe(), work }
    }
}

impl Default for StopHints {
    fn default() -> Self {
        Self::new()
    }
}

/// See [`StopHints::listen`].
#[derive(Debug)]
pub(super) struct StopListener {
    hints: broadcast::Receiver<Hint>,
    work: WorkId,
}

impl StopListener {
    /// Waits for the next hint, or for having missed some. May be dropped while it waits.
    pub(super) async fn heard(&mut self) {
        loop {
            match self.hints.recv().await {
                Ok(hint) if hint.is_about(&self.work) => return,
                Ok(_) => {}
                Err(RecvError::Lagged(_)) => return,
                Err(RecvError::Closed) => std::future::pending().await,
            }
        }
    }
}
