//! The table of routes.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::Request;
use axum::http::header::{CACHE_CONTROL, X_CONTENT_TYPE_OPTIONS};
use axum::http::{HeaderValue, Uri};
use axum::middleware::{Next, from_fn};
use axum::response::{IntoResponse, Response};
use axum::routing::{MethodRouter, delete, get, post};

use super::api::Api;
use super::params::LONGEST_WAIT;
use super::problem::{Problem, ProblemKind};
use super::{batches, jobs, openapi, probes};
use crate::ports::{Queue, Store};
use crate::sys::clock;
use crate::telemetry::{HttpRoute, Telemetry};

/// What a route does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Action {
    SubmitJob,
    ReadJob,
    CancelJob,
    SubmitBatch,
    ReadBatch,
    ReadResults,
    CancelBatch,
    Health,
    Readiness,
    Metrics,
    OpenApi,
}

/// A route.
#[derive(Debug, Clone, Copy)]
pub struct Route {
    /// `GET`, `POST` or `DELETE`.
    pub method: &'static str,
    /// Its path; a part in braces is an id.
    pub path: &'static str,
    /// What it is for, in one line.
    pub summary: &'static str,
    pub(super) action: Action,
}

impl Route {
    /// Whether it is for machines that watch the process.
    pub(super) const fn is_probe(&self) -> bool {
        matches!(self.action, Action::Health | Action::Readiness | Action::Metrics)
    }
}

const fn route(method: &'static str, path: &'static str, action: Action, summary: &'static str) -> Route {
    Route { method, path, summary, action }
}

/// Every route. The router and the OpenAPI document are made from it.
pub const ROUTES: &[Route] = &[
    route("POST", "/v1/jobs", Action::SubmitJob, "Submit a job"),
    route("GET", "/v1/jobs/{id}", Action::ReadJob, "Read a job, or wait for its result"),
    route("DELETE", "/v1/jobs/{id}", Action::CancelJob, "Take a job back"),
    route("POST", "/v1/batches", Action::SubmitBatch, "Submit one function over many items"),
    route("GET", "/v1/batches/{id}", Action::ReadBatch, "Read a batch's progress, or wait for its end"),
    route("GET", "/v1/batches/{id}/results", Action::ReadResults, "Read results in item order while the batch runs"),
    route("POST", "/v1/batches/{id}/cancel", Action::CancelBatch, "Stop a batch"),
    route("GET", "/healthz", Action::Health, "Whether the process is alive"),
    route("GET", "/readyz", Action::Readiness, "Whether the service can take work, and which part is missing"),
    route("GET", "/metrics", Action::Metrics, "Metrics for Prometheus"),
    route("GET", "/openapi.json", Action::OpenApi, "This description of the API"),
];

/// Time for anything that does not wait for a client.
const TIME_LIMIT: Duration = Duration::from_secs(30);

impl Action {
    /// Its name in metrics.
    const fn label(self) -> HttpRoute {
        match self {
            Self::SubmitJob => HttpRoute::SubmitJob,
            Self::ReadJob => HttpRoute::ReadJob,
            Self::CancelJob => HttpRoute::CancelJob,
            Self::SubmitBatch => HttpRoute::SubmitBatch,
            Self::ReadBatch => HttpRoute::ReadBatch,
            Self::ReadResults => HttpRoute::ReadResults,
            Self::CancelBatch => HttpRoute::CancelBatch,
            Self::Health | Self::Readiness | Self::Metrics | Self::OpenApi => HttpRoute::Probe,
        }
    }

    /// The time for an answer to begin. An upload of a batch and a body have limits of their own, on every pause.
    const fn time_limit(self) -> Option<Duration> {
        match self {
            Self::SubmitBatch => None,
            Self::SubmitJob => Some(LONGEST_WAIT.saturating_add(TIME_LIMIT.saturating_mul(2))),
            Self::ReadJob | Self::ReadBatch => Some(LONGEST_WAIT.saturating_add(TIME_LIMIT)),
            Self::CancelJob
            | Self::ReadResults
            | Self::CancelBatch
            | Self::Health
            | Self::Readiness
            | Self::Metrics
            | Self::OpenApi => Some(TIME_LIMIT),
        }
    }

    fn handler<S: Store, Q: Queue>(self) -> MethodRouter<Arc<Api<S, Q>>> {
        match self {
            Self::SubmitJob => post(jobs::submit::<S, Q>),
            Self::ReadJob => get(jobs::read::<S, Q>),
            Self::CancelJob => delete(jobs::cancel::<S, Q>),
            Self::SubmitBatch => post(batches::submit::<S, Q>),
            Self::ReadBatch => get(batches::read::<S, Q>),
            Self::ReadResults => get(batches::results::<S, Q>),
            Self::CancelBatch => post(batches::cancel::<S, Q>),
            Self::Health => get(probes::health),
            Self::Readiness => get(probes::readiness::<S, Q>),
            Self::Metrics => get(probes::metrics::<S, Q>),
            Self::OpenApi => get(openapi::serve),
        }
    }
}

/// The router of these routes.
pub(super) fn router<S: Store, Q: Queue>(api: Arc<Api<S, Q>>, routes: impl Iterator<Item = &'static Route>) -> Router {
    let mut router = Router::new();
    let mut paths = Vec::new();
    for route in routes {
        paths.push(route.path);
        let telemetry = api.settings.telemetry.clone();
        let around = from_fn(move |request: Request, next: Next| answer(route, telemetry.clone(), request, next));
        router = router.route(route.path, route.action.handler().layer(around));
    }
    let known = no_such_route(&paths);
    let unknown_route = async move || Problem::new(ProblemKind::NotFound, known);
    router.fallback(unknown_route).method_not_allowed_fallback(unknown_method).with_state(api)
}

/// What holds for every route.
async fn answer(route: &'static Route, telemetry: Telemetry, request: Request, next: Next) -> Response {
    let begun = clock::now();
    let running = next.run(request);
    let mut response = match route.action.time_limit() {
        None => running.await,
        Some(limit) => tokio::time::timeout(limit, running)
            .await
            .unwrap_or_else(|_| Problem::new(ProblemKind::Unavailable, "no answer was found in time").into_response()),
    };
    let headers = response.headers_mut();
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The route as the table has it: what a client wrote is not logged.
    let (status, time) = (response.status().as_u16(), begun.elapsed());
    telemetry.answered(route.action.label(), status, time);
    tracing::debug!(method = route.method, path = route.path, status, ?time, "answered");
    response
}

/// A worker has its probes only.
fn no_such_route(paths: &[&str]) -> String {
    if paths.contains(&"/openapi.json") {
        "there is no such route; /openapi.json lists every route".to_owned()
    } else {
        format!("there is no such route; there are {}", paths.join(", "))
    }
}

async fn unknown_method(_: Uri) -> Problem {
    Problem::new(ProblemKind::MethodNotAllowed, "the header Allow lists the methods of this route")
}
