//! Ends the work of messages that the queue gave up on: a client of theirs would wait for ever otherwise.
//!
//! Each message is claimed like any other, under a name of its own, so that all that holds for claims holds here: what runs
//! under a live lease is left to whoever runs it, what is final stays as it is, and several reapers are as good as one. What
//! the claim gives is recorded as dead-lettered with the fault that the queue's reason stands for, and the message is
//! parked for people. It is never given back: the queue would count that, and at its limit park the message without an end
//! of its work. So a store that does not answer is waited for.

use std::sync::Arc;
use std::time::Duration;

use super::chunk::{Rest, Results};
use super::executor::settle;
use super::job::{EndedTry, Tried};
use super::steps::{Claimed, Settle, Shared, StepError};
use crate::job::{Fault, FaultKind, State, UnixMillis, WorkId, WorkerId};
use crate::policy::{ClaimStep, claim_step};
use crate::ports::{Claim, Delivered, Delivery, GiveUpReason, GivenUp, Message, Payload, Queue, Store, StoreError};
use crate::sys::failpoint::{self, Failpoint};
use crate::tasks;
use crate::telemetry::TaskName;

/// Wait after store or queue failed.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Takes what the queue gave up on, one by one, for ever.
pub(super) async fn reap<S: Store, Q: Queue, G: GivenUp>(shared: Arc<Shared<S, Q>>, given_up: G, name: WorkerId) {
    let reaper = Reaper { shared, name };
    loop {
        match given_up.next_given_up().await {
            Ok((reason, delivered)) => {
                if tasks::catching("reaper", reaper.handle(reason, delivered)).await.is_err() {
                    reaper.shared.settings.telemetry.panicked(TaskName::Reaper);
                }
            }
            Err(error) => {
                tracing::error!(%error, "no dead letter from the queue");
                tokio::time::sleep(AFTER_ERROR).await;
            }
        }
    }
}

struct Reaper<S, Q> {
    shared: Arc<Shared<S, Q>>,
    name: WorkerId,
}

impl<S: Store, Q: Queue> Reaper<S, Q> {
    async fn handle<D: Delivery>(&self, reason: GiveUpReason, delivered: Delivered<D>) {
        let telemetry = &self.shared.settings.telemetry;
        let (message, delivery) = match delivered {
            Delivered::Message(message, delivery) => (message, delivery),
            Delivered::Malformed { reason, delivery } => {
                return settle(telemetry, delivery, Settle::DeadLetter(reason)).await;
            }
        };
        let settlement = loop {
            match self.end(reason, &message, delivery.tag()).await {
                // Somebody took the work over in between: the next claim says what is left to do.
                Ok(Settle::Release) => {}
                Ok(settlement @ (Settle::Ack | Settle::DeadLetter(_))) => break settlement,
                Err(StepError::Store(StoreError::Unknown(what))) => {
                    break Settle::DeadLetter(format!("{what} is not in the store"));
                }
                Err(error) => tracing::error!(%error, work = %message.work, "a dead letter waits"),
            }
            tokio::time::sleep(AFTER_ERROR).await;
        };
        failpoint::reached(Failpoint::ReapRecorded);
        tracing::warn!(work = %message.work, reason = reason.as_str(), "the queue gave up on a message");
        settle(telemetry, delivery, settlement).await;
        // Nobody has to listen.
        drop(self.shared.settled_work.send(message.work));
    }

    /// Ends the work of a message; answers what becomes of the message.
    async fn end(&self, reason: GiveUpReason, message: &Message, tag: String) -> Result<Settle, StepError> {
        let shared = &self.shared;
        let claim = match reason {
            // Its sender does not want it any more: the claim itself ends it.
            GiveUpReason::Expired => {
                let late = Message { deadline: Some(UnixMillis(0)), ..message.clone() };
                shared.claim_as(&self.name, &late, tag).await?
            }
            GiveUpReason::DeliveryLimit | GiveUpReason::Rejected | GiveUpReason::MaxLength | GiveUpReason::Other => {
                shared.claim_as(&self.name, message, tag).await?
            }
        };
        shared.settings.telemetry.claimed(&claim);
        match (claim_step(&claim), claim) {
            (ClaimStep::Run, Claim::Run { lease, attempts: tries, .. }) => {
                let claimed = Claimed { lease, tries, at: shared.now() };
                let settlement = self.dead_letter(reason, message, claimed).await?;
                shared.settings.telemetry.given_up(reason);
                Ok(settlement)
            }
            (step, claim) => {
                if claim == Claim::Expired {
                    shared.settings.telemetry.given_up(reason);
                }
                shared.settle_claim(message, step).await
            }
        }
    }

    async fn dead_letter(
        &self,
        reason: GiveUpReason,
        message: &Message,
        claimed: Claimed,
    ) -> Result<Settle, StepError> {
        let fault = fault_of(reason);
        let parked = Settle::DeadLetter(fault.message.clone());
        self.shared.settings.telemetry.fault(fault.kind);
        match (&message.work, &message.payload) {
            (WorkId::Job(id), Payload::Job { spec, .. }) => {
                let (tried, worker, claimed) = (&Tried::Fault(fault), &self.name, &claimed);
                let ended = EndedTry { message, id, spec, claimed, tried, worker, runtime: None };
                self.shared.end_job(&ended, State::DeadLettered, parked).await
            }
            (WorkId::Chunk(batch, chunk), Payload::Chunk) => {
                let store = &self.shared.store;
                let program = self.shared.programs.of(store.as_ref(), batch).await?;
                let record = store.chunk_items(batch, *chunk).await?;
                let results = Results::without_run(&record, program.language);
                self.shared.end_chunk(message, &claimed, results, &Rest::Fault(fault), parked).await
            }
            (WorkId::Job(_), Payload::Chunk) | (WorkId::Chunk(..), Payload::Job { .. }) => {
                Ok(Settle::DeadLetter("a message names other work than it brings".to_owned()))
            }
        }
    }
}

fn fault_of(reason: GiveUpReason) -> Fault {
    let (kind, message) = match reason {
        GiveUpReason::DeliveryLimit => {
            (FaultKind::WorkerLost, "the queue gave up on it after its workers were lost again and again")
        }
        GiveUpReason::Rejected => {
            (FaultKind::QueueUnavailable, "a consumer of the queue rejected its message for good")
        }
        GiveUpReason::MaxLength => (FaultKind::QueueUnavailable, "its lane was too long and dropped its message"),
        GiveUpReason::Expired => (FaultKind::QueueUnavailable, "its message expired in the queue"),
        GiveUpReason::Other => (FaultKind::QueueUnavailable, "the queue dropped its message"),
    };
    Fault { kind, stage: None, message: message.to_owned() }
}
