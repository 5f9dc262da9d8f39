//! Single jobs.

use std::sync::Arc;

use super::abandoned::Abandoned;
use super::error::IntakeError;
use crate::job::{CopyId, Fingerprint, JobId, JobSpec, KeyDigest, State, WorkId};
use crate::ports::{Created, Delay, Message, NewJob, Payload, Published, Queue, Store, WallClock};
use crate::sys::failpoint::{self, Failpoint};

/// Takes work in.
#[derive(Debug)]
pub struct Intake<S, Q> {
    pub(super) store: Arc<S>,
    pub(super) queue: Arc<Q>,
    pub(super) clock: WallClock,
    pub(super) abandoned: Arc<Abandoned>,
}

/// What became of a submit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Submitted {
    /// A job was made.
    New(JobId),
    /// The key has this job already, and it does the same.
    Repeat {
        /// The job.
        id: JobId,
        /// Its state.
        state: State,
    },
    /// The key has a job that does something else.
    Conflict,
}

impl<S: Store, Q: Queue> Intake<S, Q> {
    /// Over these adapters. What is left behind by uploads that break off is put into `abandoned`.
    #[must_use]
    pub const fn new(store: Arc<S>, queue: Arc<Q>, clock: WallClock, abandoned: Arc<Abandoned>) -> Self {
        Self { store, queue, clock, abandoned }
    }

    /// Submits a job.
    ///
    /// # Errors
    /// [`IntakeError`]. A job with a key stays, to be published by a repeat. One without a key is taken back, because
    /// nobody has learnt its id.
    pub async fn job(&self, spec: JobSpec, fingerprint: Fingerprint) -> Result<Submitted, IntakeError> {
        let is_named = spec.idempotency_key.is_some();
        let digest = match spec.key_digest() {
            Some(digest) => digest,
            None => KeyDigest(random()?),
        };
        let id = JobId::mint(&digest, getrandom::u64()?);
        let job = NewJob { id, key: digest, fingerprint, copy: random_copy()?, spec };
        match self.store.create(&job).await? {
            Created::New => {
                failpoint::reached(Failpoint::CreateDone);
                let id = job.id.clone();
                let copy = job.copy.clone();
                if let Err(error) = self.publish_job(job, id.clone(), copy).await {
                    if !is_named {
                        self.take_back(&id).await;
                    }
                    return Err(error);
                }
                Ok(Submitted::New(id))
            }
            Created::Exists { id, state, unpublished } => {
                if let Some(copy) = unpublished {
                    self.publish_job(job, id.clone(), copy).await?;
                }
                Ok(Submitted::Repeat { id, state })
            }
            Created::Conflict { .. } => Ok(Submitted::Conflict),
        }
    }

    async fn publish_job(&self, job: NewJob, id: JobId, copy: CopyId) -> Result<(), IntakeError> {
        let NewJob { key, fingerprint, spec, .. } = job;
        let message = Message {
            copy,
            work: WorkId::Job(id),
            attempt: 1,
            infra: 0,
            tenant: spec.tenant.clone(),
            lane: spec.lane.clone(),
            deadline: spec.deadline,
            fingerprint,
            submitted_at: self.clock.now(),
            payload: Payload::Job { key, spec: Box::new(spec) },
        };
        self.publish(&message).await
    }

    /// Publishes the first copy of some work and records that.
    pub(super) async fn publish(&self, message: &Message) -> Result<(), IntakeError> {
        match self.queue.publish(message, Delay::NONE).await? {
            Published::Confirmed => {}
            Published::Full => return Err(IntakeError::Full),
        }
        failpoint::reached(Failpoint::PublishDone);
        // The queue has it: a record that does not say so costs at most a second copy, which claims tell apart.
        if let Err(error) = self.store.mark_published(&message.work, &message.copy).await {
            tracing::warn!(%error, work = %message.work, "a confirmed publish could not be recorded");
        }
        Ok(())
    }

    async fn take_back(&self, id: &JobId) {
        if let Err(error) = self.store.cancel(id).await {
            tracing::warn!(%error, job = %id, "a job that was not published could not be taken back");
        }
    }
}

pub(super) fn random<const N: usize>() -> Result<[u8; N], getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(bytes)
}

fn random_copy() -> Result<CopyId, IntakeError> {
    Ok(CopyId::parse(format!("{:032x}", u128::from_le_bytes(random()?)))?)
}
