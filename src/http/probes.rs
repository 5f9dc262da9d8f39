//! `GET /healthz`, `GET /readyz`, `GET /metrics`: for machines that watch the service, so without a key.

use std::sync::Arc;

use axum::extract::State;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};

use super::api::Api;
use crate::job::BatchId;
use crate::ports::{Queue, Store};

const JSON: &str = "application/json";

pub(super) async fn health() -> Response {
    ([(CONTENT_TYPE, JSON)], "{\"alive\":true}").into_response()
}

pub(super) async fn readiness<S: Store, Q: Queue>(State(api): State<Arc<Api<S, Q>>>) -> Response {
    let mut missing = Vec::new();
    if *api.stopping.borrow() {
        missing.push("process: it is stopping".to_owned());
    }
    // Any read tells whether the store answers.
    if let Ok(nobody) = BatchId::parse("readyz")
        && let Err(error) = api.store.batch(&nobody).await
    {
        tracing::warn!(%error, "the store is not ready");
        missing.push("store: it does not answer".to_owned());
    }
    for lane in &api.settings.lanes {
        if let Err(error) = api.queue.depth(lane).await {
            tracing::warn!(%error, "the queue is not ready");
            missing.push("queue: it does not answer".to_owned());
            break;
        }
    }
    missing.extend((api.settings.lacks)());
    let is_ready = missing.is_empty();
    let status = if is_ready { StatusCode::OK } else { StatusCode::SERVICE_UNAVAILABLE };
    let document = serde_json::json!({"ready": is_ready, "missing": missing});
    (status, [(CONTENT_TYPE, JSON)], document.to_string()).into_response()
}

pub(super) async fn metrics<S: Store, Q: Queue>(State(api): State<Arc<Api<S, Q>>>) -> Response {
    let shown = api.settings.telemetry.render();
    ([(CONTENT_TYPE, shown.content_type)], shown.body).into_response()
}
