//! A message that was taken.

use std::sync::Arc;
use std::time::Instant;

use lapin::options::BasicNackOptions;
use lapin::{Acker, BasicProperties};

use super::inbox::{Inbox, Incoming, Source};
use super::link::Base;
use super::properties::{parked, redeliveries};
use super::publisher::Publisher;
use crate::job::Lane;
use crate::ports::{Delivery, Published, QueueError, WallClock};
use crate::sys::clock;

/// The longest reason that is kept; the broker limits the size of all headers together.
const MAX_REASON: usize = 2_048;

/// A delivery of a [`super::RabbitQueue`]. It belongs to one channel: after that is gone its settlements change nothing.
#[derive(Debug)]
pub struct RabbitDelivery {
    held: Held,
    tag: u64,
    redeliveries: u32,
    base: Arc<Base>,
    publisher: Arc<Publisher>,
    clock: WallClock,
    properties: BasicProperties,
    body: Vec<u8>,
    /// The lane that it came from.
    lane: Lane,
}

/// The part that gives the delivery back when it is dropped unsettled.
#[derive(Debug)]
struct Held {
    source: Source,
    acker: Acker,
    inbox: Arc<Inbox>,
    taken: Instant,
    is_settled: bool,
}

impl RabbitDelivery {
    pub(super) fn new(
        incoming: Incoming,
        (inbox, base, publisher): (Arc<Inbox>, Arc<Base>, Arc<Publisher>),
        clock: WallClock,
    ) -> Self {
        let Incoming { source, delivery } = incoming;
        let acker = delivery.acker;
        Self {
            lane: source.lane.clone(),
            held: Held { source, acker, inbox, taken: clock::now(), is_settled: false },
            tag: delivery.delivery_tag,
            redeliveries: redeliveries(&delivery.properties, delivery.redelivered),
            base,
            publisher,
            clock,
            properties: delivery.properties,
            body: delivery.data,
        }
    }

    /// The same, which came from another lane before the broker gave up on it.
    pub(super) fn of_lane(mut self, lane: Lane) -> Self {
        self.lane = lane;
        self
    }

    /// Publishes it to the parked letters, with what a person needs to know.
    async fn park(&self, reason: &str) -> Result<(), QueueError> {
        let queue = self.base.topology.parked_queue();
        let notes = [
            ("x-reason", shortened(reason)),
            ("x-lane", self.lane.to_string()),
            ("x-parked-at", crate::wire::rfc3339(self.clock.now())),
        ];
        let properties = parked(&self.properties, &notes);
        match self.publisher.send(("", &queue), properties, &self.body).await? {
            Published::Confirmed => Ok(()),
            Published::Full => Err(QueueError::Unavailable(format!("{queue} is full"))),
        }
    }
}

impl Delivery for RabbitDelivery {
    fn tag(&self) -> String {
        // A new channel counts its delivery tags from 1 again.
        format!("{:016x}.{}.{}", self.base.id, self.held.source.generation, self.tag)
    }

    fn redeliveries(&self) -> u32 {
        self.redeliveries
    }

    async fn ack(self) -> Result<bool, QueueError> {
        self.held.ack().await
    }

    async fn release(self) -> Result<(), QueueError> {
        self.held.release().await
    }

    async fn dead_letter(self, reason: &str) -> Result<(), QueueError> {
        // Not by the broker's own dead lettering: that gives no reason, and no confirmation.
        self.park(reason).await?;
        if !self.held.ack().await? {
            tracing::warn!("a parked message comes again: its delivery was lost in between");
        }
        Ok(())
    }
}

impl Held {
    async fn ack(mut self) -> Result<bool, QueueError> {
        let answer = self.inbox.ack(self.source.generation, self.acker.clone()).await;
        if let Some(Ok(was_known)) = answer {
            self.settle();
            return Ok(was_known);
        }
        // Only the end of the channel makes this fail, and that puts the message back.
        tracing::debug!(?answer, "an ack was cut off");
        Ok(false)
    }

    async fn release(mut self) -> Result<(), QueueError> {
        let nack = self.acker.nack(BasicNackOptions { requeue: true, multiple: false });
        match self.inbox.answer(self.source.generation, nack).await {
            Some(Ok(_)) => self.settle(),
            answer @ (Some(Err(_)) | None) => {
                tracing::debug!(?answer, "a release was cut off; the end of the channel does the same");
            }
        }
        Ok(())
    }

    fn settle(&mut self) {
        self.is_settled = true;
        self.inbox.settled(&self.source, self.taken);
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        if !self.is_settled {
            // Drop cannot wait; the consumer's task does it.
            self.inbox.give_back(&self.source, self.acker.clone());
        }
    }
}

fn shortened(reason: &str) -> String {
    let end = (0..=MAX_REASON.min(reason.len())).rev().find(|&at| reason.is_char_boundary(at)).unwrap_or(0);
    reason.get(..end).unwrap_or_default().to_owned()
}
