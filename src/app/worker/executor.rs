//! One delivery at a time, from its claim to its settlement. It has a place from after the claim until the run is over.

use std::sync::Arc;
use std::time::Duration;

use super::drain::{Drain, reached};
use super::execute::Execute;
use super::keeper::Keeper;
use super::places::{Place, Places, Turn};
use super::steps::{Claimed, Settle, Shared, StepError};
use crate::policy::{ClaimStep, claim_step};
use crate::ports::{Claim, Delivered, Delivery, Lease, Message, Payload, Queue, Store, StoreError};
use crate::sys::clock;
use crate::sys::failpoint::{self, Failpoint};
use crate::tasks;
use crate::telemetry::{Phase, TaskName, Telemetry};

/// Wait after the queue gave an error instead of a delivery.
const AFTER_ERROR: Duration = Duration::from_secs(1);

/// Wait before a delivery is given back because store or queue failed: what failed is given time.
const BEFORE_GIVING_BACK: Duration = Duration::from_millis(500);

/// Works on one delivery at a time.
pub(super) struct Executor<S, Q, E> {
    pub(super) shared: Arc<Shared<S, Q>>,
    places: Arc<Places<E>>,
}

impl<S: Store, Q: Queue, E: Execute> Executor<S, Q, E> {
    pub(super) const fn new(shared: Arc<Shared<S, Q>>, places: Arc<Places<E>>) -> Self {
        Self { shared, places }
    }

    /// Takes deliveries, until the worker drains.
    pub(super) async fn serve(self) {
        let mut drain = self.shared.drain.clone();
        loop {
            let taken = tokio::select! {
                biased;
                () = reached(&mut drain, Drain::Gracefully) => return,
                taken = self.take() => taken,
            };
            let Some((turn, delivered)) = taken else { return };
            if tasks::catching("executor", self.handle(delivered, turn)).await.is_err() {
                // Its delivery was dropped and comes again.
                self.shared.settings.telemetry.panicked(TaskName::Executor);
            }
            self.shared.settled.send_modify(|count| *count += 1);
        }
    }

    /// Waits for a turn and takes a delivery. May be dropped while it waits.
    async fn take(&self) -> Option<(Turn, Delivered<Q::Delivery>)> {
        let turn = self.places.turn().await?;
        let _taking = self.shared.taking.lock().await;
        loop {
            match self.shared.queue.next(&self.shared.settings.lanes).await {
                Ok(delivered) => return Some((turn, delivered)),
                Err(error) => tracing::error!(%error, "no delivery from the queue"),
            }
            tokio::time::sleep(AFTER_ERROR).await;
        }
    }

    async fn handle(&self, delivered: Delivered<Q::Delivery>, turn: Turn) {
        let (message, delivery) = match delivered {
            Delivered::Message(message, delivery) => (message, delivery),
            Delivered::Malformed { reason, delivery } => {
                tracing::warn!(%reason, "a delivery is no message; it goes to the dead letters");
                return settle(&self.shared.settings.telemetry, delivery, Settle::DeadLetter(reason)).await;
            }
        };
        let settlement = match self.work(&message, delivery.tag(), turn).await {
            Ok(settlement) => settlement,
            Err(StepError::Store(StoreError::Unknown(what))) if matches!(message.payload, Payload::Chunk) => {
                Settle::DeadLetter(format!("{what} is not in the store"))
            }
            Err(error) => {
                tracing::error!(%error, work = %message.work, "a delivery is given back");
                tokio::time::sleep(BEFORE_GIVING_BACK).await;
                Settle::Release
            }
        };
        failpoint::reached(Failpoint::RecordDone);
        settle(&self.shared.settings.telemetry, delivery, settlement).await;
        // Nobody has to listen.
        drop(self.shared.settled_work.send(message.work));
    }

    async fn work(&self, message: &Message, tag: String, turn: Turn) -> Result<Settle, StepError> {
        let stops = self.shared.settings.stops.listen(message.work.clone());
        let claim = self.shared.claim(message, tag).await?;
        self.shared.settings.telemetry.claimed(&claim);
        match (claim_step(&claim), claim) {
            (ClaimStep::Run, Claim::Run { lease, attempts: tries, lost }) => {
                failpoint::reached(Failpoint::ClaimDone);
                let keeper = self.shared.keep(lease.clone(), stops);
                let Some(place) = self.places.lend(turn).await else {
                    return self.give_up(message, &lease, keeper).await;
                };
                let at = self.shared.now();
                if (message.attempt, message.infra, lost) == (1, 0, 0) {
                    let waited = at.since_ms(message.submitted_at);
                    self.shared.settings.telemetry.waited(&message.lane, waited);
                }
                let claimed = Claimed { lease, tries, at };
                match &message.payload {
                    Payload::Job { spec, .. } => self.run_job(message, spec, claimed, keeper, place).await,
                    Payload::Chunk => self.run_chunk(message, claimed, keeper, place).await,
                }
            }
            (step, _) => self.shared.settle_claim(message, step).await,
        }
    }

    /// Somebody else may have a place for it.
    async fn give_up(&self, message: &Message, lease: &Lease, keeper: Keeper) -> Result<Settle, StepError> {
        tracing::debug!(work = %message.work, "a claim is given up: every place is in use");
        if self.shared.is_fenced(message, keeper).await {
            return Ok(Settle::Release);
        }
        self.shared.release(message, lease).await
    }
}

/// Makes a place ready for its next run, and frees it. What was told of its last run goes out first.
pub(super) async fn get_ready<E: Execute>(mut place: Place<E>) {
    tokio::task::yield_now().await;
    place.get().get_ready();
}

pub(super) async fn settle<D: Delivery>(telemetry: &Telemetry, delivery: D, settlement: Settle) {
    let begun = clock::now();
    let settled = match settlement {
        Settle::Ack => delivery.ack().await.map(|was_known| {
            if !was_known {
                tracing::debug!("an ack came too late; the delivery will come again");
            }
        }),
        Settle::Release => delivery.release().await,
        Settle::DeadLetter(reason) => delivery.dead_letter(&reason).await,
    };
    telemetry.phase_took(Phase::Ack, begun.elapsed());
    if let Err(error) = settled {
        tracing::warn!(%error, "a delivery could not be settled; it will come again");
    }
}
