//! What has arrived and is not taken yet, shared by the consumer's task and those who take.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};

use lapin::Acker;
use lapin::message::Delivery;
use tokio::sync::{Notify, watch};

use crate::job::Lane;
use crate::ports::QueueError;

/// A delivery that nobody has taken.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) lane: Lane,
    /// Which connection it came on.
    pub(super) generation: u64,
    pub(super) delivery: Delivery,
}

/// See the module's description.
#[derive(Debug, Default)]
pub(super) struct Inbox {
    state: Mutex<State>,
    /// Something can be taken.
    pub(super) arrived: Notify,
    /// Something was dropped and has to be given back.
    pub(super) dropped: Notify,
    /// The connection that is up, from 1; 0 for none. Changed under the lock of `state`.
    up: watch::Sender<u64>,
}

#[derive(Debug, Default)]
struct State {
    waiting: BTreeMap<Lane, VecDeque<Incoming>>,
    /// Taken and not settled, of the connection that is up.
    in_hand: BTreeMap<Lane, u64>,
    returned: Vec<Acker>,
    failure: Option<QueueError>,
}

impl Inbox {
    /// A connection is up.
    pub(super) fn open(&self, generation: u64) {
        let mut state = self.lock();
        self.up.send_replace(generation);
        state.failure = None;
    }

    /// The connection is gone, and with it what came on it: the broker delivers that again.
    pub(super) fn close(&self) {
        let mut state = self.lock();
        self.up.send_replace(0);
        state.waiting.clear();
        state.in_hand.clear();
        state.returned.clear();
    }

    pub(super) fn is_open(&self) -> bool {
        *self.up.borrow() != 0
    }

    /// Makes a call on a connection; `None` when that connection ends before the answer. The client library leaves a call
    /// that runs into the end of its connection without one.
    pub(super) async fn answer<T>(&self, generation: u64, call: impl Future<Output = T>) -> Option<T> {
        let mut up = self.up.subscribe();
        tokio::select! {
            biased;
            answer = call => Some(answer),
            // The sender lives as long as this.
            _ = up.wait_for(|up| *up != generation) => None,
        }
    }

    /// Something that the takers have to hear of.
    pub(super) fn fail(&self, error: QueueError) {
        self.lock().failure = Some(error);
        self.arrived.notify_waiters();
    }

    pub(super) fn put(&self, incoming: Incoming) {
        let mut state = self.lock();
        state.waiting.entry(incoming.lane.clone()).or_default().push_back(incoming);
        drop(state);
        self.arrived.notify_waiters();
    }

    /// Takes the first delivery of the first of these lanes that has one.
    pub(super) fn take(&self, lanes: &[Lane]) -> Result<Option<Incoming>, QueueError> {
        let mut state = self.lock();
        for lane in lanes {
            if let Some(incoming) = state.waiting.get_mut(lane).and_then(VecDeque::pop_front) {
                *state.in_hand.entry(lane.clone()).or_default() += 1;
                return Ok(Some(incoming));
            }
        }
        state.failure.take().map_or(Ok(None), Err)
    }

    /// Back to its place: it was taken and not handed out.
    pub(super) fn put_back(&self, incoming: Incoming) {
        let mut state = self.lock();
        if *self.up.borrow() == incoming.generation {
            state.let_go(&incoming.lane);
            state.waiting.entry(incoming.lane.clone()).or_default().push_front(incoming);
            drop(state);
            self.arrived.notify_waiters();
        }
    }

    /// A delivery that was taken is settled.
    pub(super) fn settled(&self, lane: &Lane, generation: u64) {
        let mut state = self.lock();
        if *self.up.borrow() == generation {
            state.let_go(lane);
        }
    }

    /// A delivery that was taken is dropped.
    pub(super) fn give_back(&self, lane: &Lane, generation: u64, acker: Acker) {
        let mut state = self.lock();
        if *self.up.borrow() == generation {
            state.let_go(lane);
            state.returned.push(acker);
            drop(state);
            self.dropped.notify_one();
        }
    }

    /// What has to be given back.
    pub(super) fn returned(&self) -> Vec<Acker> {
        std::mem::take(&mut self.lock().returned)
    }

    /// Deliveries of a lane that this process holds.
    pub(super) fn held(&self, lane: &Lane) -> u64 {
        let state = self.lock();
        let waiting = state.waiting.get(lane).map_or(0, |waiting| waiting.len() as u64);
        waiting + state.in_hand.get(lane).copied().unwrap_or(0)
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    fn let_go(&mut self, lane: &Lane) {
        if let Some(count) = self.in_hand.get_mut(lane) {
            *count = count.saturating_sub(1);
        }
    }
}
