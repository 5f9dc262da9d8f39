//! `GET /healthz`, `GET /readyz`, `GET /metrics`: for machines that watch the service, so without a key.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use tokio::time::timeout;

use super::api::Api;
use crate::job::BatchId;
use crate::ports::{Queue, Store};

/// How long store and queue may take for a read: who asks whether the service is ready does not wait long.
const PATIENCE: Duration = Duration::from_secs(2);

const JSON: &str = "application/json";

pub(super) async fn health() -> Response {
    ([(CONTENT_TYPE, JSON)], "{\"alive\":true}").into_response()
}

pub(super) async fn readiness<S: Store, Q: Queue>(State(api): State<Arc<Api<S, Q>>>) -> Response {
    let mut missing = Vec::new();
    let (store, queue) = tokio::join!(timeout(PATIENCE, store_answers(&api)), timeout(PATIENCE, queue_answers(&api)));
    if *api.stopping.borrow() {
        missing.push("process: it is stopping".to_owned());
    }
    if store != Ok(true) {
        missing.push("store: it does not answer".to_owned());
    }
    if queue != Ok(true) {
        missing.push("queue: it does not answer".to_owned());
    }
    missing.extend((api.settings.lacks)());
    let is_ready = missing.is_empty();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = serde_json::json!({"ready": is_ready, "missing": missing});
    (status, [(CONTENT_TYPE, JSON)], document.to_string()).into_response()
}

/// Any read tells.
async fn store_answers<S: Store, Q: Queue>(api: &Api<S, Q>) -> bool {
    let Ok(nobody) = BatchId::parse("readyz") else { return false };
    let answer = api.store.batch(&nobody).await;
    answer.inspect_err(|error| tracing::warn!(%error, "the store is not ready")).is_ok()
}

async fn queue_answers<S: Store, Q: Queue>(api: &Api<S, Q>) -> bool {
    for lane in &api.settings.lanes {
        if let Err(error) = api.queue.depth(lane).await {
            tracing::warn!(%error, "the queue is not ready");
            return false;
        }
    }
    true
}

pub(super) async fn metrics<S: Store, Q: Queue>(State(api): State<Arc<Api<S, Q>>>) -> Response {
    let shown = api.settings.telemetry.render();
    ([(CONTENT_TYPE, shown.content_type)], shown.body).into_response()
}
