//! What the broker gave up on, for a reaper to end.

use std::sync::Arc;

use super::consumer::Purpose;
use super::delivery::RabbitDelivery;
use super::link::Base;
use super::properties::{death, from_amqp};
use super::publisher::Publisher;
use super::settings::RabbitSettings;
use super::taking::{Taken, Taking};
use crate::job::Lane;
use crate::ports::{Delivered, GiveUpReason, GivenUp, QueueError, WallClock};
use crate::telemetry;
use crate::wire::{Arrival, Decoded, decode_message};

/// The queue of what the broker gave up on. Every worker may take from it: claims tell their messages apart.
#[derive(Debug)]
pub struct RabbitGivenUp {
    base: Arc<Base>,
    clock: WallClock,
    publisher: Arc<Publisher>,
    taking: Taking,
    /// The queue's name is that of a lane which nobody can have.
    source: Lane,
}

impl RabbitGivenUp {
    /// At this broker. Nothing is asked of it before the first call.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for settings that give no usable names.
    pub fn new(settings: RabbitSettings, clock: WallClock) -> Result<Self, QueueError> {
        let base = Arc::new(Base::new(settings)?);
        // One at a time: nothing here is urgent, and what is reserved by a reaper that hangs waits with it.
        let purpose = Purpose { connection: telemetry::Connection::Reap, prefetch: 1, ahead: 0 };
        let source = base.topology.dlx_source()?;
        Ok(Self {
            publisher: Arc::new(Publisher::new(Arc::clone(&base))),
            taking: Taking::new(Arc::clone(&base), purpose),
            base,
            clock,
            source,
        })
    }

    fn read(&self, taken: Taken<'_>) -> Option<(GiveUpReason, Delivered<RabbitDelivery>)> {
        let incoming = taken.get()?;
        let properties = &incoming.delivery.properties;
        let (queue, reason) = death(properties);
        let lane = self.base.topology.lane_of_queue(&queue).unwrap_or_else(Lane::interactive);
        let arrival =
            Arrival { lane: lane.clone(), at: self.clock.now(), max_body_bytes: self.base.settings.max_body_bytes };
        let decoded = decode_message(&from_amqp(properties, incoming.delivery.data.clone()), &arrival);
        let parts = (Arc::clone(&self.taking.inbox), Arc::clone(&self.base), Arc::clone(&self.publisher));
        let delivery = RabbitDelivery::new(taken.keep()?, parts, self.clock.clone()).of_lane(lane);
        let delivered = match decoded {
            Ok(Decoded::Message(message)) => Delivered::Message(message, delivery),
            Ok(Decoded::Unnamed(_)) => {
                let reason = "a job without id, key and message id that no worker ever read".to_owned();
                Delivered::Malformed { reason, delivery }
            }
            Err(error) => Delivered::Malformed { reason: error.to_string(), delivery },
        };
        Some((GiveUpReason::from_name(&reason), delivered))
    }
}

impl GivenUp for RabbitGivenUp {
    type Delivery = RabbitDelivery;

    async fn next_given_up(&self) -> Result<(GiveUpReason, Delivered<RabbitDelivery>), QueueError> {
        loop {
            let taken = self.taking.next(std::slice::from_ref(&self.source)).await?;
            if let Some(read) = self.read(taken) {
                return Ok(read);
            }
        }
    }
}
