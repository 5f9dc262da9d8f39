//! A store and a queue that lose one call on command: before it has an effect, or only its answer.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use cellblock::job::{BatchId, ChunkNo, CopyId, JobId, Lane, Program, WorkId};
use cellblock::ports::{
    BatchProgress, BatchSpec, Cancellation, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, Completion, Created,
    CreatedBatch, Delay, Delivered, Delivery, FinishedJob, JobRecord, Lease, Message, NewJob, Published, Queue,
    QueueError, Renewal, RetryStep, Scheduled, Store, StoreError,
};
use cellblock::queue::{EmbeddedDelivery, EmbeddedQueue};
use cellblock::store::EmbeddedStore;

/// What is lost of a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Loss {
    /// All of it.
    Call,
    /// Its answer.
    Answer,
}

/// Which calls are lost; counted over store and queue together.
#[derive(Debug)]
pub(super) struct Plan {
    /// The first call that is lost, from 0.
    pub(super) first: u32,
    /// How many in a row.
    pub(super) count: u32,
    pub(super) loss: Loss,
    calls: AtomicU32,
}

impl Plan {
    pub(super) fn new(first: u32, count: u32, loss: Loss) -> Arc<Self> {
        Arc::new(Self { first, count, loss, calls: AtomicU32::new(0) })
    }

    /// Calls made so far.
    pub(super) fn calls(&self) -> u32 {
        self.calls.load(Ordering::SeqCst)
    }

    fn next(&self) -> Option<Loss> {
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        (self.first..self.first.saturating_add(self.count)).contains(&call).then_some(self.loss)
    }

    async fn apply<T, E>(&self, call: impl Future<Output = Result<T, E>>, lost: impl Fn() -> E) -> Result<T, E> {
        match self.next() {
            None => call.await,
            Some(Loss::Call) => Err(lost()),
            Some(Loss::Answer) => {
                call.await?;
                Err(lost())
            }
        }
    }
}

/// A store that loses calls. Renewals come when they like, so they are not counted.
#[derive(Debug)]
pub(super) struct LossyStore {
    pub(super) inner: Arc<EmbeddedStore>,
    pub(super) plan: Arc<Plan>,
}

macro_rules! lossy {
    ($($name:ident($($arg:ident: $of:ty),*) -> $answer:ty;)*) => {
        $(async fn $name(&self, $($arg: $of),*) -> Result<$answer, StoreError> {
            let lost = || StoreError::Unavailable("lost on purpose".to_owned());
            self.plan.apply(self.inner.$name($($arg),*), lost).await
        })*
    };
}

impl Store for LossyStore {
    lossy! {
        create(job: &NewJob) -> Created;
        mark_published(work: &WorkId, copy: &CopyId) -> ();
        claim(request: &ClaimRequest) -> Claim;
        complete(lease: &Lease, end: &FinishedJob) -> Completion;
        schedule_retry(lease: &Lease, step: &RetryStep) -> Scheduled;
        release(lease: &Lease) -> Completion;
        cancel(job: &JobId) -> Cancellation;
        job(id: &JobId) -> Option<JobRecord>;
        create_batch(batch: &BatchSpec) -> CreatedBatch;
        batch_program(batch: &BatchId) -> Program;
        stage_chunk(batch: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> ();
        seal_batch(batch: &BatchId) -> ();
        unpublished_chunks(batch: &BatchId, limit: u32) -> Vec<(ChunkNo, CopyId)>;
        chunk_items(batch: &BatchId, chunk: ChunkNo) -> ChunkRecord;
        complete_chunk(lease: &Lease, outcome: &ChunkOutcome) -> Completion;
        cancel_batch(batch: &BatchId) -> ();
        batch(id: &BatchId) -> Option<BatchProgress>;
        chunk_results(batch: &BatchId, chunk: ChunkNo) -> Option<String>;
    }

    async fn renew(&self, lease: &Lease, lease_ms: u64) -> Result<Renewal, StoreError> {
        self.inner.renew(lease, lease_ms).await
    }
}

/// A queue that loses publishes and settlements.
#[derive(Debug)]
pub(super) struct LossyQueue {
    pub(super) inner: Arc<EmbeddedQueue>,
    pub(super) plan: Arc<Plan>,
}

/// One of its deliveries.
#[derive(Debug)]
pub(super) struct LossyDelivery {
    inner: EmbeddedDelivery,
    plan: Arc<Plan>,
}

fn lost() -> QueueError {
    QueueError::Unavailable("lost on purpose".to_owned())
}

impl Queue for LossyQueue {
    type Delivery = LossyDelivery;

    async fn publish(&self, message: &Message, delay: Delay) -> Result<Published, QueueError> {
        self.plan.apply(self.inner.publish(message, delay), lost).await
    }

    async fn next(&self, lanes: &[Lane]) -> Result<Delivered<LossyDelivery>, QueueError> {
        let wrapped = |inner| LossyDelivery { inner, plan: Arc::clone(&self.plan) };
        Ok(match self.inner.next(lanes).await? {
            Delivered::Message(message, delivery) => Delivered::Message(message, wrapped(delivery)),
            Delivered::Malformed { reason, delivery } => Delivered::Malformed { reason, delivery: wrapped(delivery) },
        })
    }

    async fn depth(&self, lane: &Lane) -> Result<u64, QueueError> {
        self.inner.depth(lane).await
    }
}

impl Delivery for LossyDelivery {
    fn tag(&self) -> String {
        self.inner.tag()
    }

    fn redeliveries(&self) -> u32 {
        self.inner.redeliveries()
    }

    async fn ack(self) -> Result<bool, QueueError> {
        self.plan.apply(self.inner.ack(), lost).await
    }

    async fn release(self) -> Result<(), QueueError> {
        self.plan.apply(self.inner.release(), lost).await
    }

    async fn dead_letter(self, reason: &str) -> Result<(), QueueError> {
        self.plan.apply(self.inner.dead_letter(reason), lost).await
    }
}
