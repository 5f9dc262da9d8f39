//! Any queue, with what becomes of its messages reported.

use std::sync::Arc;

use crate::job::Lane;
use crate::ports::{Delay, Delivered, Delivery, Message, Published, Queue, QueueError};
use crate::telemetry::{AckEnd, PublishEnd, Telemetry};

/// A queue that is watched. It changes nothing of what the queue answers.
#[derive(Debug)]
pub struct ObservedQueue<Q> {
    inner: Arc<Q>,
    telemetry: Telemetry,
}

/// A delivery of an [`ObservedQueue`].
#[derive(Debug)]
pub struct ObservedDelivery<D> {
    inner: D,
    telemetry: Telemetry,
}

impl<Q> ObservedQueue<Q> {
    /// Watches a queue.
    #[must_use]
    pub const fn new(inner: Arc<Q>, telemetry: Telemetry) -> Self {
        Self { inner, telemetry }
    }

    fn delivered<D: Delivery>(&self, lane: Option<&Lane>, inner: D) -> ObservedDelivery<D> {
        self.telemetry.delivered(lane, inner.redeliveries());
        ObservedDelivery { inner, telemetry: self.telemetry.clone() }
    }
}

impl<Q: Queue> Queue for ObservedQueue<Q> {
    type Delivery = ObservedDelivery<Q::Delivery>;

    async fn publish(&self, message: &Message, delay: Delay) -> Result<Published, QueueError> {
        let answer = self.inner.publish(message, delay).await;
        self.telemetry.published(match &answer {
            Ok(Published::Confirmed) => PublishEnd::Confirmed,
            Ok(Published::Full) => PublishEnd::Full,
            Err(QueueError::Unroutable(_)) => PublishEnd::Returned,
            Err(QueueError::Unavailable(_) | QueueError::Broken(_)) => PublishEnd::Error,
        });
        answer
    }

    async fn next(&self, lanes: &[Lane]) -> Result<Delivered<Self::Delivery>, QueueError> {
        Ok(match self.inner.next(lanes).await? {
            Delivered::Message(message, delivery) => {
                let delivery = self.delivered(Some(&message.lane), delivery);
                Delivered::Message(message, delivery)
            }
            Delivered::Malformed { reason, delivery } => {
                Delivered::Malformed { reason, delivery: self.delivered(None, delivery) }
            }
        })
    }

    async fn depth(&self, lane: &Lane) -> Result<u64, QueueError> {
        self.inner.depth(lane).await
    }
}

impl<D: Delivery> Delivery for ObservedDelivery<D> {
    fn tag(&self) -> String {
        self.inner.tag()
    }

    fn redeliveries(&self) -> u32 {
        self.inner.redeliveries()
    }

    async fn ack(self) -> Result<bool, QueueError> {
        let answer = self.inner.ack().await;
        self.telemetry.acked(match &answer {
            Ok(true) => AckEnd::Ok,
            Ok(false) => AckEnd::Lost,
            Err(_) => AckEnd::Error,
        });
        answer
    }

    async fn release(self) -> Result<(), QueueError> {
        let answer = self.inner.release().await;
        if answer.is_ok() {
            self.telemetry.released();
        }
        answer
    }

    async fn dead_letter(self, reason: &str) -> Result<(), QueueError> {
        let answer = self.inner.dead_letter(reason).await;
        if answer.is_ok() {
            self.telemetry.dead_lettered();
        }
        answer
    }
}
