//! The store as the rest of the worker sees it.

use std::sync::Arc;
use std::time::Duration;

use redis::Client;

use super::answer::Call;
use super::hints::Hints;
use super::keys::Keys;
use super::link::{self, Link};
use super::settings::RedisSettings;
use crate::job::{BatchId, ChunkNo, CopyId, JobId, Program, WorkId};
use crate::ports::{
    BatchProgress, BatchSpec, Cancellation, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, Completion, Created,
    CreatedBatch, FinishedJob, JobRecord, Lease, NewJob, Renewal, RetryStep, Scheduled, Store, StoreError, WallClock,
};
use crate::telemetry::Telemetry;

/// The result store on a Redis server. See the module's description.
#[derive(Debug, Clone)]
pub struct RedisStore {
    pub(super) client: Client,
    pub(super) keys: Arc<Keys>,
    pub(super) scripts: Arc<Link>,
    pub(super) blobs: Arc<Link>,
    pub(super) clock: Option<WallClock>,
    pub(super) hints: Arc<Hints>,
    settings: Arc<RedisSettings>,
}

impl RedisStore {
    /// A store on this server, which is connected to at the first call. Needs tokio's runtime.
    ///
    /// # Errors
    /// [`StoreError::Broken`] when the address is not one.
    pub fn open(settings: RedisSettings) -> Result<Self, StoreError> {
        Self::make(settings, None)
    }

    /// The same for tests, which move `clock` instead of waiting: its time is handed to the scripts and takes the
    /// place of the server's. Two workers with clocks of their own must never share a store.
    ///
    /// # Errors
    /// As [`RedisStore::open`].
    pub fn open_at(settings: RedisSettings, clock: WallClock) -> Result<Self, StoreError> {
        Self::make(settings, Some(clock))
    }

    fn make(settings: RedisSettings, clock: Option<WallClock>) -> Result<Self, StoreError> {
        let client = link::client(&settings)?;
        Ok(Self {
            keys: Arc::new(Keys::new(&settings.prefix)),
            scripts: Arc::new(Link::open(client.clone(), &settings)?),
            blobs: Arc::new(Link::open(client.clone(), &settings)?),
            settings: Arc::new(settings),
            client,
            clock,
            hints: Arc::default(),
        })
    }

    /// Calls since the start after which it was not known whether they had an effect: no answer came, or the
    /// connection broke. Each was repeated.
    #[must_use]
    pub fn unknown_outcomes(&self) -> u64 {
        self.scripts.unknown_outcomes() + self.blobs.unknown_outcomes()
    }

    /// A call of a script with these keys, and the time if it is not the server's.
    pub(super) fn call(&self, script: &'static redis::Script, keys: &[String]) -> Call {
        let call = Call::new(script, keys);
        match &self.clock {
            Some(clock) => call.with_number("now", clock.now().0),
            None => call,
        }
    }

    /// A call of a script about this work.
    pub(super) fn call_on(&self, script: &'static redis::Script, work: &WorkId) -> Call {
        let call = self.call(script, &self.keys.of_work(work));
        match work {
            WorkId::Job(job) => call.with("work", job.as_str()).with_number("open_ttl_ms", self.open_ttl_ms()),
            WorkId::Chunk(_, chunk) => {
                call.with_number("chunk", chunk.0).with_number("batch_ttl_ms", self.batch_ttl_ms())
            }
        }
    }

    pub(super) fn telemetry(&self) -> &Telemetry {
        &self.settings.telemetry
    }

    pub(super) fn open_ttl_ms(&self) -> u64 {
        millis(self.settings.open_ttl)
    }

    pub(super) fn batch_ttl_ms(&self) -> u64 {
        millis(self.settings.batch_ttl)
    }
}

/// At least one, since the server refuses to let a key live for no time.
fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(u64::MAX).clamp(1, super::jobs::LONGEST_TTL_S * 1_000)
}

impl Store for RedisStore {
    async fn create(&self, job: &NewJob) -> Result<Created, StoreError> {
        self.create_job(job).await
    }

    async fn mark_published(&self, work: &WorkId, copy: &CopyId) -> Result<(), StoreError> {
        self.mark_copy_published(work, copy).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        self.claim_work(request).await
    }

    async fn renew(&self, lease: &Lease, lease_ms: u64) -> Result<Renewal, StoreError> {
        self.renew_lease(lease, lease_ms).await
    }

    async fn complete(&self, lease: &Lease, end: &FinishedJob) -> Result<Completion, StoreError> {
        self.complete_job(lease, end).await
    }

    async fn schedule_retry(&self, lease: &Lease, step: &RetryStep) -> Result<Scheduled, StoreError> {
        self.schedule_next_try(lease, step).await
    }

    async fn release(&self, lease: &Lease) -> Result<Completion, StoreError> {
        self.release_lease(lease).await
    }

    async fn cancel(&self, job: &JobId) -> Result<Cancellation, StoreError> {
        self.cancel_job(job).await
    }

    async fn job(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        self.read_job(id).await
    }

    async fn create_batch(&self, batch: &BatchSpec) -> Result<CreatedBatch, StoreError> {
        self.make_batch(batch).await
    }

    async fn batch_program(&self, batch: &BatchId) -> Result<Program, StoreError> {
        self.read_program(batch).await
    }

    async fn stage_chunk(&self, batch: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> Result<(), StoreError> {
        self.keep_chunk(batch, chunk, copy).await
    }

    async fn seal_batch(&self, batch: &BatchId) -> Result<(), StoreError> {
        self.end_staging(batch).await
    }

    async fn unpublished_chunks(&self, batch: &BatchId, limit: u32) -> Result<Vec<(ChunkNo, CopyId)>, StoreError> {
        self.chunks_to_publish(batch, limit).await
    }

    async fn chunk_items(&self, batch: &BatchId, chunk: ChunkNo) -> Result<ChunkRecord, StoreError> {
        self.read_items(batch, chunk).await
    }

    async fn complete_chunk(&self, lease: &Lease, outcome: &ChunkOutcome) -> Result<Completion, StoreError> {
        self.end_chunk(lease, outcome).await
    }

    async fn cancel_batch(&self, batch: &BatchId) -> Result<(), StoreError> {
        self.stop_batch(batch).await
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchProgress>, StoreError> {
        self.read_batch(id).await
    }

    async fn chunk_results(&self, batch: &BatchId, chunk: ChunkNo) -> Result<Option<String>, StoreError> {
        self.read_results(batch, chunk).await
    }
}
