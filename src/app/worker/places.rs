//! The places to run, each lent to one delivery at a time, and turns to take one.
//!
//! There are as many turns as runs at the same time, so what is taken has a place as soon as it is claimed. While runs are quick
//! there are three times as many, so that the next claim is made when a place gets free: it takes as long as a run. One long run
//! ends that.
//!
//! There are twice as many places as runs: while the process of a run ends at one, and that of a later run is forked ahead there,
//! the next run is at another, whose process has been forked already.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::timeout;

use crate::sys::clock;
use crate::telemetry::{BusySlot, Telemetry};

/// A run is quick that takes no longer.
const QUICK: Duration = Duration::from_millis(50);
/// So many of them, one after the other, let more be claimed than there are places.
const QUICK_IN_A_ROW: u32 = 64;
/// One where a run is, and one where the last one ends.
const PLACES_PER_RUN: usize = 2;
/// Claims that wait for a run while runs are quick.
const AHEAD_PER_RUN: usize = 2;
/// How long claimed work waits for a run to end: another worker may be idle.
const PATIENCE: Duration = Duration::from_millis(100);

/// See the module's description.
pub(super) struct Places<E> {
    /// The one that was used last is lent first: what it keeps warm is wanted next.
    idle: Mutex<Vec<E>>,
    make: Box<dyn Fn() -> E + Send + Sync>,
    free: Arc<Semaphore>,
    runs: Arc<Semaphore>,
    turns: Arc<Semaphore>,
    turns_ahead: Arc<Semaphore>,
    /// Runs that were quick since the last one that was not.
    quick: watch::Sender<u32>,
    telemetry: Telemetry,
}

/// The right to take a delivery. Dropped, it is somebody else's.
#[derive(Debug)]
pub(super) struct Turn(#[expect(dead_code, reason = "held until it is dropped")] OwnedSemaphorePermit);

/// A place that was lent. Dropped, it is free for the next delivery; after a panic it may be in any state, and a new one takes
/// its turn.
pub(super) struct Place<E> {
    place: Option<E>,
    places: Arc<Places<E>>,
    _permit: OwnedSemaphorePermit,
}

/// A run at a place. Dropped, it is over, and another one may begin at another place.
pub(super) struct Running<E> {
    places: Arc<Places<E>>,
    since: Instant,
    _busy: BusySlot,
    _permit: OwnedSemaphorePermit,
    _turn: Turn,
}

impl<E> Places<E> {
    /// So many runs at the same time, at places that are made when they are first used; with turns `ahead` or without.
    pub(super) fn new(
        count: usize,
        ahead: bool,
        telemetry: Telemetry,
        make: impl Fn() -> E + Send + Sync + 'static,
    ) -> Self {
        Self {
            telemetry,
            make: Box::new(make),
            idle: Mutex::new(Vec::new()),
            free: Arc::new(Semaphore::new(count.saturating_mul(PLACES_PER_RUN))),
            runs: Arc::new(Semaphore::new(count)),
            turns: Arc::new(Semaphore::new(count)),
            turns_ahead: Arc::new(Semaphore::new(if ahead { count.saturating_mul(AHEAD_PER_RUN) } else { 0 })),
            quick: watch::Sender::new(0),
        }
    }

    /// Waits for a turn; `None` never comes while anybody could wait.
    pub(super) async fn turn(&self) -> Option<Turn> {
        tokio::select! {
            biased;
            turn = Arc::clone(&self.turns).acquire_owned() => turn.ok().map(Turn),
            turn = self.turn_ahead() => turn,
        }
    }

    async fn turn_ahead(&self) -> Option<Turn> {
        let mut quick = self.quick.subscribe();
        loop {
            quick.wait_for(|in_a_row| *in_a_row >= QUICK_IN_A_ROW).await.ok()?;
            let turn = Arc::clone(&self.turns_ahead).acquire_owned().await.ok()?;
            if *quick.borrow() >= QUICK_IN_A_ROW {
                return Some(Turn(turn));
            }
        }
    }

    /// Waits until a run may begin, for a while; `None` when none may. Then for a place, whose process ends soon by itself or is
    /// killed.
    pub(super) async fn lend(self: &Arc<Self>, turn: Turn) -> Option<(Place<E>, Running<E>)> {
        let Ok(run) = timeout(PATIENCE, Arc::clone(&self.runs).acquire_owned()).await else {
            self.quick.send_replace(0);
            return None;
        };
        let (run, free) = (run.ok()?, Arc::clone(&self.free).acquire_owned().await.ok()?);
        let place = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        let place = Place { place, places: Arc::clone(self), _permit: free };
        let (places, since, busy) = (Arc::clone(self), clock::now(), self.telemetry.slot_busy());
        Some((place, Running { places, since, _busy: busy, _permit: run, _turn: turn }))
    }

    fn ran_for(&self, took: Duration) {
        // Who waits for a turn is woken only when there is one more.
        self.quick.send_if_modified(|in_a_row| {
            *in_a_row = if took <= QUICK { in_a_row.saturating_add(1) } else { 0 };
            *in_a_row == QUICK_IN_A_ROW
        });
    }
}

impl<E> Place<E> {
    /// What runs programs there.
    pub(super) fn get(&mut self) -> &mut E {
        self.place.get_or_insert_with(|| (self.places.make)())
    }
}

impl<E> Drop for Place<E> {
    fn drop(&mut self) {
        if let Some(place) = self.place.take()
            && !std::thread::panicking()
        {
            self.places.idle.lock().unwrap_or_else(PoisonError::into_inner).push(place);
        }
    }
}

impl<E> Drop for Running<E> {
    fn drop(&mut self) {
        self.places.ran_for(self.since.elapsed());
    }
}
