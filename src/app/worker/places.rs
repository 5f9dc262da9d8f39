//! The places to run, each lent to one delivery at a time.

use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::telemetry::BusySlot;

/// See the module's description.
pub(super) struct Places<E> {
    /// The one that was used last is lent first: what it keeps warm is wanted next.
    idle: Mutex<Vec<E>>,
    make: Box<dyn Fn() -> E + Send + Sync>,
    free: Arc<Semaphore>,
}

/// A place that was lent. Dropped, it is free for the next delivery; after a panic it may be in any state, and a new one takes
/// its turn.
pub(super) struct Place<E> {
    place: Option<E>,
    places: Arc<Places<E>>,
    busy: Option<BusySlot>,
    _permit: OwnedSemaphorePermit,
}

impl<E> Places<E> {
    /// So many places, each made when it is first used.
    pub(super) fn new(count: usize, make: impl Fn() -> E + Send + Sync + 'static) -> Self {
        Self { make: Box::new(make), idle: Mutex::new(Vec::new()), free: Arc::new(Semaphore::new(count)) }
    }

    /// Waits until a place is free; `None` never comes while anybody could wait.
    pub(super) async fn lend(self: &Arc<Self>) -> Option<Place<E>> {
        let permit = Arc::clone(&self.free).acquire_owned().await.ok()?;
        let place = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        Some(Place { place, places: Arc::clone(self), busy: None, _permit: permit })
    }
}

impl<E> Place<E> {
    /// It counts as busy until it is dropped.
    pub(super) fn is_busy(&mut self, busy: BusySlot) {
        self.busy = Some(busy);
    }

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
