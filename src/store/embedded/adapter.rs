//! The store as the rest of the worker sees it.

use std::cell::RefCell;
use std::ops::Deref;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rusqlite::{Connection, Transaction, TransactionBehavior};
use tokio::sync::broadcast;

use super::super::change::Change as Told;
use super::{batches, claims, jobs, schema};
use crate::job::{BatchId, BatchState, ChunkNo, CopyId, JobId, Program, UnixMillis, WorkId};
use crate::ports::{
    BatchProgress, BatchSpec, Cancellation, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, Completion, Created,
    CreatedBatch, FinishedJob, JobRecord, Lease, NewJob, Renewal, RetryStep, Scheduled, Store, StoreError, WallClock,
};
use crate::telemetry::Telemetry;

/// Stops that a listener may fall behind by.
const BACKLOG: usize = 64;

/// The result store in one SQLite file, or in memory. See the module's description.
#[derive(Debug, Clone)]
pub struct EmbeddedStore {
    conn: Arc<Mutex<Connection>>,
    clock: WallClock,
    telemetry: Telemetry,
    stops: broadcast::Sender<Told>,
}

/// One state change: a transaction, and what is to be reported once it is committed.
pub(super) struct Change<'t> {
    tx: Transaction<'t>,
    batch_end: RefCell<Option<(BatchId, BatchState)>>,
}

impl Change<'_> {
    /// The change ends a batch in this state.
    pub(super) fn ends_batch(&self, id: &BatchId, state: BatchState) {
        self.batch_end.replace(Some((id.clone(), state)));
    }
}

impl Deref for Change<'_> {
    type Target = Connection;

    fn deref(&self) -> &Connection {
        &self.tx
    }
}

impl EmbeddedStore {
    /// Opens the file at `path`, or makes it, readable to its owner only. Blocks while it does.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the file cannot be opened, [`StoreError::Broken`] when it is no
    /// database or was written by another version; both name the file.
    pub fn open(path: &Path, clock: WallClock) -> Result<Self, StoreError> {
        Ok(Self::over(schema::open_file(path)?, clock))
    }

    /// A store of its own that is gone when its last clone is.
    ///
    /// # Errors
    /// [`StoreError`] when SQLite refuses.
    pub fn in_memory(clock: WallClock) -> Result<Self, StoreError> {
        Ok(Self::over(schema::open_in_memory()?, clock))
    }

    fn over(conn: Connection, clock: WallClock) -> Self {
        Self {
            conn: Arc::new(Mutex::new(conn)),
            clock,
            telemetry: Telemetry::new(),
            stops: broadcast::Sender::new(BACKLOG),
        }
    }

    /// The same, with the ends of batches reported to `telemetry`.
    #[must_use]
    pub fn reporting_to(self, telemetry: Telemetry) -> Self {
        Self { telemetry, ..self }
    }

    /// What is wanted no more while it runs, from now on.
    #[must_use]
    pub fn stops(&self) -> broadcast::Receiver<Told> {
        self.stops.subscribe()
    }

    fn tell_end(&self, id: BatchId, state: BatchState) {
        self.telemetry.batch_ended(state);
        if state.is_stopped() {
            self.tell_stop(Told::BatchStop(id));
        }
    }

    fn tell_stop(&self, stop: Told) {
        // Nobody listens where nothing runs.
        drop(self.stops.send(stop));
    }

    /// Drops results past their `result_ttl_s`, and the records of jobs whose idempotency key is past its time
    /// too. Answers how many rows it touched; at most 1000 of each kind, so call it again while that is not 0.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn sweep(&self) -> Result<u64, StoreError> {
        self.write(|conn, now| jobs::sweep(conn, now)).await
    }

    /// Gives up every claim without a try being charged; answers how many there were. Only for a caller that knows
    /// that no worker lives, such as the one that has just taken the lock of the queue in the same file: it
    /// need not wait for the leases of the process that was there before.
    ///
    /// # Errors
    /// [`StoreError`] of the database.
    pub async fn release_all(&self) -> Result<u64, StoreError> {
        self.write(|conn, _| claims::release_all(conn)).await
    }

    /// Runs one state change in one transaction.
    async fn write<T, F>(&self, change: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Change<'_>, UnixMillis) -> Result<T, StoreError> + Send + 'static,
    {
        let (now, this) = (self.clock.clone(), self.clone());
        self.blocking(move |conn| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            // Read inside the transaction: a change that waited for its turn must not decide by an old time.
            let step = Change { tx, batch_end: RefCell::new(None) };
            let answer = change(&step, now.now())?;
            let Change { tx, batch_end } = step;
            tx.commit()?;
            if let Some((id, state)) = batch_end.into_inner() {
                this.tell_end(id, state);
            }
            Ok(answer)
        })
        .await
    }

    /// Runs a read in one transaction, so that it sees one state.
    async fn read<T, F>(&self, look: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection) -> Result<T, StoreError> + Send + 'static,
    {
        self.blocking(move |conn| look(&*conn.transaction()?)).await
    }

    async fn blocking<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: FnOnce(&mut Connection) -> Result<T, StoreError> + Send + 'static,
    {
        let conn = Arc::clone(&self.conn);
        // A panic rolls its transaction back, so the connection behind a poisoned mutex is sound.
        let task = tokio::task::spawn_blocking(move || work(&mut conn.lock().unwrap_or_else(PoisonError::into_inner)));
        task.await.map_err(|error| StoreError::Unavailable(error.to_string()))?
    }
}

impl Store for EmbeddedStore {
    async fn create(&self, job: &NewJob) -> Result<Created, StoreError> {
        let job = job.clone();
        self.write(move |conn, now| jobs::create(conn, &job, now)).await
    }

    async fn mark_published(&self, work: &WorkId, copy: &CopyId) -> Result<(), StoreError> {
        let (name, copy) = (work.to_string(), copy.clone());
        self.write(move |conn, _| claims::mark_published(conn, &name, copy.as_str())).await
    }

    async fn claim(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let request = request.clone();
        self.write(move |conn, now| claims::claim(conn, &request, now)).await
    }

    async fn renew(&self, lease: &Lease, lease_ms: u64) -> Result<Renewal, StoreError> {
        let lease = lease.clone();
        self.write(move |conn, now| claims::renew(conn, &lease, lease_ms, now)).await
    }

    async fn complete(&self, lease: &Lease, end: &FinishedJob) -> Result<Completion, StoreError> {
        let (lease, end) = (lease.clone(), end.clone());
        self.write(move |conn, now| jobs::complete(conn, &lease, &end, now)).await
    }

    async fn schedule_retry(&self, lease: &Lease, step: &RetryStep) -> Result<Scheduled, StoreError> {
        let (lease, step) = (lease.clone(), step.clone());
        self.write(move |conn, _| claims::schedule_retry(conn, &lease, &step)).await
    }

    async fn release(&self, lease: &Lease) -> Result<Completion, StoreError> {
        let lease = lease.clone();
        self.write(move |conn, _| claims::release(conn, &lease)).await
    }

    async fn cancel(&self, job: &JobId) -> Result<Cancellation, StoreError> {
        let id = job.clone();
        let answer = self.write(move |conn, now| jobs::cancel(conn, &id, now)).await?;
        if answer == Cancellation::Requested {
            self.tell_stop(Told::JobStop(job.clone()));
        }
        Ok(answer)
    }

    async fn job(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let (id, now) = (id.clone(), self.clock.now());
        self.read(move |conn| jobs::read(conn, &id, now)).await
    }

    async fn create_batch(&self, batch: &BatchSpec) -> Result<CreatedBatch, StoreError> {
        let batch = batch.clone();
        self.write(move |conn, _| batches::create(conn, &batch)).await
    }

    async fn batch_program(&self, batch: &BatchId) -> Result<Program, StoreError> {
        let batch = batch.clone();
        self.read(move |conn| batches::program(conn, &batch)).await
    }

    async fn stage_chunk(&self, batch: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> Result<(), StoreError> {
        let (batch, chunk, copy) = (batch.clone(), chunk.clone(), copy.clone());
        self.write(move |conn, _| batches::stage(conn, &batch, &chunk, &copy)).await
    }

    async fn seal_batch(&self, batch: &BatchId) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.write(move |conn, _| batches::seal(conn, &batch)).await
    }

    async fn unpublished_chunks(&self, batch: &BatchId, limit: u32) -> Result<Vec<(ChunkNo, CopyId)>, StoreError> {
        let batch = batch.clone();
        self.read(move |conn| batches::unpublished(conn, &batch, limit)).await
    }

    async fn chunk_items(&self, batch: &BatchId, chunk: ChunkNo) -> Result<ChunkRecord, StoreError> {
        let batch = batch.clone();
        self.read(move |conn| batches::items(conn, &batch, chunk)).await
    }

    async fn complete_chunk(&self, lease: &Lease, outcome: &ChunkOutcome) -> Result<Completion, StoreError> {
        let (lease, outcome) = (lease.clone(), outcome.clone());
        self.write(move |conn, _| batches::complete(conn, &lease, &outcome)).await
    }

    async fn cancel_batch(&self, batch: &BatchId) -> Result<(), StoreError> {
        let batch = batch.clone();
        self.write(move |conn, _| batches::cancel(conn, &batch)).await
    }

    async fn batch(&self, id: &BatchId) -> Result<Option<BatchProgress>, StoreError> {
        let id = id.clone();
        self.read(move |conn| batches::progress(conn, &id)).await
    }

    async fn chunk_results(&self, batch: &BatchId, chunk: ChunkNo) -> Result<Option<String>, StoreError> {
        let batch = batch.clone();
        self.read(move |conn| batches::results(conn, &batch, chunk)).await
    }
}
