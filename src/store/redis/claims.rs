//! Claims: who may run what, and the writes that every claim can make.

use super::super::change::Change;
use super::super::unrun::worker_lost;
use super::adapter::RedisStore;
use super::answer::{Answer, to_json};
use super::jobs::with_spec;
use super::scripts::SCRIPTS;
use crate::job::{CopyId, FenceToken, WorkId};
use crate::ports::{Claim, ClaimRequest, Completion, LOST_BUDGET, Lease, Renewal, RetryStep, Scheduled, StoreError};

impl RedisStore {
    /// See [`crate::ports::Store::claim`].
    pub(super) async fn claim_work(&self, request: &ClaimRequest) -> Result<Claim, StoreError> {
        let mut call = self
            .call_on(SCRIPTS.claim.of(&request.work), &request.work)
            .with_number("attempt", request.attempt)
            .with_number("infra", request.infra)
            .with("copy", request.copy.as_str())
            .with("delivery", &request.delivery)
            .with("owner", request.owner.as_str())
            .with_number("lease_ms", request.lease_ms)
            .with("fp", request.fingerprint.to_string())
            .with_number("lost_budget", LOST_BUDGET)
            .with("lost_fault", to_json(&worker_lost())?);
        if let Some(deadline) = request.deadline {
            call = call.with_number("deadline", deadline.0);
        }
        if let Some((key, spec)) = &request.job {
            call = with_spec(call, spec).with("key", key.to_string());
        }
        let answer = self.scripts.run(&call).await?;
        let claim = claim_of(&answer, &request.work)?;
        match &claim {
            Claim::Run { .. } => self.note_lease(&request.work, answer.text(4)),
            Claim::Conflict | Claim::Cancelled | Claim::Expired | Claim::Poison if answer.text(1) == "ended" => {
                let change = match &request.work {
                    WorkId::Job(job) => Change::Job(job.clone()),
                    WorkId::Chunk(batch, _) => self.batch_change(batch, &answer, 2),
                };
                self.note_end(&request.work, Some(change));
                self.drop_items(&request.work).await;
            }
            Claim::Conflict
            | Claim::Cancelled
            | Claim::Expired
            | Claim::Poison
            | Claim::DeadLettered
            | Claim::Terminal
            | Claim::Stale
            | Claim::Republish { .. }
            | Claim::Held { .. }
            | Claim::Duplicate
            | Claim::Alias { .. } => {}
        }
        Ok(claim)
    }

    /// See [`crate::ports::Store::mark_published`].
    pub(super) async fn mark_copy_published(&self, work: &WorkId, copy: &CopyId) -> Result<(), StoreError> {
        let call = self.call_on(SCRIPTS.mark_published.of(work), work).with("copy", copy.as_str());
        self.scripts.run(&call).await?;
        Ok(())
    }

    /// See [`crate::ports::Store::renew`].
    pub(super) async fn renew_lease(&self, lease: &Lease, lease_ms: u64) -> Result<Renewal, StoreError> {
        let call = self
            .call_on(SCRIPTS.renew.of(&lease.work), &lease.work)
            .with_number("token", lease.token.0)
            .with_number("lease_ms", lease_ms);
        let answer = self.scripts.run(&call).await?;
        let renewal = match answer.word() {
            "RENEWED" => Renewal::Renewed,
            "CANCEL_REQUESTED" => Renewal::CancelRequested,
            "FENCED" => return Ok(Renewal::Fenced),
            "MISSING" => return Ok(Renewal::Missing),
            _ => return Err(answer.unexpected()),
        };
        self.note_lease(&lease.work, answer.text(1));
        Ok(renewal)
    }

    /// See [`crate::ports::Store::schedule_retry`].
    pub(super) async fn schedule_next_try(&self, lease: &Lease, step: &RetryStep) -> Result<Scheduled, StoreError> {
        let call = self
            .call_on(SCRIPTS.schedule_retry.of(&lease.work), &lease.work)
            .with_number("token", lease.token.0)
            .with_number("attempt", step.attempt)
            .with_number("infra", step.infra)
            .with("copy", step.copy.as_str())
            .with("try", to_json(&step.summary)? + "\n");
        let answer = self.scripts.run(&call).await?;
        let scheduled = match answer.word() {
            "RECORDED" => Scheduled::Recorded,
            "ALREADY" => Scheduled::Already(answer.copy_id(1)?),
            "FENCED" => return Ok(Scheduled::Fenced),
            "BACKWARD" => {
                let (attempt, infra) = (answer.text(1), answer.text(2));
                let text = format!("retry of {} does not go beyond attempt {attempt}.{infra}", lease.work);
                return Err(StoreError::Broken(text));
            }
            _ => return Err(refusal(&answer, &lease.work)),
        };
        self.note_end(&lease.work, None);
        Ok(scheduled)
    }

    /// See [`crate::ports::Store::release`].
    pub(super) async fn release_lease(&self, lease: &Lease) -> Result<Completion, StoreError> {
        let call = self.call_on(SCRIPTS.release.of(&lease.work), &lease.work).with_number("token", lease.token.0);
        let completion = completion_of(&self.scripts.run(&call).await?, &lease.work)?;
        if completion != Completion::Fenced {
            self.note_end(&lease.work, None);
        }
        Ok(completion)
    }
}

fn claim_of(answer: &Answer, work: &WorkId) -> Result<Claim, StoreError> {
    Ok(match answer.word() {
        "CONFLICT" => Claim::Conflict,
        "CANCELLED" => Claim::Cancelled,
        "TERMINAL" => Claim::Terminal,
        "EXPIRED" => Claim::Expired,
        "STALE" => Claim::Stale,
        "REPUBLISH" => {
            Claim::Republish { copy: answer.copy_id(1)?, attempt: answer.number(2)?, infra: answer.number(3)? }
        }
        "HELD" => Claim::Held { ms: answer.number(1)? },
        "DUPLICATE" => Claim::Duplicate,
        "POISON" => Claim::Poison,
        "DEAD_LETTERED" => Claim::DeadLettered,
        "ALIAS" => Claim::Alias { id: answer.job_id(1)?, unpublished: answer.copy_if_any(2)? },
        "RUN" => Claim::Run {
            lease: Lease { work: work.clone(), token: FenceToken(answer.number(1)?) },
            lost: answer.number(2)?,
            attempts: answer.tries(3)?,
        },
        _ => return Err(refusal(answer, work)),
    })
}

/// The answer of a script that ends or gives up a claim.
pub(super) fn completion_of(answer: &Answer, work: &WorkId) -> Result<Completion, StoreError> {
    match answer.word() {
        "RECORDED" => Ok(Completion::Recorded),
        "ALREADY" => Ok(Completion::Already),
        "FENCED" => Ok(Completion::Fenced),
        _ => Err(refusal(answer, work)),
    }
}

fn refusal(answer: &Answer, work: &WorkId) -> StoreError {
    if answer.word() == "UNKNOWN" { StoreError::Unknown(work.to_string()) } else { answer.unexpected() }
}
