//! A worker with its store and queue, and what a client does with them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use cellblock::app::worker::{Drain, DrainSwitch, Execute, Patience, Worker, WorkerSettings};
use cellblock::job::{
    Backoff, BatchId, ChunkNo, CopyId, IdempotencyKey, ItemResult, Jitter, JobId, JobSpec, Lane, Language, Program,
    RawJson, RetryOn, RetryPolicy, State, Tenant, WorkId, WorkerId,
};
use cellblock::ports::{
    BatchSpec, ChunkRecord, Created, Delay, JobRecord, Message, NewJob, Payload, Published, Queue, Store, WallClock,
};
use cellblock::queue::EmbeddedQueue;
use cellblock::store::EmbeddedStore;
use cellblock::sys::clock;
use cellblock::tasks::{self, Task};
use cellblock::wire;

/// Longest wait for anything.
const PATIENCE: Duration = Duration::from_secs(20);

pub(super) const LEASE_MS: u64 = 300;

/// Store and queue in one file.
#[derive(Debug)]
pub(super) struct Rig {
    pub(super) store: Arc<EmbeddedStore>,
    pub(super) queue: Arc<EmbeddedQueue>,
    pub(super) path: PathBuf,
    _dir: tempfile::TempDir,
}

/// A worker that runs.
#[derive(Debug)]
pub(super) struct Working {
    pub(super) drain: DrainSwitch,
    task: Task<()>,
}

impl Working {
    /// Stops it and waits until it has.
    pub(super) async fn stop(mut self, how: Drain) {
        self.drain.set(how);
        within(self.task.join()).await.unwrap();
    }
}

pub(super) fn wall() -> WallClock {
    WallClock::new(clock::unix_now)
}

/// Waits, but not for ever.
pub(super) async fn within<T>(wait: impl Future<Output = T>) -> T {
    tokio::time::timeout(PATIENCE, wait).await.expect("this takes too long")
}

pub(super) fn settings(slots: usize) -> WorkerSettings {
    let id = WorkerId::parse(format!("test-{:x}", getrandom::u64().unwrap())).unwrap();
    let first = Duration::from_millis(1);
    WorkerSettings {
        lease_ms: LEASE_MS,
        grace: Duration::from_millis(200),
        patience: Patience { tries: 3, first, longest: first },
        ..WorkerSettings::new(id, slots)
    }
}

/// A worker over any adapters.
pub(super) fn start<S: Store, Q: Queue, E: Execute>(
    store: &Arc<S>,
    queue: &Arc<Q>,
    settings: WorkerSettings,
    place: impl Fn() -> E + Send + Sync + 'static,
) -> Working {
    let worker = Worker::new(Arc::clone(store), Arc::clone(queue), settings, wall());
    let drain = DrainSwitch::new();
    let task = tasks::spawn("worker under test", worker.run(place, drain.listen()));
    Working { drain, task }
}

pub(super) fn spec(inputs: &str) -> JobSpec {
    JobSpec {
        idempotency_key: None,
        tenant: Tenant::default_tenant(),
        lane: Lane::interactive(),
        program: Program::new(Language::Python, "def main(**inputs): return inputs"),
        inputs: RawJson::parse(inputs.to_owned()).unwrap(),
        retry: RetryPolicy::default(),
        deadline: None,
        result_ttl_s: 3_600,
    }
}

/// At most this many tries of whatever the program does wrong, with hardly a wait.
pub(super) fn retries(max_attempts: u32) -> RetryPolicy {
    let backoff = Backoff { base_ms: 5, factor: 1.0, max_ms: 5, jitter: Jitter::None };
    RetryPolicy { max_attempts, on: vec![RetryOn::User, RetryOn::Timeout], backoff }
}

/// The message of a job, and the job as the store is to know it.
pub(super) fn job(key: &str, nonce: u64, spec: JobSpec) -> (NewJob, Message) {
    let digest = IdempotencyKey::parse(key).unwrap().digest(&spec.tenant);
    let id = JobId::mint(&digest, nonce);
    let fingerprint = wire::fingerprint(&spec);
    let copy = CopyId::parse(format!("{id}.1")).unwrap();
    let message = Message {
        copy: copy.clone(),
        work: WorkId::Job(id.clone()),
        attempt: 1,
        infra: 0,
        tenant: spec.tenant.clone(),
        lane: spec.lane.clone(),
        deadline: spec.deadline,
        fingerprint,
        submitted_at: clock::unix_now(),
        payload: Payload::Job { key: digest, spec: Box::new(spec.clone()) },
    };
    (NewJob { id, key: digest, fingerprint, copy, spec }, message)
}

impl Rig {
    pub(super) fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("cells.db");
        let queue = Arc::new(EmbeddedQueue::open(&path, wall(), 1_000).unwrap());
        let store = Arc::new(EmbeddedStore::open(&path, wall()).unwrap());
        Self { store, queue, path, _dir: dir }
    }

    /// A worker with one slot.
    pub(super) fn work<E: Execute + Clone + Sync>(&self, place: &E) -> Working {
        let place = place.clone();
        start(&self.store, &self.queue, settings(1), move || place.clone())
    }

    /// Creates and publishes a job.
    pub(super) async fn submit(&self, key: &str, spec: JobSpec) -> JobId {
        let (job, message) = job(key, 1, spec);
        assert_eq!(self.store.create(&job).await.unwrap(), Created::New);
        self.publish(&message).await;
        self.store.mark_published(&message.work, &message.copy).await.unwrap();
        job.id
    }

    pub(super) async fn publish(&self, message: &Message) {
        assert_eq!(self.queue.publish(message, Delay::NONE).await.unwrap(), Published::Confirmed);
    }

    /// The job once it is in a state like that.
    pub(super) async fn job_in(&self, id: &JobId, is_it: impl Fn(State) -> bool) -> JobRecord {
        let look = async {
            loop {
                if let Some(job) = self.store.job(id).await.unwrap().filter(|job| is_it(job.state)) {
                    return job;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        within(look).await
    }

    pub(super) async fn ended(&self, id: &JobId) -> JobRecord {
        self.job_in(id, State::is_final).await
    }

    /// Waits until no message is left in either lane.
    pub(super) async fn emptied(&self) {
        let look = async {
            while self.depth().await > 0 {
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        within(look).await;
    }

    pub(super) async fn depth(&self) -> u64 {
        let interactive = self.queue.depth(&Lane::interactive()).await.unwrap();
        interactive + self.queue.depth(&Lane::batch()).await.unwrap()
    }

    pub(super) async fn dead_letters(&self) -> Vec<String> {
        let letters = self.queue.dead_letters(0, 100).await.unwrap();
        letters.into_iter().map(|letter| letter.reason).collect()
    }

    /// A batch of one chunk with these lines; its message.
    pub(super) async fn submit_chunk(&self, items: &[&str], tolerated: Option<u64>) -> Message {
        let batch = batch(tolerated);
        self.store.create_batch(&batch).await.unwrap();
        let mut lines = items.join("\n");
        lines.push('\n');
        let count = u32::try_from(items.len()).unwrap();
        let chunk = ChunkRecord { chunk: ChunkNo(0), first_item: 0, items: lines, count };
        let message = chunk_message(&batch, ChunkNo(0));
        self.store.stage_chunk(&batch.id, &chunk, &message.copy).await.unwrap();
        self.store.seal_batch(&batch.id).await.unwrap();
        message
    }

    /// The results of that chunk.
    pub(super) async fn results(&self) -> Vec<ItemResult> {
        let look = async {
            loop {
                if let Some(text) = self.store.chunk_results(&batch(None).id, ChunkNo(0)).await.unwrap() {
                    return text;
                }
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        };
        within(look).await.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }
}

pub(super) fn batch(tolerated_failures: Option<u64>) -> BatchSpec {
    let spec = spec("{}");
    BatchSpec {
        id: BatchId::parse("b").unwrap(),
        tenant: spec.tenant.clone(),
        fingerprint: wire::fingerprint(&spec),
        program: spec.program,
        tolerated_failures,
    }
}

pub(super) fn chunk_message(batch: &BatchSpec, chunk: ChunkNo) -> Message {
    Message {
        copy: CopyId::parse(format!("chunk-{chunk}")).unwrap(),
        work: WorkId::Chunk(batch.id.clone(), chunk),
        attempt: 1,
        infra: 0,
        tenant: batch.tenant.clone(),
        lane: Lane::batch(),
        deadline: None,
        fingerprint: batch.fingerprint,
        submitted_at: clock::unix_now(),
        payload: Payload::Chunk,
    }
}

/// A job's result document.
pub(super) fn document(job: &JobRecord) -> serde_json::Value {
    serde_json::from_str(job.document.as_ref().expect("no result").get()).unwrap()
}
