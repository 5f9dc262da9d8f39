//! `GET /v1/jobs/{id}`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::http::answer::{self, job_etag};
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::params::{Params, asks_for_change, has_version, job_id};
use crate::http::problem::Problem;
use crate::job::{JobId, Tenant};
use crate::ports::{JobRecord, Queue, Store};

pub(in crate::http) async fn read<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    path: Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = job_id(path)?;
    let wait = Params::read(&uri, &["wait"])?.wait()?;
    let wants_change = asks_for_change(&headers);
    let is_enough = |job: &JobRecord| job.state.is_final() || (wants_change && !has_version(&headers, &job_etag(job)));
    let job = api.await_job(&tenant, &id, wait, is_enough).await?;
    let etag = job_etag(&job);
    if has_version(&headers, &etag) {
        return Ok(answer::unchanged(&etag, job.state.is_final()));
    }
    answer::job(StatusCode::OK, job)
}

impl<S: Store, Q: Queue> Api<S, Q> {
    /// Reads a job of this tenant until it is as wanted or the time is over.
    pub(in crate::http) async fn await_job(
        &self,
        tenant: &Tenant,
        id: &JobId,
        wait: Duration,
        is_enough: impl Fn(&JobRecord) -> bool,
    ) -> Result<JobRecord, Problem> {
        let look = || async {
            let found = self.store.job(id).await?.filter(|job| job.tenant == *tenant);
            found.ok_or_else(|| Problem::not_found("job"))
        };
        self.waiters.until(id.as_str(), wait, &self.stopping, look, is_enough).await
    }
}
