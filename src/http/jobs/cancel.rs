//! `DELETE /v1/jobs/{id}`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use crate::http::answer;
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::params::{Params, job_id};
use crate::http::problem::{Problem, ProblemKind};
use crate::job;
use crate::ports::{Cancellation, Queue, Store};

pub(in crate::http) async fn cancel<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    path: Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    let id = job_id(path)?;
    // Whose job it is never changes, so that it is looked up apart from the cancel.
    let id = api.await_job(&tenant, &id, Duration::ZERO, |_| true).await?.id;
    let status = match api.store.cancel(&id).await? {
        Cancellation::Cancelled | Cancellation::Final(job::State::Cancelled) => StatusCode::OK,
        Cancellation::Requested => StatusCode::ACCEPTED,
        Cancellation::Unknown => return Err(Problem::not_found("job")),
        Cancellation::Final(state) => {
            let detail = format!("the job is {}, which is final", state.as_str());
            return Err(Problem::new(ProblemKind::AlreadyFinal, detail));
        }
    };
    api.waiters.wake_id(id.as_str());
    answer::job(status, api.await_job(&tenant, &id, Duration::ZERO, |_| true).await?)
}
