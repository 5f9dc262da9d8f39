//! How a try ended to what becomes of the job, and a claim's answer to what the worker does.
//!
//! Three budgets that are never mixed: tries that the client's policy counts, retries for faults of ours, and
//! lost workers. The last is counted where it is seen, by the claim ([`crate::ports::LOST_BUDGET`]).

use crate::job::{Backoff, CopyId, FaultKind, Jitter, JobId, OutcomeKind, RetryOn, RetryPolicy, State, UnixMillis};
use crate::ports::{Claim, RetryClass};

use super::retry;

/// Retries for faults of ours before a job is given up.
pub const INFRA_BUDGET: u32 = 10;

/// How a try ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ended {
    /// The program ran, and this happened to it.
    Outcome(OutcomeKind),
    /// A fault of ours ended the try.
    Fault(FaultKind),
    /// We stopped a healthy run because the worker drains and its grace period is over.
    Interrupted,
}

/// What a disposition depends on besides the end itself.
#[derive(Debug, Clone, Copy)]
pub struct Situation<'a> {
    /// Which try ended, from 1.
    pub attempt: u32,
    /// Retries for faults of ours so far.
    pub infra: u32,
    /// What the client wants retried.
    pub policy: &'a RetryPolicy,
    /// Whether the worker is shutting down.
    pub draining: bool,
    /// This moment.
    pub now: UnixMillis,
    /// When nobody wants the result any more.
    pub deadline: Option<UnixMillis>,
    /// Any 64 random bits.
    pub random: u64,
}

/// What becomes of a job after a try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Disposition {
    /// It is over; record the result, then ack.
    Finish {
        /// The final state.
        state: State,
    },
    /// Record the next try, publish it with a delay, then ack.
    Retry {
        /// Which budget it is charged to.
        class: RetryClass,
        /// Attempt of the next message.
        attempt: u32,
        /// Infrastructure retries of the next message.
        infra: u32,
        /// How long the next message stays invisible, in milliseconds.
        delay_ms: u64,
    },
    /// It would be retried, but its budget is spent: record the result as [`State::DeadLettered`] and park a copy.
    DeadLetter {
        /// For people.
        reason: String,
    },
    /// Hand it back as if it had never started; no budget is charged.
    Release,
}

impl Disposition {
    /// The state in which the job ends, if it does.
    #[must_use]
    pub const fn final_state(&self) -> Option<State> {
        match self {
            Self::Finish { state } => Some(*state),
            Self::DeadLetter { .. } => Some(State::DeadLettered),
            Self::Retry { .. } | Self::Release => None,
        }
    }
}

/// What becomes of a job after a try.
#[must_use]
pub fn disposition(ended: Ended, at: &Situation<'_>) -> Disposition {
    match ended {
        Ended::Interrupted => Disposition::Release,
        // Much breaks while a worker goes down; none of it says anything about the job.
        Ended::Fault(_) if at.draining => Disposition::Release,
        Ended::Fault(fault) => after_fault(fault, at),
        Ended::Outcome(OutcomeKind::Succeeded) => Disposition::Finish { state: State::Succeeded },
        Ended::Outcome(OutcomeKind::Cancelled) => Disposition::Finish { state: State::Cancelled },
        Ended::Outcome(outcome) => match retried_on(outcome) {
            Some(on) if at.policy.on.contains(&on) => after_retryable(outcome, at),
            Some(_) | None => Disposition::Finish { state: State::Failed },
        },
    }
}

/// The policy's word for an outcome; `None` for what is never retried.
#[must_use]
pub const fn retried_on(outcome: OutcomeKind) -> Option<RetryOn> {
    match outcome {
        OutcomeKind::TimedOut => Some(RetryOn::Timeout),
        OutcomeKind::MemoryKilled | OutcomeKind::MemoryError => Some(RetryOn::Memory),
        OutcomeKind::Failed
        | OutcomeKind::OutputExceeded
        | OutcomeKind::Signalled
        | OutcomeKind::Exited
        | OutcomeKind::NoResult
        | OutcomeKind::BadResult => Some(RetryOn::User),
        // An attack does not get a second chance to be one.
        OutcomeKind::Succeeded | OutcomeKind::SyscallDenied | OutcomeKind::Cancelled => None,
    }
}

fn after_retryable(outcome: OutcomeKind, at: &Situation<'_>) -> Disposition {
    let most = at.policy.max_attempts;
    if at.attempt >= most {
        return Disposition::DeadLetter { reason: format!("{} on attempt {} of {most}", outcome.as_str(), at.attempt) };
    }
    match delay_before_deadline(&at.policy.backoff, at.attempt, at) {
        Some(delay_ms) => Disposition::Retry {
            class: RetryClass::Policy,
            attempt: at.attempt.saturating_add(1),
            infra: at.infra,
            delay_ms,
        },
        None => Disposition::Finish { state: State::Failed },
    }
}

fn after_fault(fault: FaultKind, at: &Situation<'_>) -> Disposition {
    if at.infra >= INFRA_BUDGET {
        return Disposition::DeadLetter {
            reason: format!("{} after {} infrastructure retries", fault.as_str(), at.infra),
        };
    }
    let infra = at.infra.saturating_add(1);
    match delay_before_deadline(&Backoff::default(), infra, at) {
        Some(delay_ms) => Disposition::Retry { class: RetryClass::Infra, attempt: at.attempt, infra, delay_ms },
        // The program never ran to an end, so it has no outcome to fail with.
        None => Disposition::Finish { state: State::Expired },
    }
}

/// The wait before the next try; `None` when that try could not start before the deadline.
fn delay_before_deadline(backoff: &Backoff, failed: u32, at: &Situation<'_>) -> Option<u64> {
    let Some(deadline) = at.deadline else { return Some(retry::delay(backoff, failed, at.random).delay_ms) };
    let longest = deadline.since_ms(at.now).checked_sub(1)?;
    let delay_ms = match backoff.jitter {
        // Any wait up to the target is as good, so one is drawn that still leads to a try.
        Jitter::Full => {
            let shortened = Backoff { max_ms: backoff.max_ms.min(longest), ..backoff.clone() };
            retry::delay(&shortened, failed, at.random).delay_ms
        }
        Jitter::None => retry::delay(backoff, failed, at.random).delay_ms,
    };
    (delay_ms <= longest).then_some(delay_ms)
}

/// What the worker does with a claim's answer. Every way but [`ClaimStep::Run`] settles the delivery, by the ack
/// rule (`ARCHITECTURE.md`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClaimStep {
    /// Run it.
    Run,
    /// Ack: the record is final, or another message stands for the work.
    Ack,
    /// Publish the recorded newer attempt under this copy, mark it published, then ack.
    AckAfterRepublish {
        /// The copy of the newer attempt.
        copy: CopyId,
        /// Its attempt.
        attempt: u32,
        /// Its infrastructure retries.
        infra: u32,
    },
    /// Publish this copy for the job that has the key, as its first attempt, mark it published, then ack.
    AckAfterPublishing {
        /// The job that has the key.
        id: JobId,
        /// Its copy.
        copy: CopyId,
    },
    /// Publish the same copy again with this delay, then ack: no slot is kept busy by waiting.
    HoldFor {
        /// A tier, no shorter than the rest of the lease unless that is longer than any tier.
        ms: u64,
    },
    /// Record that this id was rejected, because its key belongs to another payload; then ack.
    RejectConflict,
    /// Park a copy for people, then ack; the record is final.
    Park {
        /// For people.
        reason: &'static str,
    },
}

/// What the worker does with a claim's answer.
#[must_use]
pub fn claim_step(claim: &Claim) -> ClaimStep {
    match claim {
        Claim::Run { .. } => ClaimStep::Run,
        Claim::Conflict => ClaimStep::RejectConflict,
        Claim::Cancelled
        | Claim::Terminal
        | Claim::Expired
        | Claim::Stale
        | Claim::Duplicate
        | Claim::Alias { unpublished: None, .. } => ClaimStep::Ack,
        Claim::Alias { id, unpublished: Some(copy) } => {
            ClaimStep::AckAfterPublishing { id: id.clone(), copy: copy.clone() }
        }
        Claim::Republish { copy, attempt, infra } => {
            ClaimStep::AckAfterRepublish { copy: copy.clone(), attempt: *attempt, infra: *infra }
        }
        Claim::Held { ms } => ClaimStep::HoldFor { ms: retry::tier_at_least(*ms) },
        Claim::DeadLettered => ClaimStep::Park { reason: "its tries were spent; `attempts` in its result tells how" },
        Claim::Poison => ClaimStep::Park { reason: "its workers were lost again and again while they ran it" },
    }
}

#[cfg(test)]
mod tests;
