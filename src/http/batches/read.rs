//! `GET /v1/batches/{id}`

use std::sync::Arc;
use std::time::Duration;

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode, Uri};
use axum::response::Response;

use crate::http::answer::{self, batch_etag};
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::params::{Params, asks_for_change, batch_id, has_version};
use crate::http::problem::Problem;
use crate::job::{BatchId, Tenant};
use crate::ports::{BatchProgress, Queue, Store};

pub(in crate::http) async fn read<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    path: Path<String>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let id = batch_id(path)?;
    let wait = Params::read(&uri, &["wait"])?.wait()?;
    let wants_change = asks_for_change(&headers);
    let is_enough =
        |batch: &BatchProgress| batch.is_complete() || (wants_change && !has_version(&headers, &batch_etag(batch)));
    let batch = api.await_batch(&tenant, &id, wait, is_enough).await?;
    let etag = batch_etag(&batch);
    if has_version(&headers, &etag) {
        return Ok(answer::unchanged(&etag, batch.is_complete()));
    }
    answer::batch(StatusCode::OK, id, &batch)
}

impl<S: Store, Q: Queue> Api<S, Q> {
    /// Reads a batch of this tenant until it is as wanted or the time is over.
    pub(in crate::http) async fn await_batch(
        &self,
        tenant: &Tenant,
        id: &BatchId,
        wait: Duration,
        is_enough: impl Fn(&BatchProgress) -> bool,
    ) -> Result<BatchProgress, Problem> {
        let look = || async {
            let found = self.store.batch(id).await?.filter(|batch| batch.tenant == *tenant);
            found.ok_or_else(|| Problem::not_found("batch"))
        };
        self.waiters.until(id.as_str(), wait, &self.stopping, look, is_enough).await
    }
}
