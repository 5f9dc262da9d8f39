//! `POST /v1/jobs`

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use crate::http::answer::{self, status_of};
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::body;
use crate::http::params::{Params, idempotency_key, media_type};
use crate::http::problem::{Problem, ProblemKind};
use crate::intake::Submitted;
use crate::job::{Lane, Language, Tenant};
use crate::ports::{Queue, Store};
use crate::wire::JobDocument;

pub(in crate::http) async fn submit<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    let wait = Params::read(&uri, &["wait"])?.wait()?;
    // A page of another origin cannot send this type without being asked for leave first.
    if media_type(&headers) != "application/json" {
        return Err(Problem::new(ProblemKind::UnsupportedMediaType, "Content-Type must be application/json"));
    }
    let bytes = body::whole(body, api.settings.body_bytes).await?;
    let mut document = JobDocument::parse(&bytes, bytes.len())?;
    drop(bytes);
    document.idempotency_key = idempotency_key(&headers, document.idempotency_key.as_deref())?;
    document.tenant = Some(api.own_tenant(&tenant, document.tenant.as_deref())?);
    document.fill_limits(&api.settings.limits);
    let (spec, fingerprint) = document.into_spec()?;
    api.check_place(&spec.lane, spec.program.language)?;
    let (id, final_before) = match api.intake.job(spec, fingerprint).await? {
        Submitted::New(id) => (id, None),
        Submitted::Repeat { id, state } => (id, Some(state.is_final())),
        Submitted::Conflict => return Err(Problem::mismatch()),
    };
    let job = api.await_job(&tenant, &id, wait, |job| job.state.is_final()).await.map_err(|problem| {
        if final_before == Some(true) {
            let detail = "the job of this idempotency key has ended, and its result is past its time; use a new key";
            return Problem::new(ProblemKind::ResultExpired, detail);
        }
        problem
    })?;
    let response = answer::job(status_of(job.state.is_final()), job)?;
    Ok(if final_before.is_some() { answer::replayed(response) } else { response })
}

impl<S: Store, Q: Queue> Api<S, Q> {
    /// The tenant of work that names one, or none.
    pub(in crate::http) fn own_tenant(&self, caller: &Tenant, named: Option<&str>) -> Result<String, Problem> {
        match named {
            Some(named) if named != caller.as_str() => {
                let detail = format!("must be {caller}, the tenant of the caller, or be left out");
                Err(Problem::of_field(ProblemKind::InvalidField, "tenant", detail))
            }
            Some(_) | None => Ok(caller.to_string()),
        }
    }

    /// Refuses work that nobody would run.
    pub(in crate::http) fn check_place(&self, lane: &Lane, language: Language) -> Result<(), Problem> {
        let (lanes, languages) = (&self.settings.lanes, &self.settings.languages);
        if !lanes.contains(lane) {
            let lanes: Vec<&str> = lanes.iter().map(Lane::as_str).collect();
            let detail = format!("must be one of {}", lanes.join(", "));
            return Err(Problem::of_field(ProblemKind::InvalidField, "lane", detail));
        }
        if !languages.contains(&language) {
            let languages: Vec<&str> = languages.iter().map(|language| language.as_str()).collect();
            let detail = format!("has no interpreter here; there is {}", languages.join(", "));
            return Err(Problem::of_field(ProblemKind::InvalidField, "language", detail));
        }
        Ok(())
    }
}
