//! Bodies, read up to a limit and within a time.

use std::time::Duration;

use axum::body::Body;
use axum::body::BodyDataStream;
use bytes::Bytes;
use futures_util::StreamExt;

use super::problem::{Problem, ProblemKind};

/// Longest silence of a client that is sending.
const SILENCE: Duration = Duration::from_secs(30);

/// A body that is read piece by piece.
#[derive(Debug)]
pub(super) struct Pieces {
    stream: BodyDataStream,
    /// Bytes that may still come.
    left: u64,
    limit: u64,
}

impl Pieces {
    pub(super) fn of(body: Body, limit: u64) -> Self {
        Self { stream: body.into_data_stream(), left: limit, limit }
    }

    /// The next piece; `None` at the end.
    pub(super) async fn next(&mut self) -> Result<Option<Bytes>, Problem> {
        let piece = tokio::time::timeout(SILENCE, self.stream.next()).await.map_err(|_| {
            Problem::new(ProblemKind::Timeout, format!("nothing of the body came for {} s", SILENCE.as_secs()))
        })?;
        let Some(piece) = piece else { return Ok(None) };
        let piece = piece.map_err(|_| Problem::new(ProblemKind::InvalidJson, "the body broke off"))?;
        let length = u64::try_from(piece.len()).unwrap_or(u64::MAX);
        self.left = self.left.checked_sub(length).ok_or_else(|| too_large(self.limit))?;
        Ok(Some(piece))
    }
}

fn too_large(limit: u64) -> Problem {
    Problem::new(ProblemKind::TooLarge, format!("the body may have {limit} bytes (http.body_bytes, http.batch_bytes)"))
}

/// The whole body.
pub(super) async fn whole(body: Body, limit: u64) -> Result<Vec<u8>, Problem> {
    let mut pieces = Pieces::of(body, limit);
    let mut whole = Vec::new();
    while let Some(piece) = pieces.next().await? {
        whole.extend_from_slice(&piece);
    }
    Ok(whole)
}

/// The first line of a body, and what of the line after it has come with it.
pub(super) async fn first_line(pieces: &mut Pieces, limit: u64) -> Result<(Vec<u8>, Bytes), Problem> {
    let mut line = Vec::new();
    while let Some(piece) = pieces.next().await? {
        let end = piece.iter().position(|byte| *byte == b'\n');
        let (own, rest) = piece.split_at(end.unwrap_or(piece.len()));
        line.extend_from_slice(own);
        if u64::try_from(line.len()).is_ok_and(|length| length > limit) {
            return Err(too_large(limit));
        }
        if end.is_some() {
            return Ok((line, piece.slice_ref(rest.get(1..).unwrap_or_default())));
        }
    }
    Ok((line, Bytes::new()))
}
