//! The queue as the rest of the worker sees it.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use lapin::message::Delivery;
use lapin::options::{BasicAckOptions, QueueDeclareOptions};
use lapin::types::FieldTable;
use tokio::sync::watch;

use super::consumer;
use super::delivery::RabbitDelivery;
use super::inbox::{Inbox, Incoming};
use super::link::{Base, short};
use super::parked::{self, ParkedMessage};
use super::properties::{from_amqp, to_amqp};
use super::publisher::Publisher;
use super::settings::RabbitSettings;
use super::topology::close;
use crate::job::{KeyDigest, Lane};
use crate::ports::{Delay, Delivered, Message, Published, Queue, QueueError, WallClock};
use crate::tasks::{self, Task};
use crate::wire::{Arrival, Decoded, UnnamedJob, decode_message, encode_message};

/// The queue on RabbitMQ. See the module's description.
#[derive(Debug)]
pub struct RabbitQueue {
    base: Arc<Base>,
    clock: WallClock,
    publisher: Arc<Publisher>,
    inbox: Arc<Inbox>,
    lanes: watch::Sender<Vec<Lane>>,
    /// Started by the first call that takes.
    consumer: Mutex<Option<Task<()>>>,
}

impl RabbitQueue {
    /// A queue at this broker. Nothing is asked of it before the first call; the clock stamps what came without a time.
    ///
    /// # Errors
    /// [`QueueError::Broken`] for settings that give no usable names.
    pub fn new(settings: RabbitSettings, clock: WallClock) -> Result<Self, QueueError> {
        let base = Arc::new(Base::new(settings)?);
        Ok(Self {
            publisher: Arc::new(Publisher::new(Arc::clone(&base))),
            base,
            clock,
            inbox: Arc::new(Inbox::default()),
            lanes: watch::Sender::new(Vec::new()),
            consumer: Mutex::new(None),
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
        self.inbox.is_open()
    }

    /// The oldest dead letters, at most `limit`. They stay where they are; before RabbitMQ 4.3 each look counts as a delivery,
    /// of which a parked message has a million.
    ///
    /// # Errors
    /// [`QueueError`] of the broker.
    pub async fn parked(&self, limit: u32) -> Result<Vec<ParkedMessage>, QueueError> {
        let line = self.publisher.line().await?;
        parked::look(&self.base, &line.connection, limit).await
    }

    /// Makes sure that these lanes are consumed, besides those that already are.
    fn want(&self, lanes: &[Lane]) {
        self.lanes.send_if_modified(|wanted| {
            let before = wanted.len();
            for lane in lanes {
                if !wanted.contains(lane) {
                    wanted.push(lane.clone());
                }
            }
            wanted.len() > before
        });
        let mut consumer = self.consumer.lock().unwrap_or_else(PoisonError::into_inner);
        consumer.get_or_insert_with(|| {
            let running = consumer::run(Arc::clone(&self.base), Arc::clone(&self.inbox), self.lanes.subscribe());
            tasks::spawn("consumer", running)
        });
    }

    /// Reads a delivery that was taken; `None` when it was a job without a name, which comes again under one.
    async fn read(&self, taken: Taken<'_>) -> Result<Option<Delivered<RabbitDelivery>>, QueueError> {
        let Some(incoming) = &taken.0 else { return Ok(None) };
        let arrival = Arrival {
            lane: incoming.lane.clone(),
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
        let parts = (Arc::clone(&self.inbox), Arc::clone(&self.base), Arc::clone(&self.publisher));
        taken.keep().map(|incoming| RabbitDelivery::new(incoming, parts.0, parts.1, parts.2, self.clock.clone()))
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
                    self.inbox.settled(&incoming.lane, incoming.generation);
                    // An ack that is lost here brings the job again, and it runs twice under two names: it asked for nothing else.
                    let ack = incoming.delivery.acker.ack(BasicAckOptions::default());
                    match self.inbox.answer(incoming.generation, ack).await {
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
        self.want(lanes);
        loop {
            // Enabled before the look, so that an arrival between look and wait is not missed.
            let mut arrived = pin!(self.inbox.arrived.notified());
            arrived.as_mut().enable();
            let Some(incoming) = self.inbox.take(lanes)? else {
                arrived.await;
                continue;
            };
            if let Some(delivered) = self.read(Taken(Some(incoming), &self.inbox)).await? {
                return Ok(delivered);
            }
        }
    }

    async fn depth(&self, lane: &Lane) -> Result<u64, QueueError> {
        let line = self.publisher.line().await?;
        let channel = self.base.answer(line.connection.create_channel()).await?;
        let options = QueueDeclareOptions { passive: true, ..QueueDeclareOptions::default() };
        let queue = short(&self.base.topology.lane_queue(lane));
        let ready = self.base.answer(channel.queue_declare(queue, options, FieldTable::default())).await?;
        close(&channel).await;
        Ok(u64::from(ready.message_count()) + self.inbox.held(lane))
    }
}

/// Out of the inbox and not handed out: dropped, it goes back to its place.
struct Taken<'a>(Option<Incoming>, &'a Inbox);

impl Taken<'_> {
    fn keep(mut self) -> Option<Incoming> {
        self.0.take()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(incoming) = self.0.take() {
            self.1.put_back(incoming);
        }
    }
}
