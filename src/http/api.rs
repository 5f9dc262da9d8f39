//! What all routes share.

use std::fmt;
use std::sync::Arc;

use axum::Router;
use tokio::sync::watch;

use super::auth::ApiKey;
use super::routes::{self, Route};
use super::waiters::Waiters;
use crate::intake::{Abandoned, Intake};
use crate::job::{Lane, Language, Limits};
use crate::ports::{Queue, Store, WallClock};
use crate::telemetry::Telemetry;

/// Tells what a process lacks to take work, besides store and queue: an empty list, or a text for each part.
pub type Lacks = Arc<dyn Fn() -> Vec<String> + Send + Sync>;

/// The settings of the API.
#[derive(Clone)]
pub struct ApiSettings {
    /// The API keys; without any, only this host is served.
    pub keys: Vec<ApiKey>,
    /// Largest body, and largest item, in bytes.
    pub body_bytes: u64,
    /// Largest body of a batch whose items follow line by line, in bytes.
    pub batch_bytes: u64,
    /// Limits of a job that names none.
    pub limits: Limits,
    /// Lanes that a job may wait in.
    pub lanes: Vec<Lane>,
    /// Languages that a job may have.
    pub languages: Vec<Language>,
    /// Where requests are reported to; what `/metrics` shows.
    pub telemetry: Telemetry,
    /// What `/readyz` asks besides store and queue.
    pub lacks: Lacks,
}

impl fmt::Debug for ApiSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ApiSettings")
            .field("keys", &self.keys.len())
            .field("lanes", &self.lanes)
            .finish_non_exhaustive()
    }
}

/// The API over a store and a queue.
#[derive(Debug)]
pub struct Api<S, Q> {
    pub(super) store: Arc<S>,
    pub(super) queue: Arc<Q>,
    pub(super) intake: Intake<S, Q>,
    pub(super) waiters: Arc<Waiters>,
    pub(super) settings: ApiSettings,
    /// Whether the process stops: whoever waits is answered.
    pub(super) stopping: watch::Receiver<bool>,
}

impl<S: Store, Q: Queue> Api<S, Q> {
    /// Over these adapters.
    #[must_use]
    pub fn new(
        (store, queue): (Arc<S>, Arc<Q>),
        settings: ApiSettings,
        clock: WallClock,
        waiters: Arc<Waiters>,
        abandoned: Arc<Abandoned>,
        stopping: watch::Receiver<bool>,
    ) -> Self {
        let intake = Intake::new(Arc::clone(&store), Arc::clone(&queue), clock, abandoned);
        Self { store, queue, intake, waiters, settings, stopping }
    }

    /// These routes.
    pub(super) fn into_router(self, routes: impl Iterator<Item = &'static Route>) -> Router {
        routes::router(Arc::new(self), routes)
    }
}
