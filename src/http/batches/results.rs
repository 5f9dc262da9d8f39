//! `GET /v1/batches/{id}/results`
//!
//! Results are sent in item order as far as all before them are there; `X-Complete` says whether that is all there will
//! ever be. One chunk at a time is held.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderName, HeaderValue, Uri};
use axum::response::{IntoResponse, Response};
use futures_util::stream;
use serde::Deserialize;

use crate::http::api::Api;
use crate::http::auth::Caller;
use crate::http::params::{Params, batch_id};
use crate::http::problem::Problem;
use crate::job::{BatchId, ChunkNo, OutcomeKind};
use crate::ports::{Queue, Store, StoreError};

/// Whether nothing more will come.
const COMPLETE: HeaderName = HeaderName::from_static("x-complete");

pub(in crate::http) async fn results<S: Store, Q: Queue>(
    State(api): State<Arc<Api<S, Q>>>,
    Caller(tenant): Caller,
    path: Path<String>,
    uri: Uri,
) -> Result<Response, Problem> {
    let id = batch_id(path)?;
    let params = Params::read(&uri, &["after", "only"])?;
    let (after, only_failed) = (params.after()?, params.only_failed()?);
    let batch = api.await_batch(&tenant, &id, Duration::ZERO, |_| true).await?;
    let is_complete = batch.is_complete();
    let mut reader = Reader {
        store: Arc::clone(&api.store),
        batch: id,
        next: 0,
        end: batch.staged_chunks,
        skips_holes: is_complete,
        after,
        only_failed,
    };
    reader.seek().await?;
    let chunks = stream::unfold(Some(reader), |reader| async {
        let mut reader = reader?;
        match reader.next_lines().await {
            Ok(Some(lines)) => Some((Ok(lines), Some(reader))),
            Ok(None) => None,
            // The status has been sent: a body that breaks off is how a client learns of it.
            Err(error) => {
                tracing::error!(%error, batch = %reader.batch, "results could not be read to their end");
                Some((Err(error), None))
            }
        }
    });
    let mut response = Body::from_stream(chunks).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/x-ndjson"));
    headers.insert(COMPLETE, HeaderValue::from_static(if is_complete { "true" } else { "false" }));
    Ok(response)
}

/// What is looked at in a line of results.
#[derive(Deserialize)]
struct Line {
    item: u64,
    outcome: Option<OutcomeKind>,
}

struct Reader<S> {
    store: Arc<S>,
    batch: BatchId,
    next: u32,
    end: u32,
    /// Whether a chunk without results will never have any.
    skips_holes: bool,
    after: Option<u64>,
    only_failed: bool,
}

impl<S: Store> Reader<S> {
    /// The wanted lines of the next chunk that has any.
    async fn next_lines(&mut self) -> Result<Option<String>, StoreError> {
        while self.next < self.end {
            let found = self.store.chunk_results(&self.batch, ChunkNo(self.next)).await?;
            self.next += 1;
            match found {
                Some(lines) => {
                    let wanted = self.wanted(lines)?;
                    if !wanted.is_empty() {
                        return Ok(Some(wanted));
                    }
                }
                None if self.skips_holes => {}
                None => return Ok(None),
            }
        }
        Ok(None)
    }

    fn wanted(&self, lines: String) -> Result<String, StoreError> {
        let is_first_wanted = |line: &Line| self.after.is_none_or(|after| line.item > after);
        if !self.only_failed && first_line(&lines)?.as_ref().is_none_or(is_first_wanted) {
            return Ok(lines);
        }
        let mut wanted = String::new();
        for text in lines.split_inclusive('\n') {
            let line = parse(text)?;
            let is_failed = line.outcome != Some(OutcomeKind::Succeeded);
            if is_first_wanted(&line) && (is_failed || !self.only_failed) {
                wanted.push_str(text);
            }
        }
        Ok(wanted)
    }

    /// Goes to the chunk of the first wanted item, or one before it: chunks have their items in order, so it is found by
    /// halves. Where a chunk has no results yet, nothing behind it is sent either.
    async fn seek(&mut self) -> Result<(), StoreError> {
        let Some(after) = self.after else { return Ok(()) };
        let (mut low, mut high) = (0, self.end);
        while high.saturating_sub(low) > 1 {
            let middle = low.midpoint(high);
            let mut probe = middle;
            let mut first = None;
            while probe < high {
                let lines = self.store.chunk_results(&self.batch, ChunkNo(probe)).await?;
                first = lines.as_deref().map(first_line).transpose()?.flatten();
                if first.is_some() || !self.skips_holes {
                    break;
                }
                probe += 1;
            }
            match first {
                Some(line) if line.item <= after => low = probe,
                Some(_) | None => high = middle,
            }
        }
        self.next = low;
        Ok(())
    }
}

fn first_line(lines: &str) -> Result<Option<Line>, StoreError> {
    lines.lines().next().map(parse).transpose()
}

fn parse(line: &str) -> Result<Line, StoreError> {
    serde_json::from_str(line).map_err(|error| StoreError::Broken(format!("a line of results: {error}")))
}
