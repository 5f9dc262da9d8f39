//! What the connections to broker and store report.

use std::time::Duration;

use super::handle::Telemetry;
use super::server_label::{Connection, Disconnect, QueueName, StoreCheck};
use crate::job::UnixMillis;
use crate::ports::GiveUpReason;

impl Telemetry {
    /// A connection to the broker is up.
    pub fn broker_connected(&self, connection: Connection) {
        self.families().broker_connected.with(connection, |cell| cell.set(1));
    }

    /// A connection to the broker is gone, or could not be made, and is made anew.
    pub fn broker_disconnected(&self, connection: Connection, cause: Disconnect) {
        self.families().broker_connected.with(connection, |cell| cell.set(0));
        self.families().broker_reconnects.inc((connection, cause));
    }

    /// The broker takes publishes, or does not.
    pub fn broker_is_blocked(&self, is_blocked: bool) {
        self.families().broker_blocked.with((), |cell| cell.set(i64::from(is_blocked)));
    }

    /// A publish was confirmed after this time.
    pub fn confirmed(&self, time: Duration) {
        self.families().broker_confirm.observe((), time.as_secs_f64());
    }

    /// A delivery came.
    #[expect(clippy::cast_precision_loss, reason = "exact below 285,000 years")]
    pub fn delivery_came(&self, at: UnixMillis) {
        self.families().broker_last_delivery.with((), |cell| cell.set(at.0 as f64 / 1e3));
    }

    /// So many messages are in a queue.
    pub fn queue_has(&self, queue: QueueName, messages: u64) {
        self.families().queue_messages.with(queue, |cell| cell.set(i64::try_from(messages).unwrap_or(i64::MAX)));
    }

    /// The work of a message that the broker gave up on is ended.
    pub fn given_up(&self, reason: GiveUpReason) {
        self.families().given_up.inc(reason);
    }

    /// It is not known whether a call of the store had an effect.
    pub fn store_outcome_unknown(&self) {
        self.families().store_unknown_outcomes.inc(());
    }

    /// A connection to the store is made anew.
    pub fn store_reconnects(&self) {
        self.families().store_reconnects.inc(());
    }

    /// The store's server uses this share of its memory.
    pub fn store_memory(&self, ratio: f64) {
        self.families().store_memory.with((), |cell| cell.set(ratio));
    }

    /// The store's server is as it must be in this respect, or is not.
    pub fn store_config(&self, requirement: &str, is_ok: bool) {
        if let Some(check) = StoreCheck::of(requirement) {
            self.families().store_config.with(check, |cell| cell.set(i64::from(is_ok)));
        }
    }
}
