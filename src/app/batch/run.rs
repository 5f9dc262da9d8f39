//! The run itself.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use tokio::sync::{Notify, watch};

use super::items::{CHUNK_BYTES, Chunks, ItemsError, Survey, survey};
use super::output::Output;
use super::progress::{BatchStatus, follow};
use super::report::{BatchEnd, BatchReport};
use super::state::{self, StateFile};
use super::submit::Submitter;
use super::tally::Tally;
use crate::app::worker::{Drain, DrainSwitch, Execute, Worker, WorkerSettings};
use crate::job::{BatchId, BatchState, ChunkNo, Fingerprint, IdError, Lane, Program, Tenant, WorkerId};
use crate::ports::{BatchProgress, BatchSpec, CreatedBatch, QueueError, Store, StoreError, WallClock};
use crate::store::EmbeddedStore;
use crate::sys::clock;
use crate::telemetry::Telemetry;

/// The only batch of a state file.
const BATCH: &str = "run";

/// Items of a chunk when nobody says otherwise: enough that starting an interpreter is a small part of the work.
const CHUNK_ITEMS: u32 = 500;

/// Chunks that a file is cut into at least, where it has that many items: one slow item then holds up few others.
/// Does not depend on the slots of this host, so that a run can go on with another number of them.
const CHUNKS_AT_LEAST: u64 = 32;

/// Chunks staged ahead of what is done, for each slot.
const WINDOW_PER_SLOT: u32 = 8;

/// How long running chunks may go on after an interrupt. Whoever pressed the keys waits.
const GRACE: Duration = Duration::from_secs(5);

/// What is to be run.
#[derive(Debug)]
pub struct BatchRequest {
    /// The function.
    pub program: Program,
    /// Name of its source file in tracebacks.
    pub file: String,
    /// The items.
    pub items: File,
    /// Whether the items are the outputs of the successes in a results file.
    pub from_results: bool,
    /// Where the results go.
    pub out: PathBuf,
    /// Items of a chunk at most; `None` for a number that fits the file.
    pub chunk: Option<u32>,
    /// Items that may fail before the rest is not run; `None` for any number.
    pub max_failures: Option<u64>,
    /// Whether the state of an earlier run is dropped.
    pub restart: bool,
    /// Items that run at the same time.
    pub slots: usize,
    /// Where it reports to.
    pub telemetry: Telemetry,
}

/// Why a batch cannot be run, or not any further.
#[derive(Debug, thiserror::Error)]
pub enum BatchError {
    /// The items.
    #[error("--items: {0}")]
    Items(#[from] ItemsError),
    /// The results.
    #[error("{}: {error}", out.display())]
    Out {
        /// The file.
        out: PathBuf,
        /// What the system said.
        error: io::Error,
    },
    /// The state is that of something else.
    #[error(
        "{} is the state of another run: other code, items or options. The command that began it goes on with it; --restart drops it and begins anew; --out names another output",
        state.display()
    )]
    OtherRun {
        /// The file.
        state: PathBuf,
    },
    /// The state cannot be read.
    #[error("{reason}. --restart drops {} and begins anew", state.display())]
    BrokenState {
        /// The file.
        state: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The state.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The state.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The state file cannot be removed.
    #[error("the state cannot be removed: {0}")]
    Remove(io::Error),
    /// A name that is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// Runs a batch to its end, or until `drain` says otherwise.
///
/// # Errors
/// [`BatchError`]; the state stays, so that the same command goes on when the reason is gone.
pub async fn run_batch<E: Execute>(
    mut request: BatchRequest,
    place: impl Fn() -> E + Send + Sync + 'static,
    drain: &DrainSwitch,
    status: &watch::Sender<BatchStatus>,
) -> Result<BatchReport, BatchError> {
    let started = clock::now();
    let survey = survey(&mut request.items, request.from_results)?;
    let chunk = request.chunk.unwrap_or_else(|| chunk_items(survey.items));
    let chunks = Chunks::start(&mut request.items, request.from_results, chunk, &survey)?;
    let run = Run::open(request, survey, chunk).await?;
    status.send_modify(|status| {
        status.total = survey.items;
        status.resumed = run.before.counts.total();
        status.counts.clone_from(&run.before.counts);
    });
    let (progress, tally) = run.finish_what_is_possible(chunks, place, drain, status).await?;
    run.close(progress, tally, started.elapsed())
}

/// A run whose state is open.
struct Run {
    request: BatchRequest,
    survey: Survey,
    spec: BatchSpec,
    state: StateFile,
    /// Whether an earlier process began it.
    resumes: bool,
    /// What was done when it was opened.
    before: BatchProgress,
}

impl Run {
    async fn open(request: BatchRequest, survey: Survey, chunk: u32) -> Result<Self, BatchError> {
        let spec = BatchSpec {
            id: BatchId::parse(BATCH)?,
            tenant: Tenant::default_tenant(),
            fingerprint: fingerprint(&request, &survey, chunk),
            program: request.program.clone(),
            tolerated_failures: request.max_failures,
        };
        let state = StateFile::open(&state::path_of(&request.out), request.restart, &request.telemetry).await?;
        let resumes = match state.store.create_batch(&spec).await? {
            CreatedBatch::New => false,
            CreatedBatch::Exists { .. } => true,
            CreatedBatch::Conflict => return Err(BatchError::OtherRun { state: state.path }),
        };
        let before = progress_of(&state.store, &spec.id).await?;
        Ok(Self { request, survey, spec, state, resumes, before })
    }

    /// Runs the worker and the loops around it.
    async fn finish_what_is_possible<E: Execute>(
        &self,
        chunks: Chunks,
        place: impl Fn() -> E + Send + Sync + 'static,
        drain: &DrainSwitch,
        status: &watch::Sender<BatchStatus>,
    ) -> Result<(BatchProgress, Tally), BatchError> {
        let (store, queue) = (&self.state.store, &self.state.queue);
        let mut writer = Writer::open(store, &self.spec.id, &self.request.out, self.resumes)?;
        let settings = self.worker_settings()?;
        let window = u32::try_from(settings.slots).unwrap_or(u32::MAX).saturating_mul(WINDOW_PER_SLOT);
        let worker = Worker::new(Arc::clone(store), Arc::clone(queue), settings, WallClock::new(clock::unix_now));
        let settled = worker.settled();
        let submitter = Submitter {
            store: store.as_ref(),
            queue: queue.as_ref(),
            batch: &self.spec.id,
            fingerprint: self.spec.fingerprint,
            submitted_at: clock::unix_now(),
            window,
        };
        let (progress, watched) = watch::channel(self.before.clone());
        let sealed = Notify::new();
        let loops = async {
            tokio::try_join!(
                async { Ok(follow(store.as_ref(), &self.spec.id, settled, &sealed, &progress, status).await?) },
                async {
                    submitter.submit(chunks, self.before.staged_chunks, watched.clone()).await?;
                    sealed.notify_one();
                    Ok(())
                },
                writer.follow(watched.clone()),
            )
        };
        let around = async {
            let mut stop = drain.listen();
            let ended = tokio::select! {
                ended = loops => ended.map(drop),
                _ = stop.wait_for(|wish| *wish >= Drain::Gracefully) => Ok(()),
            };
            drain.set(Drain::Gracefully);
            ended
        };
        let ((), ended) = tokio::join!(worker.run(place, drain.listen()), around);
        ended?;
        let progress = progress_of(store, &self.spec.id).await?;
        status.send_modify(|status| status.counts.clone_from(&progress.counts));
        writer.finish(&progress).await?;
        Ok((progress, writer.output.into_tally()))
    }

    fn worker_settings(&self) -> Result<WorkerSettings, BatchError> {
        let nonce = getrandom::u64().map_err(|error| StoreError::Unavailable(format!("random numbers: {error}")))?;
        let id = WorkerId::parse(format!("batch-{}-{nonce:016x}", std::process::id()))?;
        Ok(WorkerSettings {
            lanes: vec![Lane::batch()],
            grace: GRACE,
            telemetry: self.request.telemetry.clone(),
            file: Some(self.request.file.clone()),
            ..WorkerSettings::new(id, self.request.slots)
        })
    }

    /// Removes the state when nothing more can come.
    fn close(self, progress: BatchProgress, tally: Tally, wall: Duration) -> Result<BatchReport, BatchError> {
        let end = match progress.state {
            BatchState::Completed => BatchEnd::Completed,
            BatchState::FailedTolerance => BatchEnd::FailedTolerance,
            BatchState::Running | BatchState::Cancelled => BatchEnd::Interrupted,
        };
        let report = BatchReport {
            end,
            total: self.survey.items,
            skipped: self.survey.skipped,
            counts: progress.counts,
            resumed_items: self.before.counts.total(),
            resumed_chunks: self.before.done_chunks,
            wall,
            p50_ms: tally.quantile_ms(0.5),
            p99_ms: tally.quantile_ms(0.99),
            examples: tally.into_examples(),
            out: self.request.out,
            state: self.state.path.clone(),
        };
        if end != BatchEnd::Interrupted {
            self.state.remove().map_err(BatchError::Remove)?;
        }
        Ok(report)
    }
}

/// All that makes one run different from another. Neither the slots nor the place of a file is among it.
fn fingerprint(request: &BatchRequest, survey: &Survey, chunk: u32) -> Fingerprint {
    let program = serde_json::to_vec(&request.program).unwrap_or_default();
    let limits = (chunk, CHUNK_BYTES, request.from_results, request.max_failures);
    let limits = serde_json::to_vec(&limits).unwrap_or_default();
    Fingerprint::of_parts(&[b"batch run v1", &program, &survey.sha256, &limits])
}

fn chunk_items(items: u64) -> u32 {
    let fitting = items.div_ceil(CHUNKS_AT_LEAST).max(1);
    u32::try_from(fitting).map_or(CHUNK_ITEMS, |fitting| fitting.min(CHUNK_ITEMS))
}

async fn progress_of(store: &EmbeddedStore, batch: &BatchId) -> Result<BatchProgress, StoreError> {
    store.batch(batch).await?.ok_or_else(|| StoreError::Unknown(format!("batch {batch}")))
}

/// Writes results in item order.
struct Writer<'a> {
    store: &'a EmbeddedStore,
    batch: &'a BatchId,
    path: &'a Path,
    output: Output,
    next: u32,
}

impl<'a> Writer<'a> {
    fn open(store: &'a EmbeddedStore, batch: &'a BatchId, path: &'a Path, resumes: bool) -> Result<Self, BatchError> {
        let output = Output::open(path, resumes).map_err(|error| BatchError::Out { out: path.to_owned(), error })?;
        Ok(Self { store, batch, path, output, next: 0 })
    }

    /// Writes until the batch is final.
    async fn follow(&mut self, mut progress: watch::Receiver<BatchProgress>) -> Result<(), BatchError> {
        loop {
            let is_final = progress.borrow_and_update().state.is_final();
            self.catch_up().await?;
            // The sender goes only together with this loop.
            if is_final || progress.changed().await.is_err() {
                return Ok(());
            }
        }
    }

    /// Writes the chunks that are next. A write is short and nothing else waits for it, so it is done right here.
    async fn catch_up(&mut self) -> Result<(), BatchError> {
        while let Some(results) = self.store.chunk_results(self.batch, ChunkNo(self.next)).await? {
            self.output.push(&results).map_err(|error| self.out_error(error))?;
            self.next += 1;
        }
        Ok(())
    }

    /// Writes what there still is. A batch that was given up has holes, and what is behind them counts too.
    async fn finish(&mut self, progress: &BatchProgress) -> Result<(), BatchError> {
        self.catch_up().await?;
        if progress.state.is_final() {
            for chunk in self.next..progress.staged_chunks {
                if let Some(results) = self.store.chunk_results(self.batch, ChunkNo(chunk)).await? {
                    self.output.push(&results).map_err(|error| self.out_error(error))?;
                }
            }
        }
        self.output.finish().map_err(|error| self.out_error(error))
    }

    fn out_error(&self, error: io::Error) -> BatchError {
        BatchError::Out { out: self.path.to_owned(), error }
    }
}
