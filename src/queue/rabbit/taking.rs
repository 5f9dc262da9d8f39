//! The end that takes: a consumer with its inbox, started by the first call.

use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::watch;

use super::consumer::{self, Purpose};
use super::inbox::{Inbox, Incoming};
use super::link::Base;
use crate::job::Lane;
use crate::ports::QueueError;
use crate::tasks::{self, Task};

/// See the module's description.
#[derive(Debug)]
pub(super) struct Taking {
    base: Arc<Base>,
    pub(super) inbox: Arc<Inbox>,
    purpose: Purpose,
    lanes: watch::Sender<Vec<Lane>>,
    consumer: Mutex<Option<Task<()>>>,
}

impl Taking {
    pub(super) fn new(base: Arc<Base>, purpose: Purpose) -> Self {
        Self {
            base,
            inbox: Arc::new(Inbox::default()),
            purpose,
            lanes: watch::Sender::new(Vec::new()),
            consumer: Mutex::new(None),
        }
    }

    /// The next delivery of these lanes, the first lane first.
    pub(super) async fn next(&self, lanes: &[Lane]) -> Result<Taken<'_>, QueueError> {
        self.want(lanes);
        loop {
            // Enabled before the look, so that an arrival between look and wait is not missed.
            let mut arrived = pin!(self.inbox.arrived.notified());
            arrived.as_mut().enable();
            match self.inbox.take(lanes)? {
                Some(incoming) => return Ok(Taken { incoming: Some(incoming), inbox: &self.inbox }),
                None => arrived.await,
            }
        }
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
            let (base, inbox) = (Arc::clone(&self.base), Arc::clone(&self.inbox));
            tasks::spawn("consumer", consumer::run(base, inbox, self.lanes.subscribe(), self.purpose))
        });
    }
}

/// Out of the inbox and not handed out: dropped, it goes back to its place.
pub(super) struct Taken<'a> {
    incoming: Option<Incoming>,
    inbox: &'a Inbox,
}

impl Taken<'_> {
    /// What was taken.
    pub(super) const fn get(&self) -> Option<&Incoming> {
        self.incoming.as_ref()
    }

    /// It is handed out.
    pub(super) fn keep(mut self) -> Option<Incoming> {
        self.incoming.take()
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if let Some(incoming) = self.incoming.take() {
            self.inbox.put_back(incoming);
        }
    }
}
