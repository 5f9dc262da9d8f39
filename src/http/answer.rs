//! Jobs and batches as answers.

use axum::http::header::{CONTENT_TYPE, ETAG, LOCATION, RETRY_AFTER};
use axum::http::{HeaderName, HeaderValue, StatusCode};
use axum::response::{IntoResponse, Response};

use super::problem::{Problem, ProblemKind};
use crate::job::{BatchId, ProgramError, RawJson, State};
use crate::ports::{BatchProgress, JobRecord, RunningTry};
use crate::wire::{BatchStatusDocument, ResultDocument};

/// Says that a submit was one that had been made before.
pub(super) const REPLAYED: HeaderName = HeaderName::from_static("idempotent-replayed");

/// Seconds after which a client that does not wait may look again.
const LOOK_AGAIN: HeaderValue = HeaderValue::from_static("1");

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The version of a job's record.
pub(super) fn job_etag(job: &JobRecord) -> String {
    format!("\"v{}\"", job.version)
}

/// The version of a batch's progress: changes with whatever is shown of it.
pub(super) fn batch_etag(batch: &BatchProgress) -> String {
    let (sealed, complete) = (u8::from(batch.sealed), u8::from(batch.is_complete()));
    format!("\"{}-{}-{}-{sealed}{complete}\"", batch.state.as_str(), batch.staged_items, batch.counts.total())
}

/// The result document of a job, whatever state it is in.
fn job_document(job: JobRecord) -> Result<RawJson, Problem> {
    if let Some(document) = job.document {
        return Ok(document);
    }
    let mut document = ResultDocument::new(job.id, job.state, job.submitted_at);
    document.idempotency_key = job.idempotency_key;
    document.attempt = job.attempt;
    document.error = without_run(job.state);
    document.started_at = job.attempts.last().map(|last| last.started_at);
    if let Some(RunningTry { worker, started_at }) = job.running {
        (document.worker, document.started_at) = (Some(worker), Some(started_at));
    }
    document.finished_at = job.ended.map(|end| end.at);
    document.expires_at = job.ended.map(|end| end.expires_at);
    document.attempts = job.attempts.into_iter().map(Into::into).collect();
    document.to_json().map_err(|_| Problem::new(ProblemKind::Internal, "the job has no JSON form"))
}

/// Why a job has ended that nobody ran, where its state alone does not say so.
fn without_run(state: State) -> Option<ProgramError> {
    let message = match state {
        State::Expired => "its deadline had passed before it could be run",
        State::Rejected => "its idempotency key belongs to a job that does something else",
        State::Queued
        | State::Running
        | State::RetryScheduled
        | State::Succeeded
        | State::Failed
        | State::DeadLettered
        | State::Cancelled => return None,
    };
    Some(ProgramError { kind: state.as_str().to_owned(), message: message.to_owned(), ..ProgramError::default() })
}

/// Answers with a job.
pub(super) fn job(status: StatusCode, job: JobRecord) -> Result<Response, Problem> {
    let etag = job_etag(&job);
    let is_final = job.state.is_final();
    let location = format!("/v1/jobs/{}", job.id);
    let document = job_document(job)?;
    Ok(with_headers((status, document.get().to_owned()).into_response(), &etag, is_final, &location))
}

/// Answers with a batch's progress.
pub(super) fn batch(status: StatusCode, id: BatchId, batch: &BatchProgress) -> Result<Response, Problem> {
    let location = format!("/v1/batches/{id}");
    let complete = batch.is_complete();
    let document = BatchStatusDocument::new(id, batch.state, complete, batch.staged_items, batch.sealed, &batch.counts);
    let text = serde_json::to_string(&document)
        .map_err(|_| Problem::new(ProblemKind::Internal, "the batch has no JSON form"))?;
    Ok(with_headers((status, text).into_response(), &batch_etag(batch), complete, &location))
}

/// Answers that nothing has changed.
pub(super) fn unchanged(etag: &str, is_final: bool) -> Response {
    let mut response = StatusCode::NOT_MODIFIED.into_response();
    put_version(&mut response, etag, is_final);
    response
}

/// 200 for what is over, 202 for what goes on.
pub(super) const fn status_of(is_final: bool) -> StatusCode {
    if is_final { StatusCode::OK } else { StatusCode::ACCEPTED }
}

/// Marks an answer as that of an earlier submit.
pub(super) fn replayed(mut response: Response) -> Response {
    response.headers_mut().insert(REPLAYED, HeaderValue::from_static("true"));
    response
}

fn with_headers(mut response: Response, etag: &str, is_final: bool, location: &str) -> Response {
    response.headers_mut().insert(CONTENT_TYPE, JSON);
    if let Ok(location) = HeaderValue::from_str(location) {
        response.headers_mut().insert(LOCATION, location);
    }
    put_version(&mut response, etag, is_final);
    response
}

fn put_version(response: &mut Response, etag: &str, is_final: bool) {
    let headers = response.headers_mut();
    if let Ok(etag) = HeaderValue::from_str(etag) {
        headers.insert(ETAG, etag);
    }
    if !is_final {
        headers.insert(RETRY_AFTER, LOOK_AGAIN);
    }
}
