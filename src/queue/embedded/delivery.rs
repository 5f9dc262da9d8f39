//! A message that was taken.

use std::sync::{Arc, Weak};

use super::adapter::Consumer;
use super::rows::{self, Reservation};
use crate::ports::{Delivery, QueueError};

/// A delivery of an [`super::EmbeddedQueue`]. It does not keep the queue open: once the queue is closed its
/// settlements change nothing, and the message is delivered again at the next open.
#[derive(Debug)]
pub struct EmbeddedDelivery {
    consumer: Weak<Consumer>,
    reservation: Reservation,
    returns: u32,
    is_handed_out: bool,
    is_settled: bool,
}

impl EmbeddedDelivery {
    /// Guards a row from the moment it is taken, so that a cancelled `next` gives it back.
    pub(super) fn guarding(consumer: &Arc<Consumer>, reservation: Reservation, returns: u32) -> Self {
        let consumer = Arc::downgrade(consumer);
        Self { consumer, reservation, returns, is_handed_out: false, is_settled: false }
    }

    /// The caller has it: from now on a drop is a lost delivery.
    pub(super) fn handed_out(mut self) -> Self {
        self.is_handed_out = true;
        self
    }
}

impl Delivery for EmbeddedDelivery {
    fn tag(&self) -> String {
        format!("{}.{}", self.reservation.seq, self.reservation.number)
    }

    fn redeliveries(&self) -> u32 {
        self.returns
    }

    async fn ack(mut self) -> Result<bool, QueueError> {
        let Some(consumer) = self.consumer.upgrade() else { return Ok(false) };
        let taken = self.reservation.clone();
        let was_there = consumer.write(move |conn, me| rows::remove(conn, &taken, &me.id)).await?;
        self.is_settled = true;
        Ok(was_there)
    }

    async fn release(mut self) -> Result<(), QueueError> {
        let Some(consumer) = self.consumer.upgrade() else { return Ok(()) };
        let taken = self.reservation.clone();
        consumer.write(move |conn, me| rows::give_back(conn, &taken, &me.id, 0)).await?;
        consumer.wake.notify_waiters();
        self.is_settled = true;
        Ok(())
    }

    async fn dead_letter(mut self, reason: &str) -> Result<(), QueueError> {
        let Some(consumer) = self.consumer.upgrade() else { return Ok(()) };
        let (taken, reason) = (self.reservation.clone(), reason.to_owned());
        consumer.write(move |conn, me| rows::bury(conn, &taken, &me.id, &reason, me.clock.now())).await?;
        self.is_settled = true;
        Ok(())
    }
}

impl Drop for EmbeddedDelivery {
    fn drop(&mut self) {
        if self.is_settled {
            return;
        }
        // Drop may run on a runtime thread, which must not wait for the disk.
        if let Some(consumer) = self.consumer.upgrade() {
            consumer.note_return(self.reservation.clone(), u32::from(self.is_handed_out));
        }
    }
}
