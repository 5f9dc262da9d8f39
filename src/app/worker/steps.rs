//! The steps of a delivery's life that talk to store and queue. Each is idempotent, and asked for again by `Patience`.

use std::future::Future;
use std::sync::Arc;

use tokio::sync::{Mutex, broadcast, watch};

use super::drain::Drain;
use super::keeper::{Keeper, Kept};
use super::programs::Programs;
use super::settings::WorkerSettings;
use super::stops::StopListener;
use crate::job::{AttemptSummary, CopyId, Fingerprint, Language, RetryPolicy, UnixMillis, WorkId, WorkerId};
use crate::policy::{ClaimStep, Disposition, Ended, Situation, disposition};
use crate::ports::{
    ChunkOutcome, Claim, ClaimRequest, Completion, Delay, FinishedJob, Lease, Message, Payload, Published, Queue,
    QueueError, RetryClass, RetryStep, Scheduled, Store, StoreError, WallClock,
};
use crate::sys::clock;
use crate::sys::failpoint::{self, Failpoint};
use crate::telemetry::{AttemptEnd, Phase};

/// What all executors of a worker share.
#[derive(Debug)]
pub(super) struct Shared<S, Q> {
    pub(super) store: Arc<S>,
    pub(super) queue: Arc<Q>,
    pub(super) settings: WorkerSettings,
    pub(super) clock: WallClock,
    pub(super) programs: Programs,
    /// Held by the executor that takes the next delivery.
    pub(super) taking: Mutex<()>,
    /// Runs are given back when this says [`Drain::Now`].
    pub(super) drain: watch::Receiver<Drain>,
    /// Deliveries done with.
    pub(super) settled: watch::Sender<u64>,
    /// The work of each of them.
    pub(super) settled_work: broadcast::Sender<WorkId>,
}

/// How a delivery is settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Settle {
    /// By the ack rule.
    Ack,
    /// Back to its lane: it will be claimed again.
    Release,
    /// Parked for people.
    DeadLetter(String),
}

/// A step without its answer. What it did is found out by the next claim.
#[derive(Debug, thiserror::Error)]
pub(super) enum StepError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue's.
    #[error(transparent)]
    Queue(#[from] QueueError),
}

/// A claim that is to be run.
#[derive(Debug)]
pub(super) struct Claimed {
    pub(super) lease: Lease,
    pub(super) tries: Vec<AttemptSummary>,
    pub(super) at: UnixMillis,
}

/// The try after one that ended.
#[derive(Debug)]
pub(super) struct NextTry {
    pub(super) class: RetryClass,
    pub(super) attempt: u32,
    pub(super) infra: u32,
    pub(super) delay_ms: u64,
    /// The one that ended.
    pub(super) summary: AttemptSummary,
}

impl<S: Store, Q: Queue> Shared<S, Q> {
    /// Asks for the work of a message, in the worker's name.
    pub(super) async fn claim(&self, message: &Message, tag: String) -> Result<Claim, StepError> {
        self.claim_as(&self.settings.id, message, tag).await
    }

    /// Asks for the work of a message.
    pub(super) async fn claim_as(&self, owner: &WorkerId, message: &Message, tag: String) -> Result<Claim, StepError> {
        failpoint::reached(Failpoint::ClaimDue);
        let request = ClaimRequest {
            work: message.work.clone(),
            attempt: message.attempt,
            infra: message.infra,
            copy: message.copy.clone(),
            delivery: tag,
            owner: owner.clone(),
            lease_ms: self.settings.lease_ms,
            deadline: message.deadline,
            fingerprint: message.fingerprint,
            job: match &message.payload {
                Payload::Job { key, spec } => Some((*key, spec.as_ref().clone())),
                Payload::Chunk => None,
            },
        };
        let store = &self.store;
        Ok(self.timed(Phase::Claim, self.settings.patience.repeat("a claim", || store.claim(&request))).await?)
    }

    /// What a claim's answer asks for, short of running.
    pub(super) async fn settle_claim(&self, message: &Message, step: ClaimStep) -> Result<Settle, StepError> {
        match step {
            ClaimStep::Ack => Ok(Settle::Ack),
            // The store has recorded the rejection together with its answer.
            ClaimStep::RejectConflict => {
                tracing::warn!(work = %message.work, "refused a message with the key of a job that does something else");
                Ok(Settle::Ack)
            }
            ClaimStep::AckAfterRepublish { copy, attempt, infra } => {
                let newer = Message { copy, attempt, infra, ..message.clone() };
                self.publish(&newer, Delay::NONE).await?;
                self.mark_published(&newer).await?;
                Ok(Settle::Ack)
            }
            ClaimStep::AckAfterPublishing { id, copy } => {
                let original = Message { work: WorkId::Job(id), copy, attempt: 1, infra: 0, ..message.clone() };
                self.publish(&original, Delay::NONE).await?;
                self.mark_published(&original).await?;
                Ok(Settle::Ack)
            }
            ClaimStep::HoldFor { ms } => {
                self.publish(message, Delay { ms }).await?;
                Ok(Settle::Ack)
            }
            ClaimStep::Park { reason } => Ok(Settle::DeadLetter(reason.to_owned())),
            ClaimStep::Run => Ok(Settle::Release),
        }
    }

    /// Waits for a step and reports how long it took.
    async fn timed<T>(&self, phase: Phase, step: impl Future<Output = T>) -> T {
        let begun = clock::now();
        let answer = step.await;
        self.settings.telemetry.phase_took(phase, begun.elapsed());
        answer
    }

    /// Reports how a try ended for its work.
    pub(super) fn attempt_ended(&self, message: &Message, end: AttemptEnd) {
        self.settings.telemetry.attempt_ended(&message.lane, end);
    }

    /// What becomes of the work after a try.
    pub(super) fn dispose(&self, message: &Message, policy: &RetryPolicy, ended: Ended) -> Disposition {
        let situation = Situation {
            attempt: message.attempt,
            infra: message.infra,
            policy,
            draining: *self.drain.borrow() >= Drain::Gracefully,
            now: self.now(),
            deadline: message.deadline,
            // Without random numbers the shortest delay is drawn, which is as right as any other.
            random: getrandom::u64().unwrap_or(0),
        };
        disposition(ended, &situation)
    }

    /// Starts to keep a claim. `stops` has listened since before it was made: an earlier wish was seen by the claim.
    pub(super) fn keep(&self, lease: Lease, stops: StopListener) -> Keeper {
        let (settings, drain) = (&self.settings, self.drain.clone());
        Keeper::start(Arc::clone(&self.store), lease, settings.lease_ms, stops, drain, settings.telemetry.clone())
    }

    /// Ends the keeping of a claim. Whether it was lost meanwhile: then the try is over, and nothing of it is recorded.
    pub(super) async fn is_fenced(&self, message: &Message, keeper: Keeper) -> bool {
        let is_fenced = keeper.finish().await == Kept::Fenced;
        if is_fenced {
            self.attempt_ended(message, AttemptEnd::Fenced);
        }
        is_fenced
    }

    /// Records the end of a job.
    pub(super) async fn complete(&self, lease: &Lease, end: &FinishedJob) -> Result<Completion, StepError> {
        let complete = || self.store.complete(lease, end);
        let completed = self.settings.patience.repeat("the record of a result", complete);
        Ok(self.timed(Phase::Record, completed).await?)
    }

    /// Records the results of a chunk.
    pub(super) async fn complete_chunk(&self, lease: &Lease, outcome: &ChunkOutcome) -> Result<Completion, StepError> {
        let complete = || self.store.complete_chunk(lease, outcome);
        let completed = self.settings.patience.repeat("the record of results", complete);
        Ok(self.timed(Phase::Record, completed).await?)
    }

    /// Records the next try, publishes it, marks it published.
    pub(super) async fn retry(&self, message: &Message, lease: &Lease, next: NextTry) -> Result<Settle, StepError> {
        let NextTry { class, attempt, infra, delay_ms, summary } = next;
        let due_at = self.now().plus_ms(delay_ms);
        let copy = copy_of(message, attempt, infra);
        let step = RetryStep { class, attempt, infra, copy, due_at, summary };
        let Some(copy) = self.timed(Phase::Record, self.schedule(lease, step)).await? else {
            self.attempt_ended(message, AttemptEnd::Fenced);
            return Ok(Settle::Release);
        };
        self.attempt_ended(message, AttemptEnd::Retry);
        self.settings.telemetry.retried(class);
        failpoint::reached(Failpoint::RetryRecorded);
        let message = Message { copy, attempt, infra, ..message.clone() };
        let publish = async {
            self.publish(&message, Delay { ms: delay_ms }).await?;
            self.mark_published(&message).await.map_err(StepError::from)
        };
        self.timed(Phase::Publish, publish).await?;
        failpoint::reached(Failpoint::RetryPublished);
        Ok(Settle::Ack)
    }

    /// Records the next try; answers the copy to publish, or `None` when the claim is lost.
    async fn schedule(&self, lease: &Lease, step: RetryStep) -> Result<Option<CopyId>, StoreError> {
        let schedule = || self.store.schedule_retry(lease, &step);
        Ok(match self.settings.patience.repeat("the record of a retry", schedule).await? {
            Scheduled::Recorded => Some(step.copy),
            Scheduled::Already(copy) => Some(copy),
            Scheduled::Fenced => None,
        })
    }

    /// Gives a claim up without charging a try.
    pub(super) async fn release(&self, message: &Message, lease: &Lease) -> Result<Settle, StepError> {
        let store = &self.store;
        self.settings.patience.repeat("the release of a claim", || store.release(lease)).await?;
        self.attempt_ended(message, AttemptEnd::Released);
        Ok(Settle::Release)
    }

    async fn publish(&self, message: &Message, delay: Delay) -> Result<(), QueueError> {
        let queue = &self.queue;
        let publish = || async move {
            match queue.publish(message, delay).await? {
                Published::Confirmed => Ok(()),
                Published::Full => Err(QueueError::Unavailable(format!("lane {} is full", message.lane))),
            }
        };
        self.settings.patience.repeat("a publish", publish).await
    }

    async fn mark_published(&self, message: &Message) -> Result<(), StoreError> {
        let store = &self.store;
        let mark = || store.mark_published(&message.work, &message.copy);
        self.settings.patience.repeat("the mark of a publish", mark).await
    }

    pub(super) fn now(&self) -> UnixMillis {
        self.clock.now()
    }

    /// The name of the source file in tracebacks.
    pub(super) fn file_of(&self, language: Language) -> String {
        let usual = || match language {
            Language::Python => "main.py".to_owned(),
            Language::Node => "main.js".to_owned(),
        };
        self.settings.file.clone().unwrap_or_else(usual)
    }
}

/// A final record lets its delivery be settled. One that somebody else has to make sends it back, and the next claim
/// says what became of the work.
pub(super) fn after_completion(completion: Completion, settle: Settle) -> Settle {
    match completion {
        Completion::Recorded | Completion::Already | Completion::WithoutResult => settle,
        Completion::Fenced => Settle::Release,
    }
}

/// The copy of a try: made of what it is, so that a step that is repeated publishes the same copy.
fn copy_of(message: &Message, attempt: u32, infra: u32) -> CopyId {
    let work = message.work.to_string();
    let digest = Fingerprint::of_parts(&[b"copy", work.as_bytes(), &attempt.to_le_bytes(), &infra.to_le_bytes()]);
    CopyId::parse(digest.to_string()).unwrap_or_else(|_| message.copy.clone())
}
