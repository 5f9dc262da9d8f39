//! The queue as the rest of the worker sees it.

use std::sync::Arc;

use lapin::Channel;
use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, QueueDeclareOptions};
use lapin::types::FieldTable;

use super::consumer::Purpose;
use super::delivery::RabbitDelivery;
use super::link::{Base, short};
use super::parked;
use super::properties::{from_amqp, to_amqp};
use super::publisher::Publisher;
use super::settings::RabbitSettings;
use super::taking::{Taken, Taking};
use super::topology::close;
use crate::job::{KeyDigest, Lane};
use crate::ports::{Delay, Delivered, Message, Parked, ParkingLot, Published, Queue, QueueError, WallClock};
use crate::sys::clock;
use crate::telemetry::{self, QueueName};
use crate::wire::{Arrival, Decoded, UnnamedJob, decode_message, encode_message};

/// How many more deliveries than can be worked on are reserved while they are settled quickly, for each of these: some are
/// claimed already, some are being recorded, some wait to be acknowledged with others.
const AHEAD: u16 = 6;

/// The queue on RabbitMQ. See the module's description.
#[derive(Debug)]
pub struct RabbitQueue {
    base: Arc<Base>,
    clock: WallClock,
    publisher: Arc<Publisher>,
    taking: Taking,
}

impl RabbitQueue {
    /// A queue at this broker. Nothing is asked of it before the first call; the clock stamps what came without a time.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for settings that give no usable names.
    pub fn new(settings: RabbitSettings, clock: WallClock) -> Result<Self, QueueError> {
        let base = Arc::new(Base::new(settings)?);
        let RabbitSettings { slots: prefetch, reserve_ahead, .. } = base.settings;
        let ahead = if reserve_ahead { prefetch.saturating_mul(AHEAD) } else { 0 };
        let purpose = Purpose { connection: telemetry::Connection::Consume, prefetch, ahead };
        Ok(Self {
            publisher: Arc::new(Publisher::new(Arc::clone(&base))),
            taking: Taking::new(Arc::clone(&base), purpose),
            base,
            clock,
        })
    }

    /// Connects the publishing end, which declares or checks the topology.
    ///
    /// # Errors
    /// [`QueueError`] of the broker.
    pub async fn prepare(&self) -> Result<(), QueueError> {
        self.publisher.line().await.map(drop)
    }

    /// Whether deliveries can come right now.
    #[must_use]
    pub fn is_consuming(&self) -> bool {
        self.taking.inbox.is_open()
    }

    /// Messages in each queue of the topology, by what the queue is for. Those of several lanes or delays of one purpose
    /// are added up.
    ///
    /// # Errors
    /// [`QueueError`] of the broker.
    pub async fn depths(&self) -> Result<Vec<(QueueName, u64)>, QueueError> {
        let line = self.publisher.line().await?;
        self.publisher.is_blocked(&line);
        let channel = self.base.answer(line.connection.create_channel()).await?;
        let mut depths: Vec<(QueueName, u64)> = Vec::new();
        for (name, queue) in self.base.topology.named_queues() {
            let ready = self.ready(&channel, &queue).await?;
            match depths.iter_mut().find(|(found, _)| *found == name) {
                Some((_, depth)) => *depth += ready,
                None => depths.push((name, ready)),
            }
        }
        close(&channel).await;
        Ok(depths)
    }

    /// Messages of a queue that nobody has reserved.
    async fn ready(&self, channel: &Channel, queue: &str) -> Result<u64, QueueError> {
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let asked = channel.queue_declare(short(queue), options, FieldTable::default());
        Ok(self.base.answer(asked).await?.message_count().into())
    }

    /// Reads a delivery that was taken; `None` when it was a job without a name, which comes again under one.
    async fn read(&self, taken: Taken<'_>) -> Result<Option<Delivered<RabbitDelivery>>, QueueError> {
        let Some(incoming) = taken.get() else { return Ok(None) };
        let arrival = Arrival {
            lane: incoming.source.lane.clone(),
            at: self.clock.now(),
            max_body_bytes: self.base.settings.max_body_bytes,
        };
        let Delivery { properties, data, .. } = &incoming.delivery;
        let decoded = decode_message(&from_amqp(properties, data.clone()), &arrival);
        match decoded {
            Ok(Decoded::Message(message)) => {
                Ok(self.hand_out(taken).map(|delivery| Delivered::Message(message, delivery)))
            }
            Ok(Decoded::Unnamed(job)) => self.adopt(*job, taken).await.map(|()| None),
            Err(error) => {
                let reason = error.to_string();
                Ok(self.hand_out(taken).map(|delivery| Delivered::Malformed { reason, delivery }))
            }
        }
    }

    fn hand_out(&self, taken: Taken<'_>) -> Option<RabbitDelivery> {
        let parts = (Arc::clone(&self.taking.inbox), Arc::clone(&self.base), Arc::clone(&self.publisher));
        taken.keep().map(|incoming| RabbitDelivery::new(incoming, parts, self.clock.clone()))
    }

    /// Publishes a job without a name under one and acknowledges the one without.
    async fn adopt(&self, job: UnnamedJob, taken: Taken<'_>) -> Result<(), QueueError> {
        let mut key = [0; 32];
        let no_random = |error: getrandom::Error| QueueError::Unavailable(format!("random numbers: {error}"));
        getrandom::fill(&mut key).map_err(no_random)?;
        let message = job.named(KeyDigest(key), getrandom::u64().map_err(no_random)?);
        // A full lane that is full of such jobs would otherwise never get emptier.
        let delays = [Delay::NONE, Delay { ms: self.base.topology.shortest_delay_ms() }];
        for delay in delays {
            if self.publish(&message, delay).await? == Published::Confirmed {
                tracing::debug!(work = %message.work, "a job without a name was given one");
                if let Some(incoming) = taken.keep() {
                    self.taking.inbox.settled(&incoming.source, clock::now());
                    // An ack that is lost here brings the job again, and it runs twice under two names: it asked for nothing else.
                    let ack = incoming.delivery.acker.ack(BasicAckOptions::default());
                    match self.taking.inbox.answer(incoming.source.generation, ack).await {
                        Some(Ok(true)) => {}
                        answer => tracing::warn!(?answer, "a job without a name may run twice"),
                    }
                }
                return Ok(());
            }
        }
        Err(QueueError::Unavailable(format!("lane {} is full", message.lane)))
    }
}

impl Queue for RabbitQueue {
    type Delivery = RabbitDelivery;

    async fn publish(&self, message: &Message, delay: Delay) -> Result<Published, QueueError> {
        let wire = encode_message(message).map_err(|error| QueueError::Broken(error.to_string()))?;
        let (length, most) = (wire.body.len(), self.base.settings.max_body_bytes);
        if length > most {
            return Err(QueueError::Broken(format!("a message of {length} bytes is more than the {most} allowed")));
        }
        let (exchange, key) = self.base.topology.route(&message.lane, delay.ms);
        self.publisher.send((&exchange, &key), to_amqp(&wire), &wire.body).await
    }

    async fn next(&self, lanes: &[Lane]) -> Result<Delivered<RabbitDelivery>, QueueError> {
        loop {
            if let Some(delivered) = self.read(self.taking.next(lanes).await?).await? {
                return Ok(delivered);
            }
        }
    }

    async fn depth(&self, lane: &Lane) -> Result<u64, QueueError> {
        let line = self.publisher.line().await?;
        let channel = self.base.answer(line.connection.create_channel()).await?;
        let ready = self.ready(&channel, &self.base.topology.lane_queue(lane)).await?;
        close(&channel).await;
        Ok(ready + self.taking.inbox.held(lane))
    }
}

impl ParkingLot for RabbitQueue {
    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, QueueError> {
        let line = self.publisher.line().await?;
        parked::look(&self.base, &line.connection, limit).await
    }

    async fn remove_parked(&self, ids: &[String]) -> Result<Vec<String>, QueueError> {
        let line = self.publisher.line().await?;
        parked::remove(&self.base, &line.connection, ids).await
    }
}
