//! What the cases are made of.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use cellblock::job::{
    AttemptSummary, BatchId, ChunkNo, CopyId, Fingerprint, IdempotencyKey, JobId, JobSpec, KeyDigest, Lane, Language,
    OutcomeCounts, OutcomeKind, Program, RawJson, RetryPolicy, State, Tenant, UnixMillis, WorkId, WorkerId,
};
use cellblock::ports::{
    BatchSpec, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, FinishedJob, Lease, Message, NewJob, Payload,
    RetryClass, RetryStep, Store, WallClock,
};
use cellblock::telemetry::Telemetry;

use crate::rabbit::broker::{Kind, Place};

pub(super) const LEASE_MS: u64 = 30_000;
pub(super) const HOUR_S: u64 = 3_600;

/// A clock that moves when told to.
#[derive(Debug, Clone)]
pub(super) struct FakeClock(Arc<AtomicU64>);

impl FakeClock {
    pub(super) fn new() -> Self {
        Self(Arc::new(AtomicU64::new(1_700_000_000_000)))
    }

    pub(super) fn wall(&self) -> WallClock {
        let this = self.clone();
        WallClock::new(move || this.now())
    }

    pub(super) fn now(&self) -> UnixMillis {
        UnixMillis(self.0.load(Ordering::SeqCst))
    }

    pub(super) fn pass_ms(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }
}

/// An adapter under test with the clock that it reads.
#[derive(Debug)]
pub(super) struct Fixture<A> {
    pub(super) adapter: A,
    pub(super) clock: FakeClock,
    /// Where a store reports to.
    pub(super) telemetry: Telemetry,
    /// Keeps the adapter's files.
    pub(super) _dir: Option<tempfile::TempDir>,
    /// Keeps tests that need the broker for themselves waiting.
    pub(super) broker: Option<Place>,
}

impl<A> Fixture<A> {
    /// What a queue says of so many redeliveries: a classic one counts no further than 1.
    pub(super) fn counted(&self, redeliveries: u32) -> u32 {
        match self.broker.as_ref().map(|place| place.kind) {
            Some(Kind::Classic) => redeliveries.min(1),
            Some(Kind::Quorum) | None => redeliveries,
        }
    }
}

pub(crate) fn copy(name: &str) -> CopyId {
    CopyId::parse(name).unwrap()
}

pub(super) fn program() -> Program {
    Program::new(Language::Python, "def main(): return {}")
}

pub(super) fn spec() -> JobSpec {
    JobSpec {
        idempotency_key: None,
        tenant: Tenant::default_tenant(),
        lane: Lane::interactive(),
        program: program(),
        inputs: RawJson::empty_object(),
        retry: RetryPolicy::default(),
        deadline: None,
        result_ttl_s: HOUR_S,
    }
}

/// A job whose key is `key` and whose first copy is `<key>-1`.
pub(super) fn job(key: &str, nonce: u64, what: &str) -> NewJob {
    let spec = JobSpec { idempotency_key: IdempotencyKey::parse(key).ok(), ..spec() };
    let digest = spec.key_digest().unwrap();
    NewJob {
        id: JobId::mint(&digest, nonce),
        key: digest,
        fingerprint: Fingerprint::of_parts(&[what.as_bytes()]),
        copy: copy(&format!("{key}-1")),
        spec,
    }
}

/// The claim of a job's first message.
pub(super) fn claim_of(job: &NewJob, worker: &str, delivery: &str) -> ClaimRequest {
    ClaimRequest {
        work: WorkId::Job(job.id.clone()),
        attempt: 1,
        infra: 0,
        copy: job.copy.clone(),
        delivery: delivery.to_owned(),
        owner: WorkerId::parse(worker).unwrap(),
        lease_ms: LEASE_MS,
        deadline: None,
        fingerprint: job.fingerprint,
        job: Some((job.key, job.spec.clone())),
    }
}

pub(super) fn summary(attempt: u32, outcome: OutcomeKind) -> AttemptSummary {
    AttemptSummary {
        attempt,
        outcome: Some(outcome),
        fault: None,
        worker: "w1".to_owned(),
        started_at: UnixMillis(1),
        usage: None,
    }
}

pub(super) fn end(state: State, document: &str) -> FinishedJob {
    FinishedJob {
        state,
        outcome: Some(OutcomeKind::Succeeded),
        attempt: summary(1, OutcomeKind::Succeeded),
        document: RawJson::parse(document.to_owned()).unwrap(),
    }
}

pub(super) fn retry(attempt: u32, infra: u32, name: &str) -> RetryStep {
    RetryStep {
        class: if infra == 0 { RetryClass::Policy } else { RetryClass::Infra },
        attempt,
        infra,
        copy: copy(name),
        due_at: UnixMillis(1),
        summary: summary(1, OutcomeKind::TimedOut),
    }
}

/// The lease of a claim that must run.
pub(super) fn running(claim: Claim) -> Lease {
    let Claim::Run { lease, .. } = claim else { panic!("not to be run: {claim:?}") };
    lease
}

pub(super) async fn run<S: Store>(store: &S, request: &ClaimRequest) -> Lease {
    running(store.claim(request).await.unwrap())
}

pub(super) fn batch(name: &str, tolerated_failures: Option<u64>) -> BatchSpec {
    BatchSpec {
        id: BatchId::parse(name).unwrap(),
        tenant: Tenant::default_tenant(),
        fingerprint: Fingerprint([3; 32]),
        program: program(),
        tolerated_failures,
    }
}

/// Chunk `no` of two items.
pub(super) fn chunk(no: u32) -> ChunkRecord {
    ChunkRecord {
        chunk: ChunkNo(no),
        first_item: u64::from(no) * 2,
        items: "{\"n\":1}\n{\"n\":2}\n".to_owned(),
        count: 2,
    }
}

pub(super) fn claim_of_chunk(batch: &BatchSpec, no: u32, worker: &str, delivery: &str) -> ClaimRequest {
    ClaimRequest {
        work: WorkId::Chunk(batch.id.clone(), ChunkNo(no)),
        attempt: 1,
        infra: 0,
        copy: copy(&format!("chunk-{no}")),
        delivery: delivery.to_owned(),
        owner: WorkerId::parse(worker).unwrap(),
        lease_ms: LEASE_MS,
        deadline: None,
        fingerprint: batch.fingerprint,
        job: None,
    }
}

/// The outcome of a chunk of two items of which `failed` failed.
pub(super) fn chunk_outcome(failed: u32) -> ChunkOutcome {
    let mut counts = OutcomeCounts::default();
    for item in 0..2 {
        counts.add(Some(if item < failed { OutcomeKind::Failed } else { OutcomeKind::Succeeded }));
    }
    ChunkOutcome { results: "{\"item\":0}\n{\"item\":1}\n".to_owned(), counts, fault: None }
}

/// A job's message in a lane.
pub(crate) fn message(name: &str, lane: &Lane) -> Message {
    Message {
        copy: copy(name),
        work: WorkId::Job(JobId::parse(format!("job-{name}")).unwrap()),
        attempt: 1,
        infra: 0,
        tenant: Tenant::default_tenant(),
        lane: lane.clone(),
        deadline: None,
        fingerprint: Fingerprint([1; 32]),
        submitted_at: UnixMillis(7),
        payload: Payload::Job { key: KeyDigest([2; 32]), spec: Box::new(spec()) },
    }
}
