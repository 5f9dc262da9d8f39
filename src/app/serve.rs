//! `serve` and `all`: the HTTP API, and a worker besides.
//!
//! # Theory of operation
//!
//! One loop accepts connections; each is a task that this module joins. In `all`, a worker runs in the same process over
//! the same adapters, and tells whose work is settled, so that clients who wait are answered at once. When the drain
//! begins, nothing more is accepted, whoever waits is answered with what there is, requests that are being answered get
//! a moment, and the worker drains as it always does.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::broadcast::error::RecvError;
use tokio::sync::{Semaphore, broadcast, watch};

use super::adapters::{AdaptersError, open_adapters};
use super::worker::{Drain, DrainSwitch, Worker, WorkerSettings, reached};
use crate::http::{Api, ApiSettings, Server, Waiters, serve_connection};
use crate::intake::Abandoned;
use crate::job::{IdError, WorkId, WorkerId};
use crate::ports::{Queue, Store, WallClock};
use crate::queue::ObservedQueue;
use crate::store::{EmbeddedStore, ObservedStore};
use crate::sys::clock;
use crate::tasks::{self, Task};
use crate::telemetry::Telemetry;
use crate::zygote::{Host, Slot};

/// Connections at the same time; more wait to be accepted.
const MAX_CONNECTIONS: usize = 1024;

/// How long requests may go on once the service stops.
const GRACE: Duration = Duration::from_secs(5);

/// Wait after a connection could not be accepted: mostly there are no descriptors, and some become free.
const AFTER_ERROR: Duration = Duration::from_millis(100);

/// Pause between two sweeps of results past their time.
const SWEEP_PAUSE: Duration = Duration::from_secs(60);

/// Lease of a worker that shares its process with the store: nobody else takes over, and a client's wish to stop a job is
/// seen at a third of this.
const LEASE_MS: u64 = 3_000;

/// Why a service cannot run.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// Store or queue.
    #[error(transparent)]
    Adapters(#[from] AdaptersError),
    /// The system gives no random numbers.
    #[error("no random numbers from the system: {0}")]
    Random(#[from] getrandom::Error),
    /// A name that is none.
    #[error(transparent)]
    Id(#[from] IdError),
}

/// What a service is told when it starts.
#[derive(Debug)]
pub struct ServeRequest {
    /// Where connections come from.
    pub listener: TcpListener,
    /// The settings of the API.
    pub api: ApiSettings,
    /// The state file.
    pub state: PathBuf,
    /// Where everything reports to; what `/metrics` shows.
    pub telemetry: Telemetry,
}

/// Serves the API alone.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve(request: ServeRequest, drain: &DrainSwitch) -> Result<(), ServeError> {
    let (store, queue) = open_adapters(&request.state).await?;
    let sweeper = tasks::spawn("sweeper", sweep(Arc::clone(&store)));
    let waiters = Arc::new(Waiters::default());
    serve_api(store, queue, request, waiters, drain).await;
    drop(sweeper);
    Ok(())
}

/// Serves the API and runs jobs, in this many slots of `host`.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve_all(
    request: ServeRequest,
    slots: usize,
    host: Arc<Host>,
    drain: &DrainSwitch,
) -> Result<(), ServeError> {
    let (store, queue) = open_adapters(&request.state).await?;
    let sweeper = tasks::spawn("sweeper", sweep(Arc::clone(&store)));
    let id = WorkerId::parse(format!("all-{}-{:016x}", std::process::id(), getrandom::u64()?))?;
    let settings = WorkerSettings {
        lanes: request.api.lanes.clone(),
        lease_ms: LEASE_MS,
        telemetry: request.telemetry.clone(),
        ..WorkerSettings::new(id, slots)
    };
    let worker = Worker::new(Arc::clone(&store), Arc::clone(&queue), settings, WallClock::new(clock::unix_now));
    let waiters = Arc::new(Waiters::default());
    let teller = tasks::spawn("teller", tell(worker.settled_work(), Arc::clone(&waiters)));
    let place = move || Slot::new(Arc::clone(&host));
    tokio::join!(worker.run(place, drain.listen()), serve_api(store, queue, request, waiters, drain));
    drop((teller, sweeper));
    Ok(())
}

/// Hands on what the worker says.
async fn tell(mut settled: broadcast::Receiver<WorkId>, waiters: Arc<Waiters>) {
    loop {
        match settled.recv().await {
            Ok(work) => waiters.wake(&work),
            Err(RecvError::Lagged(_)) => waiters.wake_all(),
            Err(RecvError::Closed) => return,
        }
    }
}

/// Drops results past their time, now and then.
async fn sweep(store: Arc<EmbeddedStore>) {
    loop {
        match store.sweep().await {
            Ok(0) => tokio::time::sleep(SWEEP_PAUSE).await,
            Ok(_) => {}
            Err(error) => {
                tracing::warn!(%error, "results past their time could not be dropped");
                tokio::time::sleep(SWEEP_PAUSE).await;
            }
        }
    }
}

async fn serve_api<S: Store, Q: Queue>(
    store: Arc<S>,
    queue: Arc<Q>,
    mut request: ServeRequest,
    waiters: Arc<Waiters>,
    drain: &DrainSwitch,
) {
    let abandoned = Arc::new(Abandoned::default());
    let (stop, stopping) = watch::channel(false);
    let telemetry = request.telemetry;
    let store = Arc::new(ObservedStore::new(store, telemetry.clone()));
    let adapters = (Arc::clone(&store), Arc::new(ObservedQueue::new(queue, telemetry.clone())));
    request.api.metrics = Some(Arc::new(move || {
        let shown = telemetry.render();
        (shown.content_type, shown.body)
    }));
    let wall = WallClock::new(clock::unix_now);
    let server = Server::new(Api::new(adapters, request.api, wall, waiters, Arc::clone(&abandoned), stopping));
    let mut connections = Connections { tasks: Vec::new(), places: Arc::new(Semaphore::new(MAX_CONNECTIONS)) };
    let mut heard = drain.listen();
    tokio::select! {
        () = reached(&mut heard, Drain::Gracefully) => {}
        () = connections.accept(&request.listener, &server) => {}
        () = abandoned.keep_cancelling(store.as_ref()) => {}
    }
    drop(request.listener);
    stop.send_replace(true);
    tokio::select! {
        () = connections.join() => {}
        () = tokio::time::sleep(GRACE) => {}
        () = reached(&mut heard, Drain::Now) => {}
    }
    drop(connections);
    abandoned.cancel_all(store.as_ref()).await;
}

/// The connections that are open.
struct Connections {
    tasks: Vec<Task<()>>,
    places: Arc<Semaphore>,
}

impl Connections {
    /// Accepts connections, for ever.
    async fn accept(&mut self, listener: &TcpListener, server: &Server) {
        // Closed by nobody.
        while let Ok(place) = Arc::clone(&self.places).acquire_owned().await {
            let (stream, peer) = match listener.accept().await {
                Ok(accepted) => accepted,
                Err(error) => {
                    tracing::warn!(%error, "a connection could not be accepted");
                    tokio::time::sleep(AFTER_ERROR).await;
                    continue;
                }
            };
            if let Err(error) = stream.set_nodelay(true) {
                tracing::debug!(%error, "a connection stays with Nagle's algorithm");
            }
            let serving = serve_connection(server.clone(), stream, peer);
            self.tasks.retain(|task| !task.is_over());
            self.tasks.push(tasks::spawn("connection", async move {
                serving.await;
                drop(place);
            }));
        }
    }

    async fn join(&mut self) {
        while let Some(task) = self.tasks.last_mut() {
            if task.join().await.is_err() {
                tracing::debug!("a connection ended in a panic");
            }
            self.tasks.pop();
        }
    }
}
