//! `POST /v1/batches`

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;

use crate::http::answer::{self, status_of};
use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::body::{self, Pieces};
use crate::http::params::{Params, idempotency_key, media_type};
use crate::http::problem::{Problem, ProblemKind};
use crate::intake::{OpenedBatch, Upload};
use crate::job::{BatchId, Fingerprint, RawJson, Tenant};
use crate::ports::{Queue, Store};
use crate::wire::{BatchDocument, BatchEnvelope};

pub(in crate::http) async fn submit<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    uri: Uri,
    headers: HeaderMap,
    body: Body,
) -> Result<Response, Problem> {
    Params::read(&uri, &[])?;
    let (id, is_repeat) = match media_type(&headers).as_str() {
        "application/x-ndjson" | "application/jsonl" | "application/x-jsonlines" => {
            api.take_lines(&tenant, &headers, body).await?
        }
        "application/json" => api.take_object(&tenant, &headers, body).await?,
        _ => {
            let detail = "Content-Type must be application/x-ndjson (the batch in the first line, an item in each line \
                          after it) or application/json (an object with items)";
            return Err(Problem::new(ProblemKind::UnsupportedMediaType, detail));
        }
    };
    let batch = api.await_batch(&tenant, &id, Duration::ZERO, |_| true).await?;
    let response = answer::batch(status_of(is_repeat && batch.is_complete()), id, &batch)?;
    Ok(if is_repeat { answer::replayed(response) } else { response })
}

impl<S: Store, Q: Queue> Api<S, Q> {
    /// Items line by line: they are staged and published while they arrive.
    async fn take_lines(&self, tenant: &Tenant, headers: &HeaderMap, body: Body) -> Result<(BatchId, bool), Problem> {
        let mut pieces = Pieces::of(body, self.settings.batch_bytes);
        let (line, rest) = body::first_line(&mut pieces, self.settings.body_bytes).await?;
        let (envelope, items) = self.envelope(tenant, headers, &line)?;
        drop(line);
        if items.is_some() {
            let detail = "must be left out, because the items follow line by line";
            return Err(Problem::of_field(ProblemKind::InvalidField, "items", detail));
        }
        let mut upload = self.open(envelope).await?;
        upload.push(&rest).await?;
        while let Some(piece) = pieces.next().await? {
            upload.push(&piece).await?;
        }
        ended(upload).await
    }

    /// Items in the object. They are known from the start, so a key with other items is recognised by them.
    async fn take_object(&self, tenant: &Tenant, headers: &HeaderMap, body: Body) -> Result<(BatchId, bool), Problem> {
        let bytes = body::whole(body, self.settings.body_bytes).await?;
        let (mut envelope, items) = self.envelope(tenant, headers, &bytes)?;
        drop(bytes);
        let items = items.ok_or_else(|| {
            let detail = "is missing: an array with the inputs of each item";
            Problem::of_field(ProblemKind::InvalidField, "items", detail)
        })?;
        // An item is a line, so line feeds between its tokens become spaces; in strings they are escaped.
        let lines: Vec<String> = items.iter().map(|item| item.get().replace(['\n', '\r'], " ")).collect();
        let parts: Vec<&[u8]> = lines.iter().map(String::as_bytes).collect();
        let of_items = Fingerprint::of_parts(&parts);
        envelope.fingerprint = Fingerprint::of_parts(&[b"batch with items", &envelope.fingerprint.0, &of_items.0]);
        let mut upload = self.open(envelope).await?;
        for line in &lines {
            upload.push(line.as_bytes()).await?;
            upload.push(b"\n").await?;
        }
        ended(upload).await
    }

    fn envelope(
        &self,
        tenant: &Tenant,
        headers: &HeaderMap,
        bytes: &[u8],
    ) -> Result<(BatchEnvelope, Option<Vec<RawJson>>), Problem> {
        let mut document = BatchDocument::parse(bytes, bytes.len())?;
        document.idempotency_key = idempotency_key(headers, document.idempotency_key.as_deref())?;
        document.tenant = Some(self.own_tenant(tenant, document.tenant.as_deref())?);
        document.fill_limits(&self.settings.limits);
        let (envelope, items) = document.into_envelope()?;
        self.check_place(&envelope.lane, envelope.program.language)?;
        Ok((envelope, items))
    }

    async fn open(&self, envelope: BatchEnvelope) -> Result<Upload<'_, S, Q>, Problem> {
        let longest_item = usize::try_from(self.settings.body_bytes).unwrap_or(usize::MAX);
        match self.intake.batch(envelope, longest_item).await? {
            OpenedBatch::Upload(upload) => Ok(*upload),
            OpenedBatch::Conflict => Err(Problem::mismatch()),
        }
    }
}

async fn ended<S: Store, Q: Queue>(upload: Upload<'_, S, Q>) -> Result<(BatchId, bool), Problem> {
    let (id, is_repeat) = (upload.id().clone(), upload.is_repeat());
    upload.finish().await?;
    Ok((id, is_repeat))
}
