//! One delivery at a time, from its claim to its settlement.

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc;

use super::execute::Execute;
use super::steps::{Claimed, Settle, Shared, StepError};
use crate::policy::{ClaimStep, claim_step};
use crate::ports::{Claim, Delivered, Delivery, Message, Payload, Queue, Store, StoreError};
use crate::sys::clock;
use crate::sys::failpoint::{self, Failpoint};
use crate::tasks;
use crate::telemetry::{Phase, TaskName, Telemetry};

/// Wait before a delivery is given back because store or queue failed: what failed is given time.
const BEFORE_GIVING_BACK: Duration = Duration::from_millis(500);

/// Owns one place to run.
pub(super) struct Executor<S, Q, E> {
    pub(super) shared: Arc<Shared<S, Q>>,
    pub(super) place: E,
    make_place: Arc<dyn Fn() -> E + Send + Sync>,
}

impl<S: Store, Q: Queue, E: Execute> Executor<S, Q, E> {
    pub(super) fn new(shared: Arc<Shared<S, Q>>, make_place: Arc<dyn Fn() -> E + Send + Sync>) -> Self {
        Self { shared, place: make_place(), make_place }
    }

    /// Says that it is idle, takes what it is given, until nobody gives any more.
    pub(super) async fn serve(
        mut self,
        number: usize,
        idle: mpsc::Sender<usize>,
        mut inbox: mpsc::Receiver<Delivered<Q::Delivery>>,
    ) {
        while idle.send(number).await.is_ok() {
            let Some(delivered) = inbox.recv().await else { break };
            let busy = self.shared.settings.telemetry.slot_busy();
            if tasks::catching("executor", self.handle(delivered)).await.is_err() {
                // Its delivery was dropped and comes again; the place may be in any state.
                self.place = (self.make_place)();
                self.shared.settings.telemetry.panicked(TaskName::Executor);
            }
            drop(busy);
            self.shared.settled.send_modify(|count| *count += 1);
        }
    }

    async fn handle(&mut self, delivered: Delivered<Q::Delivery>) {
        let (message, delivery) = match delivered {
            Delivered::Message(message, delivery) => (message, delivery),
            Delivered::Malformed { reason, delivery } => {
                tracing::warn!(%reason, "a delivery is no message; it goes to the dead letters");
                return settle(&self.shared.settings.telemetry, delivery, Settle::DeadLetter(reason)).await;
            }
        };
        let settlement = match self.work(&message, delivery.tag()).await {
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

    async fn work(&mut self, message: &Message, tag: String) -> Result<Settle, StepError> {
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
                let claimed = Claimed { lease, tries, at };
                match &message.payload {
                    Payload::Job { spec, .. } => self.run_job(message, spec, claimed).await,
                    Payload::Chunk => self.run_chunk(message, claimed).await,
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
