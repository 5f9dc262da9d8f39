//! The queue as the rest of the worker sees it.

use std::fs::File;
use std::path::Path;
use std::pin::pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::Notify;

use super::delivery::EmbeddedDelivery;
use super::rows::{self, DeadLetter, Reservation};
use super::{body, schema};
use crate::job::Lane;
use crate::ports::{Delay, Delivered, Message, Parked, ParkingLot, Published, Queue, QueueError, WallClock};

/// Longest wait between two looks: a wall clock that is set, or a note that was missed, costs no more than this.
const POLL_MS: u64 = 1_000;

/// The queue in one SQLite file, or in memory. See the module's description.
#[derive(Debug)]
pub struct EmbeddedQueue {
    consumer: Arc<Consumer>,
}

/// What an open queue and its deliveries share.
#[derive(Debug)]
pub(super) struct Consumer {
    pub(super) id: String,
    pub(super) clock: WallClock,
    pub(super) wake: Notify,
    conn: Mutex<Connection>,
    /// Rows whose deliveries were dropped, each with what to add to its returns.
    returned: Mutex<Vec<(Reservation, u32)>>,
    max_depth: u64,
    _lock: Option<File>,
}

impl EmbeddedQueue {
    /// Opens the file at `path`, or makes it, readable to its owner only, and returns what deliveries of an earlier
    /// process left unsettled. A lane takes `max_depth` messages. Blocks while it opens.
    ///
    /// # Errors
    /// [`QueueError::Unavailable`] when the file cannot be opened or another process has it open,
    /// [`QueueError::Broken`] when it is no database or was written by another version; all name the file.
    pub fn open(path: &Path, clock: WallClock, max_depth: u64) -> Result<Self, QueueError> {
        let (conn, lock) = schema::open_file(path)?;
        Self::over(conn, Some(lock), clock, max_depth)
    }

    /// A queue of its own that is gone when it is dropped.
    ///
    /// # Errors
    /// [`QueueError`] when SQLite refuses.
    pub fn in_memory(clock: WallClock, max_depth: u64) -> Result<Self, QueueError> {
        Self::over(schema::open_in_memory()?, None, clock, max_depth)
    }

    fn over(conn: Connection, lock: Option<File>, clock: WallClock, max_depth: u64) -> Result<Self, QueueError> {
        let id = getrandom::u64().map_err(|error| QueueError::Unavailable(format!("random numbers: {error}")))?;
        let consumer = Consumer {
            id: format!("{id:016x}"),
            clock,
            wake: Notify::new(),
            conn: Mutex::new(conn),
            returned: Mutex::new(Vec::new()),
            max_depth,
            _lock: lock,
        };
        Ok(Self { consumer: Arc::new(consumer) })
    }

    /// Dead letters whose `seq` is greater than `after`, oldest first, at most `limit`.
    ///
    /// # Errors
    /// [`QueueError`] of the database.
    pub async fn dead_letters(&self, after: u64, limit: u32) -> Result<Vec<DeadLetter>, QueueError> {
        self.consumer.write(move |conn, _| rows::dead_letters(conn, after, limit)).await
    }
}

impl Queue for EmbeddedQueue {
    type Delivery = EmbeddedDelivery;

    async fn publish(&self, message: &Message, delay: Delay) -> Result<Published, QueueError> {
        let (lane, work, body) = (message.lane.clone(), message.work.to_string(), body::encode(message)?);
        let answer = self
            .consumer
            .write(move |conn, me| {
                let visible_at = me.clock.now().plus_ms(delay.ms);
                rows::add(conn, (lane.as_str(), &work, &body), visible_at, me.max_depth)
            })
            .await?;
        self.consumer.wake.notify_waiters();
        Ok(answer)
    }

    async fn next(&self, lanes: &[Lane]) -> Result<Delivered<EmbeddedDelivery>, QueueError> {
        loop {
            // Enabled before the look, so that a publish between look and wait is not missed.
            let mut woken = pin!(self.consumer.wake.notified());
            woken.as_mut().enable();
            match self.look(lanes.to_vec()).await? {
                Look::Taken(body, delivery) => return Ok(delivered(&body, delivery.handed_out())),
                Look::Nothing { wait_ms } => tokio::select! {
                    () = woken => {}
                    () = tokio::time::sleep(Duration::from_millis(wait_ms)) => {}
                },
            }
        }
    }

    async fn depth(&self, lane: &Lane) -> Result<u64, QueueError> {
        let lane = lane.clone();
        self.consumer.write(move |conn, _| rows::depth(conn, lane.as_str())).await
    }
}

impl ParkingLot for EmbeddedQueue {
    async fn parked(&self, limit: u32) -> Result<Vec<Parked>, QueueError> {
        let letters = self.dead_letters(0, limit).await?;
        Ok(letters.into_iter().map(parked).collect())
    }

    async fn remove_parked(&self, ids: &[String]) -> Result<Vec<String>, QueueError> {
        let ids = ids.to_vec();
        self.consumer
            .write(move |conn, _| {
                let mut removed = Vec::new();
                for id in ids {
                    if let Ok(seq) = id.parse()
                        && rows::remove_dead_letter(conn, seq)?
                    {
                        removed.push(id);
                    }
                }
                Ok(removed)
            })
            .await
    }
}

fn parked(letter: DeadLetter) -> Parked {
    let DeadLetter { seq, lane, work, reason, died_at, body } = letter;
    let message = body::decode(&body).ok().map(Box::new);
    let (id, body) = (seq.to_string(), body.into_bytes());
    Parked { id, lane, work, reason, parked_at: Some(died_at), body, message }
}

enum Look {
    Taken(String, EmbeddedDelivery),
    Nothing { wait_ms: u64 },
}

impl EmbeddedQueue {
    async fn look(&self, lanes: Vec<Lane>) -> Result<Look, QueueError> {
        self.consumer
            .write(move |conn, me| {
                let now = me.clock.now();
                if let Some(taken) = rows::take(conn, &lanes, &me.id, now)? {
                    return Ok(Look::Taken(
                        taken.body,
                        EmbeddedDelivery::guarding(me, taken.reservation, taken.returns),
                    ));
                }
                let due_ms = rows::next_due(conn, &lanes)?.map_or(POLL_MS, |due| due.since_ms(now));
                Ok(Look::Nothing { wait_ms: due_ms.clamp(1, POLL_MS) })
            })
            .await
    }
}

fn delivered(text: &str, delivery: EmbeddedDelivery) -> Delivered<EmbeddedDelivery> {
    match body::decode(text) {
        Ok(message) => Delivered::Message(Box::new(message), delivery),
        Err(reason) => Delivered::Malformed { reason, delivery },
    }
}

impl Consumer {
    /// Remembers a row to be put back by the next transaction.
    pub(super) fn note_return(&self, taken: Reservation, returns: u32) {
        self.returned.lock().unwrap_or_else(PoisonError::into_inner).push((taken, returns));
        self.wake.notify_waiters();
    }

    /// Runs one transaction on a blocking thread, after putting back what was dropped since the last one.
    pub(super) async fn write<T, F>(self: &Arc<Self>, change: F) -> Result<T, QueueError>
    where
        T: Send + 'static,
        F: FnOnce(&Connection, &Arc<Self>) -> Result<T, QueueError> + Send + 'static,
    {
        let me = Arc::clone(self);
        let task = tokio::task::spawn_blocking(move || me.transact(change));
        task.await.map_err(|error| QueueError::Unavailable(error.to_string()))?
    }

    fn transact<T, F>(self: &Arc<Self>, change: F) -> Result<T, QueueError>
    where
        F: FnOnce(&Connection, &Arc<Self>) -> Result<T, QueueError>,
    {
        // A panic rolls its transaction back, so the connection behind a poisoned mutex is sound.
        let mut conn = self.conn.lock().unwrap_or_else(PoisonError::into_inner);
        let returned = std::mem::take(&mut *self.returned.lock().unwrap_or_else(PoisonError::into_inner));
        let answer = (|| {
            let tx = conn.transaction_with_behavior(TransactionBehavior::Immediate)?;
            for (taken, returns) in &returned {
                rows::give_back(&tx, taken, &self.id, *returns)?;
            }
            let answer = change(&tx, self)?;
            tx.commit()?;
            Ok(answer)
        })();
        if answer.is_err() {
            self.returned.lock().unwrap_or_else(PoisonError::into_inner).extend(returned);
        }
        answer
    }
}
