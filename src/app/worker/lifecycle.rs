//! A worker, from its start to its end.

use std::sync::Arc;

use tokio::sync::{Mutex, broadcast, watch};

use super::drain::{Drain, DrainSwitch, reached};
use super::execute::Execute;
use super::executor::Executor;
use super::places::Places;
use super::programs::Programs;
use super::reaper;
use super::settings::WorkerSettings;
use super::steps::Shared;
use crate::job::{IdError, WorkId, WorkerId};
use crate::ports::{GivenUp, Queue, Store, WallClock};
use crate::queue::ObservedQueue;
use crate::store::ObservedStore;
use crate::tasks::{self, Task};
use crate::telemetry::WorkerState;

/// While one is at a run, others claim what is next, and others record and acknowledge what they have run.
const EXECUTORS_PER_RUN: usize = 8;

/// Settled work that a slow listener may still hear of.
const SETTLED_KEPT: usize = 1024;

/// A worker that has not started.
#[derive(Debug)]
pub struct Worker<S, Q> {
    shared: Arc<Shared<ObservedStore<S>, ObservedQueue<Q>>>,
    /// Ends the grace period for every keeper.
    abandon: DrainSwitch,
}

impl<S: Store, Q: Queue> Worker<S, Q> {
    /// A worker over these adapters.
    #[must_use]
    pub fn new(store: Arc<S>, queue: Arc<Q>, settings: WorkerSettings, clock: WallClock) -> Self {
        let abandon = DrainSwitch::new();
        let telemetry = settings.telemetry.clone();
        let shared = Shared {
            store: Arc::new(ObservedStore::new(store, telemetry.clone())),
            queue: Arc::new(ObservedQueue::new(queue, telemetry)),
            settings,
            clock,
            programs: Programs::default(),
            taking: Mutex::default(),
            drain: abandon.listen(),
            settled: watch::Sender::new(0),
            settled_work: broadcast::Sender::new(SETTLED_KEPT),
        };
        Self { shared: Arc::new(shared), abandon }
    }

    /// Changes whenever a delivery is done with. The store knows what became of its work.
    #[must_use]
    pub fn settled(&self) -> watch::Receiver<u64> {
        self.shared.settled.subscribe()
    }

    /// Tells the work of each delivery that is done with. Who listens too slowly is told that it missed some.
    #[must_use]
    pub fn settled_work(&self) -> broadcast::Receiver<WorkId> {
        self.shared.settled_work.subscribe()
    }

    /// Ends the work of what the queue gave up on, for ever, beside [`Worker::run`].
    ///
    /// # Errors
    /// [`IdError`] when the worker's own id is too long for one that is made from it.
    pub fn reap<G: GivenUp>(&self, given_up: G) -> Result<Task<()>, IdError> {
        let name = WorkerId::parse(format!("{}-reaper", self.shared.settings.id))?;
        Ok(tasks::spawn("reaper", reaper::reap(Arc::clone(&self.shared), given_up, name)))
    }

    /// Works until `drain` says otherwise. `place` makes what programs are run in.
    pub async fn run<E, M>(self, place: M, mut drain: watch::Receiver<Drain>)
    where
        E: Execute,
        M: Fn() -> E + Send + Sync + 'static,
    {
        let slots = self.shared.settings.slots.max(1);
        let telemetry = self.shared.settings.telemetry.clone();
        telemetry.has_slots(slots);
        let places = Places::new(slots, self.shared.settings.claim_ahead, telemetry.clone(), place);
        let places = Arc::new(places);
        let executors = 0..slots.saturating_mul(EXECUTORS_PER_RUN);
        let mut executors: Vec<_> = executors
            .map(|_| Executor::new(Arc::clone(&self.shared), Arc::clone(&places)))
            .map(|executor| tasks::spawn("executor", executor.serve()))
            .collect();
        telemetry.worker_is(WorkerState::Ready);
        reached(&mut drain, Drain::Gracefully).await;
        telemetry.worker_is(WorkerState::Draining);
        // Executors that are idle end now, the others after what they are at.
        self.abandon.set(Drain::Gracefully);
        tokio::select! {
            () = join_all(&mut executors) => {}
            () = tokio::time::sleep(self.shared.settings.grace) => {}
            () = reached(&mut drain, Drain::Now) => {}
        }
        self.abandon.set(Drain::Now);
        join_all(&mut executors).await;
        telemetry.worker_is(WorkerState::Stopped);
    }
}

/// Joins what is not joined yet. May be dropped and called again.
async fn join_all(tasks: &mut Vec<Task<()>>) {
    while let Some(task) = tasks.last_mut() {
        if task.join().await.is_err() {
            tracing::debug!("an executor ended in a panic");
        }
        tasks.pop();
    }
}
