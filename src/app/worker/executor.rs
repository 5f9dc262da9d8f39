//! One delivery at a time, from its claim to its settlement. It has a place to run only until the run is over.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::execute::Execute;
use super::places::{Place, Places};
use super::steps::{Claimed, Settle, Shared, StepError};
use crate::policy::{ClaimStep, claim_step};
use crate::ports::{Claim, Delivered, Delivery, Message, Payload, Queue, Store, StoreError};
use crate::sys::clock;
use crate::sys::failpoint::{self, Failpoint};
use crate::tasks;
use crate::telemetry::{Phase, TaskName, Telemetry};

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

    /// Says that it has a place to run, takes what it is given, until nobody gives any more.
    pub(super) async fn serve(
        self,
        number: usize,
        idle: mpsc::Sender<usize>,
        mut inbox: mpsc::Receiver<Delivered<Q::Delivery>>,
    ) {
        while let Some(mut place) = self.places.lend().await
            && idle.send(number).await.is_ok()
            && let Some(delivered) = inbox.recv().await
        {
            place.is_busy(self.shared.settings.telemetry.slot_busy());
            if tasks::catching("executor", self.handle(delivered, place)).await.is_err() {
                // Its delivery was dropped and comes again.
                self.shared.settings.telemetry.panicked(TaskName::Executor);
            }
            self.shared.settled.send_modify(|count| *count += 1);
        }
    }

    async fn handle(&self, delivered: Delivered<Q::Delivery>, place: Place<E>) {
        let (message, delivery) = match delivered {
            Delivered::Message(message, delivery) => (message, delivery),
            Delivered::Malformed { reason, delivery } => {
                tracing::warn!(%reason, "a delivery is no message; it goes to the dead letters");
                return settle(&self.shared.settings.telemetry, delivery, Settle::DeadLetter(reason)).await;
            }
        };
        let settlement = match self.work(&message, delivery.tag(), place).await {
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

    async fn work(&self, message: &Message, tag: String, place: Place<E>) -> Result<Settle, StepError> {
        let stops = self.shared.settings.stops.listen(message.work.clone());
        let claim = self.shared.claim(message, tag).await?;
        let at = self.shared.now();
        let telemetry = &self.shared.settings.telemetry;
        telemetry.claimed(&claim);
        if let (1, 0, Claim::Run { lost: 0, .. }) = (message.attempt, message.infra, &claim) {
            telemetry.waited(&message.lane, at.since_ms(message.submitted_at));
        }
        match (claim_step(&claim), claim) {
            (ClaimStep::Run, Claim::Run { lease, attempts: tries, .. }) => {
                failpoint::reached(Failpoint::ClaimDone);
                let keeper = self.shared.keep(lease.clone(), stops);
                let claimed = Claimed { lease, tries, at };
                match &message.payload {
                    Payload::Job { spec, .. } => self.run_job(message, spec, claimed, keeper, place).await,
                    Payload::Chunk => self.run_chunk(message, claimed, keeper, place).await,
                }
            }
            (step, _) => self.shared.settle_claim(message, step).await,
        }
    }
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
