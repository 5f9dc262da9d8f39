//! `POST /v1/batches/{id}/cancel`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use crate::http::answer;
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::params::{Params, batch_id};
use crate::http::problem::{Problem, ProblemKind};
use crate::job::BatchState;
use crate::ports::{Queue, Store};

pub(in crate::http) async fn cancel<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    path: Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    let id = batch_id(path)?;
    api.await_batch(&tenant, &id, Duration::ZERO, |_| true).await?;
    api.store.cancel_batch(&id).await?;
    api.waiters.wake_id(id.as_str());
    let batch = api.await_batch(&tenant, &id, Duration::ZERO, |_| true).await?;
    match batch.state {
        BatchState::Cancelled | BatchState::Running => answer::batch(StatusCode::OK, id, &batch),
        BatchState::Completed | BatchState::FailedTolerance => {
            let detail = format!("the batch is {}, which is final", batch.state.as_str());
            Err(Problem::new(ProblemKind::AlreadyFinal, detail))
        }
    }
}
