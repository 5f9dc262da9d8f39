//! Where claims, results and batches are kept.
//!
//! Every state change is one atomic step, idempotent for the same (work, token, step): a caller that got no
//! answer repeats the call. The order of precedence of a claim's answers is the order of [`Claim`]'s variants
//! as written in [`Store::claim`].

use std::future::Future;

use crate::job::{
    AttemptSummary, BatchId, BatchState, ChunkNo, CopyId, Fault, FenceToken, Fingerprint, IdempotencyKey, JobId,
    JobSpec, KeyDigest, OutcomeCounts, OutcomeKind, Program, RawJson, State, Tenant, UnixMillis, WorkId, WorkerId,
};

/// How often a claim may run out with nobody home before the work counts as poison: twice it is run again,
/// the third time it is dead-lettered.
pub const LOST_BUDGET: u32 = 2;

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The store did not answer, or refused; the effect may exist. Repeating the same call is right.
    #[error("store is not available: {0}")]
    Unavailable(String),
    /// The store has no room.
    #[error("store is full: {0}")]
    Full(String),
    /// What the store holds is not what this version wrote; an operator has to act.
    #[error("store is not usable: {0}")]
    Broken(String),
    /// The work is not known.
    #[error("{0} is not in the store")]
    Unknown(String),
}

/// A job to be created.
#[derive(Debug, Clone)]
pub struct NewJob {
    /// Its id, minted from `key`.
    pub id: JobId,
    /// The digest of its idempotency key, or random when it has none.
    pub key: KeyDigest,
    /// What it does.
    pub fingerprint: Fingerprint,
    /// The copy that will be published.
    pub copy: CopyId,
    /// The job.
    pub spec: JobSpec,
}

/// What became of a create.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Created {
    /// A record was made; the caller publishes the copy and then calls [`Store::mark_published`].
    New,
    /// The same key with the same fingerprint: this is the job that has it. `unpublished` carries the copy
    /// when nobody has confirmed its publication, and the caller publishes that copy again.
    Exists {
        /// The job that has the key.
        id: JobId,
        /// Its state.
        state: State,
        /// The copy of the first attempt, when nobody confirmed its publication and nobody ever claimed it. Later
        /// attempts are looked after by the ack rule.
        unpublished: Option<CopyId>,
    },
    /// The same key with another fingerprint; nothing was made.
    Conflict {
        /// The job that has the key.
        id: JobId,
    },
}

/// A wish to run a message's work.
#[derive(Debug, Clone)]
pub struct ClaimRequest {
    /// The job or chunk.
    pub work: WorkId,
    /// The message's attempt.
    pub attempt: u32,
    /// The message's infrastructure retries.
    pub infra: u32,
    /// The message's copy.
    pub copy: CopyId,
    /// The delivery's tag; with `owner` it tells a repeated call from a redelivery.
    pub delivery: String,
    /// Who asks.
    pub owner: WorkerId,
    /// How long the lease lasts, in milliseconds.
    pub lease_ms: u64,
    /// The message's deadline.
    pub deadline: Option<UnixMillis>,
    /// What the work does; for a chunk that of its batch.
    pub fingerprint: Fingerprint,
    /// For a job: its key and spec, from which a record is made when the store has none.
    pub job: Option<(KeyDigest, JobSpec)>,
}

/// A claim that is held.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Lease {
    /// The job or chunk.
    pub work: WorkId,
    /// The fence token.
    pub token: FenceToken,
}

/// The answer to a claim. What the worker does with each is `policy::disposition`.
#[derive(Debug, Clone, PartialEq)]
pub enum Claim {
    /// Same key, other fingerprint.
    Conflict,
    /// The client cancelled it; the record is final now.
    Cancelled,
    /// It already has its final state.
    Terminal,
    /// Nobody wants the result any more; the record is final now.
    Expired,
    /// A newer attempt is recorded and published; this message is a leftover.
    Stale,
    /// A newer attempt is recorded but nobody confirmed its publication: publish it, mark it, then ack.
    Republish {
        /// The copy of the newer attempt.
        copy: CopyId,
        /// Its attempt.
        attempt: u32,
        /// Its infrastructure retries.
        infra: u32,
    },
    /// The same copy is being run under a live lease; come back after this many milliseconds.
    Held {
        /// Until the lease ends.
        ms: u64,
    },
    /// Another copy is being run under a live lease.
    Duplicate,
    /// Its worker was lost more often than [`LOST_BUDGET`]; the record is final now.
    Poison,
    /// Its tries were spent under this very copy; the record is final, and the worker may have been lost before it
    /// parked the message.
    DeadLettered,
    /// The same key and fingerprint under another job id. Ack when `unpublished` is `None`; otherwise publish
    /// that copy for the other job, as its first attempt, before the ack.
    Alias {
        /// The job that has the key.
        id: JobId,
        /// Its copy, when nobody confirmed its publication and nobody ever claimed it.
        unpublished: Option<CopyId>,
    },
    /// Run it.
    Run {
        /// What every later write must carry.
        lease: Lease,
        /// How often its worker was lost before.
        lost: u32,
        /// The tries before this one.
        attempts: Vec<AttemptSummary>,
    },
}

/// The answer to a renewal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Renewal {
    /// The lease is extended.
    Renewed,
    /// The client wants it stopped.
    CancelRequested,
    /// Somebody else holds the work.
    Fenced,
    /// The store does not know the work.
    Missing,
}

/// A job's end.
#[derive(Debug, Clone)]
pub struct FinishedJob {
    /// Its final state.
    pub state: State,
    /// What happened to the program in the last try.
    pub outcome: Option<OutcomeKind>,
    /// The last try.
    pub attempt: AttemptSummary,
    /// The result document, whole.
    pub document: RawJson,
}

/// The answer to a write that ends work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Completion {
    /// Recorded.
    Recorded,
    /// This very write was recorded before.
    Already,
    /// The end is recorded, but the store has no room for the result: the record carries the fault `store_full` in
    /// its place, and what would have been a success is none.
    WithoutResult,
    /// Somebody else holds the work, or it is final; nothing was written.
    Fenced,
}

/// Why a job is tried again.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum RetryClass {
    /// The client's policy retries this outcome; counts as an attempt.
    Policy,
    /// A fault of ours; counts against its own budget.
    Infra,
}

/// The next try.
#[derive(Debug, Clone)]
pub struct RetryStep {
    /// Why.
    pub class: RetryClass,
    /// Attempt and infrastructure count of the next message.
    pub attempt: u32,
    /// See `attempt`.
    pub infra: u32,
    /// The copy that will be published.
    pub copy: CopyId,
    /// When it is due.
    pub due_at: UnixMillis,
    /// The try that ended.
    pub summary: AttemptSummary,
}

/// The answer to a scheduled retry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Scheduled {
    /// Recorded; publish the copy, then [`Store::mark_published`].
    Recorded,
    /// Recorded before, under this copy; publish that one.
    Already(CopyId),
    /// Somebody else holds the work, or it is final.
    Fenced,
}

/// The answer to a cancel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancellation {
    /// It was not running; it is final now.
    Cancelled,
    /// It is running; its worker will see the wish at its next renewal.
    Requested,
    /// It was final already.
    Final(State),
    /// Not known.
    Unknown,
}

/// A job as the store knows it.
#[derive(Debug, Clone)]
pub struct JobRecord {
    /// Its id.
    pub id: JobId,
    /// The key that it was submitted with.
    pub idempotency_key: Option<IdempotencyKey>,
    /// Who it belongs to: nobody else may know of it.
    pub tenant: Tenant,
    /// Where it is in its life.
    pub state: State,
    /// Grows with every change.
    pub version: u64,
    /// The message attempt that is current.
    pub attempt: u32,
    /// The tries so far.
    pub attempts: Vec<AttemptSummary>,
    /// When it was submitted.
    pub submitted_at: UnixMillis,
    /// Who runs it, where anybody does.
    pub running: Option<RunningTry>,
    /// When it became final, and when it is past its time.
    pub ended: Option<JobEnd>,
    /// The result document, when final; a job that ended without a run has none.
    pub document: Option<RawJson>,
}

/// The try of a job that goes on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunningTry {
    /// Who claimed it.
    pub worker: WorkerId,
    /// When.
    pub started_at: UnixMillis,
}

/// The end of a job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct JobEnd {
    /// When it reached its final state.
    pub at: UnixMillis,
    /// When its result is deleted.
    pub expires_at: UnixMillis,
}

/// A batch to be created.
#[derive(Debug, Clone)]
pub struct BatchSpec {
    /// Its id.
    pub id: BatchId,
    /// Who it belongs to.
    pub tenant: Tenant,
    /// What it does; two creates with one id and different fingerprints conflict.
    pub fingerprint: Fingerprint,
    /// The function.
    pub program: Program,
    /// Failed items after which the batch is given up; `None` for any number.
    pub tolerated_failures: Option<u64>,
}

/// The answer to the creation of a batch.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CreatedBatch {
    /// Made.
    New,
    /// It is there; go on with the chunk after the last staged one.
    Exists {
        /// Chunks that are staged.
        staged: u32,
    },
    /// It is there and does something else.
    Conflict,
}

/// A chunk's items, staged or to be run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ChunkRecord {
    /// Its place.
    pub chunk: ChunkNo,
    /// Index of its first item in the batch.
    pub first_item: u64,
    /// One JSON object a line.
    pub items: String,
    /// How many lines.
    pub count: u32,
}

/// What a chunk's run produced.
#[derive(Debug, Clone)]
pub struct ChunkOutcome {
    /// One [`crate::job::ItemResult`] a line, in item order.
    pub results: String,
    /// Its items by outcome.
    pub counts: OutcomeCounts,
    /// The last fault, when one ended the tries.
    pub fault: Option<Fault>,
}

impl ChunkOutcome {
    /// The state in which its chunk ends.
    #[must_use]
    pub const fn state(&self) -> State {
        if self.fault.is_some() { State::DeadLettered } else { State::Succeeded }
    }
}

/// A batch as the store knows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BatchProgress {
    /// Who it belongs to: nobody else may know of it.
    pub tenant: Tenant,
    /// Where it is in its life.
    pub state: BatchState,
    /// Items staged so far.
    pub staged_items: u64,
    /// Chunks staged so far.
    pub staged_chunks: u32,
    /// Whether no more will come, so that `staged_items` is the total.
    pub sealed: bool,
    /// Chunks with results.
    pub done_chunks: u32,
    /// Items with results, by outcome.
    pub counts: OutcomeCounts,
    /// Chunks that somebody still holds of a batch that was stopped, and that may yet bring results; 0 in any other
    /// state, in which they are not counted.
    pub running_chunks: u32,
}

impl BatchProgress {
    /// Whether nothing will change any more: the batch is over, and so is what ran of it when it was stopped.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.state.is_final() && self.running_chunks == 0
    }
}

/// The result store port.
pub trait Store: Send + Sync + 'static {
    /// Makes the idempotency record and the job record in one step.
    fn create(&self, job: &NewJob) -> impl Future<Output = Result<Created, StoreError>> + Send;

    /// The copy is confirmed by the queue. Of an older copy it is a no-op.
    fn mark_published(&self, work: &WorkId, copy: &CopyId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Asks for the work of a message. Precedence: conflict, cancelled, terminal, expired (unless a live lease
    /// runs it), stale attempt (or republish), same owner, delivery and copy (the same answer again), live lease
    /// (held or duplicate), expired lease (run or poison), alias, run. Attempts are compared as (attempt,
    /// infra); a message that is ahead of the record makes the record catch up and runs.
    ///
    /// The work that no claim will run again is ended here: an id whose key conflicts becomes `rejected`, and a
    /// chunk that is expired or poison gives each of its items a result, so that its batch still ends. The copy
    /// that was told `Expired` or `Poison` is told so again, and one whose try was recorded as dead-lettered is told
    /// `DeadLettered`, since its worker may have been lost before it parked the message. A job that is not known is made from the message;
    /// a chunk that is not known is [`StoreError::Unknown`].
    fn claim(&self, request: &ClaimRequest) -> impl Future<Output = Result<Claim, StoreError>> + Send;

    /// Extends a lease. Looks at the token, not at the time: late is fine unless somebody took over.
    fn renew(&self, lease: &Lease, lease_ms: u64) -> impl Future<Output = Result<Renewal, StoreError>> + Send;

    /// Ends a job.
    fn complete(&self, lease: &Lease, end: &FinishedJob)
    -> impl Future<Output = Result<Completion, StoreError>> + Send;

    /// Records the next try, unpublished, and gives up the claim. Its (attempt, infra) is greater than the
    /// record's.
    fn schedule_retry(
        &self,
        lease: &Lease,
        step: &RetryStep,
    ) -> impl Future<Output = Result<Scheduled, StoreError>> + Send;

    /// Gives up a claim without a try being charged: the worker drains.
    fn release(&self, lease: &Lease) -> impl Future<Output = Result<Completion, StoreError>> + Send;

    /// Takes a job back. One whose lease has run out counts as not running.
    fn cancel(&self, job: &JobId) -> impl Future<Output = Result<Cancellation, StoreError>> + Send;

    /// Reads a job; `None` once its result is past its time. The id of a duplicate (see [`Claim::Alias`]) reads
    /// as the job it duplicates.
    fn job(&self, id: &JobId) -> impl Future<Output = Result<Option<JobRecord>, StoreError>> + Send;

    /// Makes a batch.
    fn create_batch(&self, batch: &BatchSpec) -> impl Future<Output = Result<CreatedBatch, StoreError>> + Send;

    /// Reads a batch's function.
    fn batch_program(&self, batch: &BatchId) -> impl Future<Output = Result<Program, StoreError>> + Send;

    /// Keeps a chunk's items and the copy that will be published for it. Chunks are staged in order, from 0,
    /// before the batch is sealed. Staging one chunk twice is a no-op.
    fn stage_chunk(
        &self,
        batch: &BatchId,
        chunk: &ChunkRecord,
        copy: &CopyId,
    ) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// No more chunks will come.
    fn seal_batch(&self, batch: &BatchId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Staged chunks whose copy nobody confirmed as published and nobody ever claimed, oldest first, at most
    /// `limit`; none of a batch that is final.
    fn unpublished_chunks(
        &self,
        batch: &BatchId,
        limit: u32,
    ) -> impl Future<Output = Result<Vec<(ChunkNo, CopyId)>, StoreError>> + Send;

    /// Reads a staged chunk's items; [`StoreError::Unknown`] once the chunk has ended.
    fn chunk_items(
        &self,
        batch: &BatchId,
        chunk: ChunkNo,
    ) -> impl Future<Output = Result<ChunkRecord, StoreError>> + Send;

    /// Ends a chunk: its results, the batch's counters and the batch's own end in one step.
    fn complete_chunk(
        &self,
        lease: &Lease,
        outcome: &ChunkOutcome,
    ) -> impl Future<Output = Result<Completion, StoreError>> + Send;

    /// Stops a batch: no further chunk of it is run.
    fn cancel_batch(&self, batch: &BatchId) -> impl Future<Output = Result<(), StoreError>> + Send;

    /// Reads a batch.
    fn batch(&self, id: &BatchId) -> impl Future<Output = Result<Option<BatchProgress>, StoreError>> + Send;

    /// A finished chunk's results, one item a line; `None` while it has none.
    fn chunk_results(
        &self,
        batch: &BatchId,
        chunk: ChunkNo,
    ) -> impl Future<Output = Result<Option<String>, StoreError>> + Send;
}
