//! Any store, with each call's duration and failure reported.

use std::future::Future;
use std::sync::Arc;

use crate::job::{BatchId, ChunkNo, CopyId, JobId, Program, WorkId};
use crate::ports::{
    BatchProgress, BatchSpec, Cancellation, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, Completion, Created,
    CreatedBatch, FinishedJob, JobRecord, Lease, NewJob, Renewal, RetryStep, Scheduled, Store, StoreError,
};
use crate::sys::clock;
use crate::telemetry::{StoreOp, Telemetry};

/// A store that is watched. It changes nothing of what the store answers.
#[derive(Debug)]
pub struct ObservedStore<S> {
    inner: Arc<S>,
    telemetry: Telemetry,
}

impl<S> ObservedStore<S> {
    /// Watches a store.
    #[must_use]
    pub const fn new(inner: Arc<S>, telemetry: Telemetry) -> Self {
        Self { inner, telemetry }
    }

    async fn timed<T>(&self, op: StoreOp, call: impl Future<Output = Result<T, StoreError>>) -> Result<T, StoreError> {
        let begun = clock::now();
        let answer = call.await;
        self.telemetry.store_answered(op, begun.elapsed(), answer.as_ref().err());
        answer
    }
}

/// Every call of the port, with the name under which it is reported.
macro_rules! observed {
    ($($op:ident: $name:ident($($arg:ident: $of:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&self, $($arg: $of),*) -> Result<$answer, StoreError> {
            self.timed(StoreOp::$op, self.inner.$name($($arg),*)).await
        })*
    };
}

impl<S: Store> Store for ObservedStore<S> {
    async fn create(&self, job: &NewJob) -> Result<Created, StoreError> {
        let created = self.timed(StoreOp::Create, self.inner.create(job)).await?;
        self.telemetry.submitted(&created);
        Ok(created)
    }

    async fn create_batch(&self, batch: &BatchSpec) -> Result<CreatedBatch, StoreError> {
        let created = self.timed(StoreOp::Create, self.inner.create_batch(batch)).await?;
        self.telemetry.submitted_batch(&created);
        Ok(created)
    }

    observed! {
        MarkPublished: mark_published(work: &WorkId, copy: &CopyId) -> ();
        Claim: claim(request: &ClaimRequest) -> Claim;
        Renew: renew(lease: &Lease, lease_ms: u64) -> Renewal;
        Complete: complete(lease: &Lease, end: &FinishedJob) -> Completion;
        Retry: schedule_retry(lease: &Lease, step: &RetryStep) -> Scheduled;
        Release: release(lease: &Lease) -> Completion;
        Cancel: cancel(job: &JobId) -> Cancellation;
        Read: job(id: &JobId) -> Option<JobRecord>;
        Read: batch_program(batch: &BatchId) -> Program;
        Stage: stage_chunk(batch: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> ();
        Stage: seal_batch(batch: &BatchId) -> ();
        Read: unpublished_chunks(batch: &BatchId, limit: u32) -> Vec<(ChunkNo, CopyId)>;
        Read: chunk_items(batch: &BatchId, chunk: ChunkNo) -> ChunkRecord;
        CompleteChunk: complete_chunk(lease: &Lease, outcome: &ChunkOutcome) -> Completion;
        Cancel: cancel_batch(batch: &BatchId) -> ();
        Read: batch(id: &BatchId) -> Option<BatchProgress>;
        Read: chunk_results(batch: &BatchId, chunk: ChunkNo) -> Option<String>;
    }
}
