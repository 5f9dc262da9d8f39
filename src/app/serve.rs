//! `serve`, `all` and `worker`: the HTTP API, a worker, or both, on the embedded pair or on servers.
//!
//! # Theory of operation
//!
//! One loop accepts connections (`answering`). A worker runs beside it over the same adapters. What happened is told to
//! clients who wait: by the worker in the same process, or, on servers, by the store's wake-up channel, whoever did the work.
//! A worker takes nothing before the self-test has passed (`self_test`), and is not ready until then.
//! When the drain begins, the API accepts nothing more, whoever waits is answered with what there is, requests that are
//! being answered get a moment, and the worker drains as it always does. A process that is a worker only goes on saying how it
//! is until its last job is settled.

use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::watch;

use super::adapters::{AdaptersError, Distributed, DistributedPair, EmbeddedPair, Taken, wall};
use super::answering::answer;
use super::self_test::Readiness;
use super::upkeep::{sweep, tell_changes, tell_settled, tell_stops, tell_stops_here, watch_queue, watch_servers};
use super::worker::{Drain, DrainSwitch, StopHints, Worker, WorkerSettings, reached};
use crate::config::Config;
use crate::http::{Api, ApiSettings, Server, Waiters};
use crate::intake::Abandoned;
use crate::job::{IdError, Lane, WorkerId};
use crate::ports::{Queue, Store};
use crate::queue::{ObservedQueue, RabbitGivenUp, RabbitQueue};
use crate::store::ObservedStore;
use crate::sys::kernel;
use crate::tasks;
use crate::telemetry::Telemetry;
use crate::zygote::{Host, Slot};

/// Lease of a worker that shares its process with the store: nobody else takes over, and a client's wish to stop a job is
/// seen at a third of this.
const EMBEDDED_LEASE_MS: u64 = 3_000;

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
    /// Store and queue.
    pub backend: Taken,
}

/// What a worker is told when it starts.
#[derive(Debug, Clone)]
pub struct WorkRequest {
    /// Where programs are run.
    pub host: Arc<Host>,
    /// How many at the same time.
    pub slots: usize,
    /// Whether twice as many more are claimed while they take milliseconds.
    pub claim_ahead: bool,
    /// From which lanes, the most urgent one first.
    pub lanes: Vec<Lane>,
    /// How long a claim lasts on servers, in milliseconds.
    pub lease_ms: u64,
    /// How long running work may go on once the worker drains.
    pub grace: Duration,
}

/// Serves the API alone.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve(request: ServeRequest, drain: &DrainSwitch) -> Result<(), ServeError> {
    let ServeRequest { listener, api, backend } = request;
    let telemetry = api.telemetry.clone();
    let waiters = Arc::new(Waiters::new(telemetry.clone()));
    match backend {
        Taken::Embedded(pair) => {
            let _upkeep = embedded_upkeep(&pair, &api);
            serve_api(pair, listener, api, waiters, drain).await;
        }
        Taken::Distributed(servers) => {
            let pair = servers.open(&telemetry).await?;
            let _upkeep = distributed_upkeep(&pair, &telemetry);
            let _teller = tell_waiters(&pair, &waiters);
            serve_api(pair, listener, api, waiters, drain).await;
        }
    }
    Ok(())
}

/// Serves the API and runs jobs.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn serve_all(request: ServeRequest, work: &WorkRequest, drain: &DrainSwitch) -> Result<(), ServeError> {
    let ServeRequest { listener, mut api, backend } = request;
    let telemetry = api.telemetry.clone();
    let readiness = Readiness::new();
    let tested = readiness.clone();
    api.lacks = Arc::new(move || tested.lacks());
    let waiters = Arc::new(Waiters::new(telemetry.clone()));
    match backend {
        Taken::Embedded(pair) => {
            let _upkeep = embedded_upkeep(&pair, &api);
            let work = WorkRequest { lease_ms: EMBEDDED_LEASE_MS, ..work.clone() };
            let stops = StopHints::new();
            let worker = worker("all", &pair, &work, stops.clone(), &telemetry)?;
            let _tellers = [
                tasks::spawn("teller", tell_settled(worker.settled_work(), Arc::clone(&waiters))),
                tasks::spawn("teller of stops", tell_stops_here(pair.0.stops(), stops)),
            ];
            let serving = serve_api(pair, listener, api, waiters, drain);
            tokio::join!(work.run(worker, &readiness, drain), serving);
        }
        Taken::Distributed(servers) => {
            let pair = servers.open(&telemetry).await?;
            let stops = StopHints::new();
            let _upkeep = distributed_upkeep(&pair, &telemetry);
            let _tellers = [tell_waiters(&pair, &waiters), tell_worker(&pair, &stops)];
            let worker = worker("all", &pair, work, stops, &telemetry)?;
            let _reaper = worker.reap(given_up(&servers, &telemetry)?)?;
            let serving = serve_api(pair, listener, api, waiters, drain);
            tokio::join!(work.run(worker, &readiness, drain), serving);
        }
    }
    Ok(())
}

/// Runs jobs from servers. The listener is for its probes and metrics.
///
/// # Errors
/// [`ServeError`] when it cannot start.
pub async fn work(
    listener: TcpListener,
    mut api: ApiSettings,
    servers: &Distributed,
    work: &WorkRequest,
    drain: &DrainSwitch,
) -> Result<(), ServeError> {
    let telemetry = api.telemetry.clone();
    let pair = servers.open(&telemetry).await?;
    let (waiters, stops) = (Arc::new(Waiters::new(telemetry.clone())), StopHints::new());
    let _upkeep = distributed_upkeep(&pair, &telemetry);
    let _teller = tell_worker(&pair, &stops);
    let worker = worker("worker", &pair, work, stops, &telemetry)?;
    let _reaper = worker.reap(given_up(servers, &telemetry)?)?;
    let (stop, stopping) = watch::channel(false);
    let readiness = Readiness::new();
    let (wish, consuming, tested) = (drain.listen(), Arc::clone(&pair.1), readiness.clone());
    api.lacks = Arc::new(move || lacks_of_worker(*wish.borrow(), &consuming, &tested));
    let abandoned = Arc::new(Abandoned::default());
    let server = Server::of_probes(Api::new(pair, api, wall(), waiters, abandoned, stopping));
    let working = work.run(worker, &readiness, drain);
    answer(listener, &server, &stop, working, drain.listen()).await;
    Ok(())
}

fn lacks_of_worker(wish: Drain, queue: &RabbitQueue, readiness: &Readiness) -> Vec<String> {
    let mut lacks = readiness.lacks();
    if wish != Drain::No {
        lacks.push("process: it is stopping".to_owned());
    }
    if !queue.is_consuming() {
        lacks.push("queue: no deliveries can come".to_owned());
    }
    lacks
}

impl WorkRequest {
    /// What the configuration says.
    #[must_use]
    pub fn of(config: &Config, host: Arc<Host>) -> Self {
        let (lease_ms, grace_ms) = config.worker_times_ms();
        Self {
            host,
            slots: config.slots(),
            claim_ahead: config.reserves_ahead(),
            lanes: config.worker_lanes(),
            lease_ms,
            grace: Duration::from_millis(grace_ms),
        }
    }

    /// Has the worker work from the moment at which this host has shown that it runs honest programs.
    async fn run<S: Store, Q: Queue>(&self, worker: Worker<S, Q>, readiness: &Readiness, drain: &DrainSwitch) {
        let mut wish = drain.listen();
        tokio::select! {
            () = readiness.until_passed(&self.host) => {}
            () = reached(&mut wish, Drain::Gracefully) => {}
        }
        worker.run(self.places(), drain.listen()).await;
    }

    /// Makes what an executor runs programs in.
    fn places(&self) -> impl Fn() -> Slot + Send + Sync + 'static {
        let host = Arc::clone(&self.host);
        move || Slot::new(Arc::clone(&host))
    }
}

/// A worker whose name tells where and when it runs.
fn worker<S: Store, Q: Queue>(
    kind: &str,
    (store, queue): &(Arc<S>, Arc<Q>),
    work: &WorkRequest,
    stops: StopHints,
    telemetry: &Telemetry,
) -> Result<Worker<S, Q>, ServeError> {
    let (host, pid, nonce) = (kernel::host_name(), std::process::id(), getrandom::u32()?);
    let settings = WorkerSettings {
        claim_ahead: work.claim_ahead,
        lanes: work.lanes.clone(),
        lease_ms: work.lease_ms,
        grace: work.grace,
        stops,
        telemetry: telemetry.clone(),
        ..WorkerSettings::new(WorkerId::parse(format!("{kind}-{host:.64}-{pid}-{nonce:08x}"))?, work.slots)
    };
    Ok(Worker::new(Arc::clone(store), Arc::clone(queue), settings, wall()))
}

fn given_up(servers: &Distributed, telemetry: &Telemetry) -> Result<RabbitGivenUp, AdaptersError> {
    Ok(RabbitGivenUp::new(servers.queue_settings(telemetry), wall())?)
}

fn embedded_upkeep((store, queue): &EmbeddedPair, api: &ApiSettings) -> [tasks::Task<()>; 2] {
    let watching = watch_queue(Arc::clone(queue), api.lanes.clone(), api.telemetry.clone());
    [tasks::spawn("sweeper", sweep(Arc::clone(store))), tasks::spawn("watcher of the queue", watching)]
}

fn distributed_upkeep(pair: &DistributedPair, telemetry: &Telemetry) -> tasks::Task<()> {
    tasks::spawn("watcher of the servers", watch_servers(pair.clone(), telemetry.clone()))
}

fn tell_waiters((store, _): &DistributedPair, waiters: &Arc<Waiters>) -> tasks::Task<()> {
    tasks::spawn("teller", tell_changes(store.changes(), Arc::clone(waiters)))
}

fn tell_worker((store, _): &DistributedPair, stops: &StopHints) -> tasks::Task<()> {
    tasks::spawn("teller of stops", tell_stops(store.stops(), stops.clone()))
}

async fn serve_api<S: Store, Q: Queue>(
    (store, queue): (Arc<S>, Arc<Q>),
    listener: TcpListener,
    api: ApiSettings,
    waiters: Arc<Waiters>,
    drain: &DrainSwitch,
) {
    let abandoned = Arc::new(Abandoned::default());
    let (stop, stopping) = watch::channel(false);
    let store = Arc::new(ObservedStore::new(store, api.telemetry.clone()));
    let queue = Arc::new(ObservedQueue::new(queue, api.telemetry.clone()));
    let pair = (Arc::clone(&store), queue);
    let server = Server::new(Api::new(pair, api, wall(), waiters, Arc::clone(&abandoned), stopping));
    let mut heard = drain.listen();
    let until = async {
        tokio::select! {
            () = reached(&mut heard, Drain::Gracefully) => {}
            () = abandoned.keep_cancelling(store.as_ref()) => {}
        }
    };
    answer(listener, &server, &stop, until, drain.listen()).await;
    abandoned.cancel_all(store.as_ref()).await;
}
