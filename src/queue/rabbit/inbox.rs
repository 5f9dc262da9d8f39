//! What has arrived and is not taken yet, shared by the consumer's task and those who take.
//!
//! Acks go out together: each that arrives by itself is an entry of the queue's log, and a synchronised write. Who brings the
//! ack by which as many wait as deliveries are still worked on sends them all, or who has waited longest.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use futures_util::future::join_all;
use lapin::Acker;
use lapin::message::Delivery;
use lapin::options::BasicAckOptions;
use tokio::sync::{Notify, oneshot, watch};
use tokio::time::timeout;

use super::properties::redeliveries;
use crate::job::Lane;
use crate::ports::QueueError;
use crate::sys::clock;

/// A delivery is quick that is settled so soon after it was taken.
const QUICK: Duration = Duration::from_millis(50);
/// So many of them, one after the other, let more be reserved.
const QUICK_IN_A_ROW: u32 = 64;
/// What is held, and nothing of it settled for so long, is held up.
const HELD_UP: Duration = Duration::from_millis(100);
/// How long an ack may wait for others.
const TOGETHER: Duration = Duration::from_millis(5);
/// A message that came back so often is held: the broker gives up on those that come back too often. A classic queue neither
/// counts nor gives up.
const MOST_RETURNS: u32 = 5;

/// Where a delivery came from.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub(super) lane: Lane,
    /// Which connection it came on.
    pub(super) generation: u64,
    /// Whether it was reserved beyond what can be worked on.
    pub(super) is_ahead: bool,
}

/// A delivery that nobody has taken.
#[derive(Debug)]
pub(super) struct Incoming {
    pub(super) source: Source,
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
    /// Those of them that were reserved ahead.
    ahead_in_hand: u64,
    returned: Vec<Acker>,
    /// Deliveries that were settled quickly since the last one that was not.
    quick: u32,
    /// When something was settled last, or taken while nothing was held.
    moved: Option<Instant>,
    failure: Option<QueueError>,
    /// Acks that wait to be sent together; their deliveries are in hand.
    acks: Vec<Ack>,
}

#[derive(Debug)]
struct Ack {
    acker: Acker,
    sent: oneshot::Sender<lapin::Result<bool>>,
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
        state.quick = 0;
        state.waiting.clear();
        state.in_hand.clear();
        state.ahead_in_hand = 0;
        state.returned.clear();
        state.acks.clear();
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

    /// Acknowledges a delivery of a connection, together with others; `None` when that connection ends before it is done.
    pub(super) async fn ack(&self, generation: u64, acker: Acker) -> Option<lapin::Result<bool>> {
        let (sent, mut answer) = oneshot::channel();
        let is_due = {
            let mut state = self.lock();
            if *self.up.borrow() != generation {
                return None;
            }
            state.add_ack(Ack { acker, sent })
        };
        if !is_due && let Ok(answer) = timeout(TOGETHER, &mut answer).await {
            return answer.ok();
        }
        let acks = std::mem::take(&mut self.lock().acks);
        let calls = join_all(acks.iter().map(|ack| ack.acker.ack(BasicAckOptions::default())));
        let answers = self.answer(generation, calls).await?;
        for (Ack { sent, .. }, answer) in acks.into_iter().zip(answers) {
            // Who gave up waiting finds its delivery settled by the end of the channel.
            drop(sent.send(answer));
        }
        answer.await.ok()
    }

    /// Something that the takers have to hear of.
    pub(super) fn fail(&self, error: QueueError) {
        self.lock().failure = Some(error);
        self.arrived.notify_waiters();
    }

    pub(super) fn put(&self, incoming: Incoming) {
        let mut state = self.lock();
        state.waiting.entry(incoming.source.lane.clone()).or_default().push_back(incoming);
        drop(state);
        self.arrived.notify_waiters();
    }

    /// Takes the first delivery of the first of these lanes that has one.
    pub(super) fn take(&self, lanes: &[Lane]) -> Result<Option<Incoming>, QueueError> {
        let mut state = self.lock();
        for lane in lanes {
            if let Some(incoming) = state.waiting.get_mut(lane).and_then(VecDeque::pop_front) {
                if !state.is_anything_in_hand() {
                    state.moved = Some(clock::now());
                }
                *state.in_hand.entry(lane.clone()).or_default() += 1;
                state.ahead_in_hand += u64::from(incoming.source.is_ahead);
                return Ok(Some(incoming));
            }
        }
        state.failure.take().map_or(Ok(None), Err)
    }

    /// Back to its place: it was taken and not handed out.
    pub(super) fn put_back(&self, incoming: Incoming) {
        let mut state = self.lock();
        if *self.up.borrow() == incoming.source.generation {
            state.let_go(&incoming.source);
            state.waiting.entry(incoming.source.lane.clone()).or_default().push_front(incoming);
            drop(state);
            self.arrived.notify_waiters();
        }
    }

    /// A delivery that was taken then is settled.
    pub(super) fn settled(&self, source: &Source, taken: Instant) {
        let mut state = self.lock();
        if *self.up.borrow() == source.generation {
            state.let_go(source);
            state.moved = Some(clock::now());
            state.quick = if taken.elapsed() < QUICK { state.quick.saturating_add(1) } else { 0 };
        }
    }

    /// Whether deliveries are settled so quickly that more may be reserved.
    pub(super) fn is_quick(&self) -> bool {
        self.lock().quick >= QUICK_IN_A_ROW
    }

    /// Whether something is held and nothing of it gets done. What was quick before does not count then.
    pub(super) fn is_held_up(&self) -> bool {
        let mut state = self.lock();
        let is_held_up = state.is_anything_in_hand() && state.moved.is_some_and(|moved| moved.elapsed() > HELD_UP);
        if is_held_up {
            state.quick = 0;
        }
        is_held_up
    }

    /// Whether something that was reserved ahead is held or waits.
    pub(super) fn has_ahead(&self) -> bool {
        let state = self.lock();
        state.ahead_in_hand > 0 || state.waiting.values().flatten().any(|incoming| incoming.source.is_ahead)
    }

    /// Gives back what came and was not taken.
    pub(super) fn give_back_waiting(&self) {
        let mut state = self.lock();
        let returns = |Incoming { delivery, .. }: &Incoming| redeliveries(&delivery.properties, delivery.redelivered);
        for (lane, waiting) in std::mem::take(&mut state.waiting) {
            let (kept, returned): (VecDeque<_>, VecDeque<_>) =
                waiting.into_iter().partition(|incoming| returns(incoming) >= MOST_RETURNS);
            state.waiting.insert(lane, kept);
            state.returned.extend(returned.into_iter().map(|incoming| incoming.delivery.acker));
        }
        drop(state);
        self.dropped.notify_one();
    }

    /// A delivery that was taken is dropped.
    pub(super) fn give_back(&self, source: &Source, acker: Acker) {
        let mut state = self.lock();
        if *self.up.borrow() == source.generation {
            state.let_go(source);
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
    /// Whether the acks that wait are to be sent.
    fn add_ack(&mut self, ack: Ack) -> bool {
        self.acks.push(ack);
        2 * self.acks.len() as u64 >= self.in_hand.values().sum()
    }

    fn is_anything_in_hand(&self) -> bool {
        self.in_hand.values().any(|count| *count > 0)
    }

    fn let_go(&mut self, source: &Source) {
        if let Some(count) = self.in_hand.get_mut(&source.lane) {
            *count = count.saturating_sub(1);
        }
        self.ahead_in_hand = self.ahead_in_hand.saturating_sub(u64::from(source.is_ahead));
    }
}
