//! Claims: who may run what, and the writes that every claim can make.

use std::cmp::Ordering;

use rusqlite::Connection;

use super::adapter::Change;
use super::work::Work;
use super::{batches, jobs};
use crate::job::{JobId, State, UnixMillis, WorkId};
use crate::ports::{Claim, ClaimRequest, Completion, LOST_BUDGET, Lease, Renewal, RetryStep, Scheduled, StoreError};

/// What a claim does to the record.
enum Step {
    /// Nothing.
    Answer(Claim),
    /// Makes it final: the client wanted that.
    Cancel,
    /// Makes it final: nobody waits any more.
    Expire,
    /// Makes it final: its workers keep dying.
    Poison,
    /// Goes on under the claim that the caller already has.
    Repeat,
    /// Starts a claim.
    Run(Start),
}

/// From where a claim starts.
enum Start {
    /// The work was waiting.
    Waiting,
    /// The work was running and its lease ran out.
    Lost,
    /// The message is ahead of the record.
    Ahead,
}

/// Answers a claim. See [`crate::ports::Store::claim`].
pub(super) fn claim(conn: &Change<'_>, request: &ClaimRequest, now: UnixMillis) -> Result<Claim, StoreError> {
    let holder = match &request.job {
        Some((key, _)) => jobs::key_holder(conn, key, now)?,
        None => None,
    };
    let stored = Work::load(conn, &request.work.to_string())?;
    let conflicts = holder.as_ref().is_some_and(|holder| holder.fingerprint != request.fingerprint)
        || stored.as_ref().is_some_and(|work| work.fingerprint != request.fingerprint);
    if conflicts {
        if stored.is_none() {
            let mut rejected = Work::of_message(request);
            make_job_row(conn, request, now)?;
            end(conn, request, &mut rejected, State::Rejected, now)?;
        }
        return Ok(Claim::Conflict);
    }

    let is_new = stored.is_none();
    let work = match stored {
        Some(work) => work,
        None if request.job.is_some() => Work::of_message(request),
        None => return Err(StoreError::Unknown(request.work.to_string())),
    };
    let is_stopped = match &request.work {
        WorkId::Chunk(batch, _) => batches::is_stopped(conn, batch)?,
        WorkId::Job(_) => false,
    };
    let original = holder.map(|holder| holder.job).filter(|job| job.as_str() != work.name);
    let step = decide(&work, request, is_stopped, now);
    if let (Step::Run(Start::Waiting), Some(original)) = (&step, original) {
        return alias(conn, &work.name, original);
    }
    if is_new {
        make_job_row(conn, request, now)?;
    }
    apply(conn, request, work, step, now)
}

fn make_job_row(conn: &Connection, request: &ClaimRequest, now: UnixMillis) -> Result<(), StoreError> {
    if let (WorkId::Job(id), Some((key, spec))) = (&request.work, &request.job) {
        jobs::insert(conn, id, key, &request.fingerprint, spec, now)?;
    }
    Ok(())
}

/// The claim table, in its order of precedence after conflicts.
fn decide(work: &Work, request: &ClaimRequest, is_stopped: bool, now: UnixMillis) -> Step {
    if work.state.is_final() {
        return Step::Answer(answer_when_final(work, request));
    }
    if work.cancel_requested || is_stopped {
        return Step::Cancel;
    }
    let is_live = work.lease_is_live(now);
    if !is_live && request.deadline.is_some_and(|deadline| deadline <= now) {
        return Step::Expire;
    }
    match (request.attempt, request.infra).cmp(&(work.attempt, work.infra)) {
        Ordering::Less if work.published => return Step::Answer(Claim::Stale),
        Ordering::Less => {
            let (attempt, infra) = (work.attempt, work.infra);
            return Step::Answer(Claim::Republish { copy: work.copy.clone(), attempt, infra });
        }
        Ordering::Greater => return Step::Run(Start::Ahead),
        Ordering::Equal => {}
    }
    if work.state != State::Running {
        Step::Run(Start::Waiting)
    } else if work.is_claim_of(request) {
        Step::Repeat
    } else if is_live && work.is_claimed_by_copy(request) {
        Step::Answer(Claim::Held { ms: work.lease_until.since_ms(now) })
    } else if is_live {
        Step::Answer(Claim::Duplicate)
    } else if work.lost >= LOST_BUDGET {
        Step::Poison
    } else {
        Step::Run(Start::Lost)
    }
}

/// An end that was found by a claim is told again to the same copy: its worker may have been lost before it
/// parked the message.
fn answer_when_final(work: &Work, request: &ClaimRequest) -> Claim {
    if work.state == State::Cancelled {
        Claim::Cancelled
    } else if work.state == State::Expired && work.is_claimed_by_copy(request) {
        Claim::Expired
    } else if work.poisoned && work.is_claimed_by_copy(request) {
        Claim::Poison
    } else if work.state == State::DeadLettered && work.is_claimed_by_copy(request) {
        Claim::DeadLettered
    } else {
        Claim::Terminal
    }
}

fn apply(
    conn: &Change<'_>,
    request: &ClaimRequest,
    mut work: Work,
    step: Step,
    now: UnixMillis,
) -> Result<Claim, StoreError> {
    match step {
        Step::Answer(claim) => return Ok(claim),
        Step::Cancel => {
            end(conn, request, &mut work, State::Cancelled, now)?;
            return Ok(Claim::Cancelled);
        }
        Step::Expire => {
            end(conn, request, &mut work, State::Expired, now)?;
            return Ok(Claim::Expired);
        }
        Step::Poison => {
            work.count_lost();
            work.poisoned = true;
            end(conn, request, &mut work, State::DeadLettered, now)?;
            return Ok(Claim::Poison);
        }
        Step::Repeat => work.lease_until = work.lease_until.max(now.plus_ms(request.lease_ms)),
        Step::Run(Start::Waiting) => work.run(request, now),
        Step::Run(Start::Lost) => {
            work.count_lost();
            work.run(request, now);
        }
        Step::Run(Start::Ahead) => {
            work.attempt = request.attempt;
            work.infra = request.infra;
            work.copy = request.copy.clone();
            work.run(request, now);
        }
    }
    work.save(conn)?;
    let token = crate::job::FenceToken(work.token);
    Ok(Claim::Run { lease: Lease { work: request.work.clone(), token }, lost: work.lost, attempts: work.tries })
}

/// Makes work final on behalf of the message that found it so.
fn end(
    conn: &Change<'_>,
    request: &ClaimRequest,
    work: &mut Work,
    state: State,
    now: UnixMillis,
) -> Result<(), StoreError> {
    work.end_without_result(state, now);
    work.claimed_copy = Some(request.copy.to_string());
    work.save(conn)?;
    match &request.work {
        WorkId::Job(_) => jobs::finish(conn, &work.name, None, now),
        WorkId::Chunk(batch, chunk) => batches::finish_without_run(conn, batch, *chunk, state),
    }
}

/// The same key and fingerprint under another id. The duplicate gets no record of its own.
fn alias(conn: &Connection, name: &str, original: JobId) -> Result<Claim, StoreError> {
    jobs::note_duplicate(conn, name, &original)?;
    let unpublished = Work::load(conn, original.as_str())?.and_then(|work| work.unpublished());
    Ok(Claim::Alias { id: original, unpublished })
}

/// See [`crate::ports::Store::mark_published`].
pub(super) fn mark_published(conn: &Connection, name: &str, copy: &str) -> Result<(), StoreError> {
    let mut update = conn.prepare_cached("UPDATE work SET published = 1 WHERE name = ?1 AND copy = ?2")?;
    update.execute([name, copy])?;
    Ok(())
}

/// See [`crate::ports::Store::renew`].
pub(super) fn renew(conn: &Connection, lease: &Lease, lease_ms: u64, now: UnixMillis) -> Result<Renewal, StoreError> {
    let Some(mut work) = Work::load(conn, &lease.work.to_string())? else { return Ok(Renewal::Missing) };
    if !work.is_held_by(lease) {
        return Ok(Renewal::Fenced);
    }
    work.extend_lease(conn, now.plus_ms(lease_ms))?;
    let is_stopped = match &lease.work {
        WorkId::Chunk(batch, _) => batches::is_stopped(conn, batch)?,
        WorkId::Job(_) => false,
    };
    Ok(if work.cancel_requested || is_stopped { Renewal::CancelRequested } else { Renewal::Renewed })
}

/// See [`crate::ports::Store::schedule_retry`].
pub(super) fn schedule_retry(conn: &Connection, lease: &Lease, step: &RetryStep) -> Result<Scheduled, StoreError> {
    let mut work = held_or_unknown(conn, lease)?;
    if work.was_left_by(lease, |state| state == State::RetryScheduled) {
        return Ok(Scheduled::Already(work.copy));
    }
    if !work.is_held_by(lease) {
        return Ok(Scheduled::Fenced);
    }
    if (step.attempt, step.infra) <= (work.attempt, work.infra) {
        let text = format!("retry of {} does not go beyond attempt {}.{}", work.name, work.attempt, work.infra);
        return Err(StoreError::Broken(text));
    }
    work.attempt = step.attempt;
    work.infra = step.infra;
    work.copy = step.copy.clone();
    work.published = false;
    work.tries.push(step.summary.clone());
    work.let_go(State::RetryScheduled);
    work.save(conn)?;
    Ok(Scheduled::Recorded)
}

/// See [`crate::ports::Store::release`].
pub(super) fn release(conn: &Connection, lease: &Lease) -> Result<Completion, StoreError> {
    let mut work = held_or_unknown(conn, lease)?;
    if work.was_left_by(lease, |state| state == State::Queued) {
        return Ok(Completion::Already);
    }
    if !work.is_held_by(lease) {
        return Ok(Completion::Fenced);
    }
    work.let_go(State::Queued);
    work.save(conn)?;
    Ok(Completion::Recorded)
}

/// See [`super::EmbeddedStore::release_all`].
pub(super) fn release_all(conn: &Connection) -> Result<u64, StoreError> {
    let mut update = conn.prepare_cached(
        "UPDATE work SET state = ?1, owner = NULL, delivery = NULL, lease_until = 0, version = version + 1
         WHERE state = ?2",
    )?;
    Ok(update.execute([State::Queued.as_str(), State::Running.as_str()])? as u64)
}

/// The record that a lease speaks of.
pub(super) fn held_or_unknown(conn: &Connection, lease: &Lease) -> Result<Work, StoreError> {
    let name = lease.work.to_string();
    Work::load(conn, &name)?.ok_or(StoreError::Unknown(name))
}
