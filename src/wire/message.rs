//! A message as a broker carries it: properties, headers, a JSON body. Version 1.
//!
//! The body of a job is the job document that a client writes, so any AMQP client can publish one with nothing but a
//! content type. What changes from try to try (attempt, copy) and what a claim needs (key, fingerprint) stands in properties
//! and headers, which only this program writes. A job that comes without them is told apart by its
//! idempotency key, else by its message id; one that has neither is [`Decoded::Unnamed`].

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::job_document::{DocumentError, JobDocument};
use super::scan::{ScanLimits, scan};
use super::version::VersionOne;
use crate::job::{BatchId, ChunkNo, CopyId, Fingerprint, JobId, JobSpec, KeyDigest, Lane, Tenant, UnixMillis, WorkId};
use crate::ports::{Message, Payload};

/// The `type` property of a job; a message without the property is one too.
pub const JOB_TYPE: &str = "cellblock.job.v1";
/// The `type` property of a chunk.
pub const CHUNK_TYPE: &str = "cellblock.chunk.v1";

const JSON: &str = "application/json";

/// A header's value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HeaderValue {
    /// Text.
    Text(String),
    /// A whole number of any width.
    Number(i64),
    /// Something that no header of ours is.
    Other,
}

/// A message in the terms of AMQP 0.9.1, without a client library's types.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WireMessage {
    /// The copy.
    pub message_id: Option<String>,
    /// The work, for the tools of operators.
    pub correlation_id: Option<String>,
    /// The `type` property: what the body is.
    pub kind: Option<String>,
    /// `application/json`, or nothing.
    pub content_type: Option<String>,
    /// Nothing, or a name for "as it is".
    pub content_encoding: Option<String>,
    /// When it was submitted, in seconds since 1970; AMQP has no finer unit.
    pub timestamp_s: Option<u64>,
    /// The headers.
    pub headers: BTreeMap<String, HeaderValue>,
    /// The body.
    pub body: Vec<u8>,
}

/// How a message came.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The lane that it stood in. It decides, whatever the body says: retries go back to where it came from.
    pub lane: Lane,
    /// When it came: the time of submission of a message that tells none.
    pub at: UnixMillis,
    /// Longest body that is read, in bytes.
    pub max_body_bytes: usize,
}

/// What a message says.
#[derive(Debug, Clone, PartialEq)]
pub enum Decoded {
    /// Work that a claim can recognise when it is delivered again.
    Message(Box<Message>),
    /// A job without anything to recognise it by.
    Unnamed(Box<UnnamedJob>),
}

/// A job without id, key and message id. It is never run from this delivery: it is published again under a name of its
/// own, so that a second delivery of that is recognised.
#[derive(Debug, Clone, PartialEq)]
pub struct UnnamedJob {
    spec: JobSpec,
    fingerprint: Fingerprint,
    lane: Lane,
    submitted_at: UnixMillis,
}

impl UnnamedJob {
    /// The job under this name; both are drawn at random.
    #[must_use]
    pub fn named(self, key: KeyDigest, nonce: u64) -> Message {
        let Self { spec, fingerprint, lane, submitted_at } = self;
        first_try(spec, key, nonce, fingerprint, lane, submitted_at, None)
    }
}

/// Why bytes are no message. The texts name the property, the header or the field of the body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum MessageError {
    /// A property, a header, or the body of a chunk.
    #[error("{field}: {problem}")]
    Field {
        /// Its name.
        field: String,
        /// What is wrong.
        problem: String,
    },
    /// The body of a job.
    #[error(transparent)]
    Document(#[from] DocumentError),
}

impl MessageError {
    fn field(field: &str, problem: impl ToString) -> Self {
        Self::Field { field: field.to_owned(), problem: problem.to_string() }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct ChunkBody {
    v: VersionOne,
    batch: BatchId,
    chunk: ChunkNo,
}

/// Writes a message.
///
/// # Errors
/// [`MessageError`] when the body has no JSON form, which no body of ours lacks.
pub fn encode_message(message: &Message) -> Result<WireMessage, MessageError> {
    let no_form = |error: serde_json::Error| MessageError::field("body", error);
    let mut headers = BTreeMap::new();
    let mut text = |name: &str, value: &str| {
        headers.insert(name.to_owned(), HeaderValue::Text(value.to_owned()));
    };
    text("x-tenant", message.tenant.as_str());
    text("x-fp", &message.fingerprint.to_string());
    let (kind, body) = match &message.payload {
        Payload::Job { key, spec } => {
            text("x-idem", &key.to_string());
            text("x-lang", spec.program.language.as_str());
            (JOB_TYPE, serde_json::to_vec(&JobDocument::of(spec)).map_err(no_form)?)
        }
        Payload::Chunk => (CHUNK_TYPE, Vec::new()),
    };
    let body = match &message.work {
        WorkId::Job(id) => {
            text("x-job", id.as_str());
            body
        }
        WorkId::Chunk(batch, chunk) => {
            text("x-batch", batch.as_str());
            let chunk = ChunkBody { v: VersionOne, batch: batch.clone(), chunk: *chunk };
            serde_json::to_vec(&chunk).map_err(no_form)?
        }
    };
    let mut number = |name: &str, value: u64| {
        // A time beyond the range of a signed number is "never" with or without the last bit.
        headers.insert(name.to_owned(), HeaderValue::Number(i64::try_from(value).unwrap_or(i64::MAX)));
    };
    number("x-attempt", message.attempt.into());
    number("x-infra", message.infra.into());
    number("x-submitted", message.submitted_at.0);
    if let WorkId::Chunk(_, chunk) = &message.work {
        number("x-chunk", chunk.0.into());
    }
    if let Some(deadline) = message.deadline {
        number("x-deadline", deadline.0);
    }
    Ok(WireMessage {
        message_id: Some(message.copy.to_string()),
        correlation_id: Some(message.work.to_string()),
        kind: Some(kind.to_owned()),
        content_type: Some(JSON.to_owned()),
        content_encoding: None,
        timestamp_s: Some(message.submitted_at.0 / 1_000),
        headers,
        body,
    })
}

/// Reads a message.
///
/// # Errors
/// [`MessageError`] names what is wrong.
pub fn decode_message(wire: &WireMessage, arrival: &Arrival) -> Result<Decoded, MessageError> {
    if wire.body.len() > arrival.max_body_bytes {
        let problem = format!("{} bytes are more than the {} that are read", wire.body.len(), arrival.max_body_bytes);
        return Err(MessageError::field("body", problem));
    }
    check_content(wire)?;
    match wire.kind.as_deref() {
        None | Some("" | JOB_TYPE) => decode_job(wire, arrival),
        Some(CHUNK_TYPE) => decode_chunk(wire, arrival).map(|message| Decoded::Message(Box::new(message))),
        Some(other) => {
            let problem = format!("{other:?} is not known; this version reads {JOB_TYPE} and {CHUNK_TYPE}");
            Err(MessageError::field("type", problem))
        }
    }
}

fn check_content(wire: &WireMessage) -> Result<(), MessageError> {
    let content_type = wire.content_type.as_deref().unwrap_or_default();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    if !(media_type.is_empty() || media_type.eq_ignore_ascii_case(JSON)) {
        return Err(MessageError::field("content_type", format!("must be {JSON}, not {content_type:?}")));
    }
    // Some client libraries write the character set here.
    let encoding = wire.content_encoding.as_deref().unwrap_or_default();
    if !["", "identity", "utf-8", "utf8"].contains(&encoding.to_ascii_lowercase().as_str()) {
        return Err(MessageError::field("content_encoding", format!("must be left out, not {encoding:?}")));
    }
    Ok(())
}

fn decode_job(wire: &WireMessage, arrival: &Arrival) -> Result<Decoded, MessageError> {
    let mut document = JobDocument::parse(&wire.body, arrival.max_body_bytes)?;
    document.lane.get_or_insert_with(|| arrival.lane.to_string());
    let (spec, fingerprint) = document.into_spec()?;
    let key = spec.key_digest();
    let (lane, submitted_at) = (arrival.lane.clone(), submitted_at(wire, arrival)?);
    if let Some(id) = text(wire, "x-job")? {
        let id = JobId::parse(id).map_err(|error| MessageError::field("x-job", error))?;
        let digest = digest(wire, "x-idem", KeyDigest::from_hex)?;
        let key = digest.or(key).unwrap_or_else(|| derived_key(&[b"job id", id.as_str().as_bytes()]));
        let fingerprint = digest_or(wire, fingerprint)?;
        let payload = Payload::Job { key, spec: Box::new(spec) };
        return repeated(wire, WorkId::Job(id), fingerprint, lane, submitted_at, payload)
            .map(|message| Decoded::Message(Box::new(message)));
    }
    let from_message_id = |id: &str| derived_key(&[b"message id", spec.tenant.as_str().as_bytes(), id.as_bytes()]);
    let named = wire.message_id.as_deref().filter(|id| !id.is_empty());
    let Some(key) = key.or_else(|| named.map(from_message_id)) else {
        return Ok(Decoded::Unnamed(Box::new(UnnamedJob { spec, fingerprint, lane, submitted_at })));
    };
    // Made of the content, so that a second delivery is the same job; another content under the key is another job, which
    // the claim rejects.
    let [a, b, c, d, e, f, g, h, ..] = fingerprint.0;
    let nonce = u64::from_le_bytes([a, b, c, d, e, f, g, h]);
    let copy = named.and_then(|id| CopyId::parse(id).ok());
    Ok(Decoded::Message(Box::new(first_try(spec, key, nonce, fingerprint, lane, submitted_at, copy))))
}

fn decode_chunk(wire: &WireMessage, arrival: &Arrival) -> Result<Message, MessageError> {
    scan(&wire.body, ScanLimits::of_result(arrival.max_body_bytes))
        .map_err(|error| MessageError::field("body", error))?;
    let mut json = serde_json::Deserializer::from_slice(&wire.body);
    let body: ChunkBody = serde_path_to_error::deserialize(&mut json)
        .map_err(|error| MessageError::field(&error.path().to_string(), error.inner()))?;
    let fingerprint = digest(wire, "x-fp", Fingerprint::from_hex)?.ok_or_else(|| missing("x-fp"))?;
    let work = WorkId::Chunk(body.batch, body.chunk);
    repeated(wire, work, fingerprint, arrival.lane.clone(), submitted_at(wire, arrival)?, Payload::Chunk)
}

/// A message that this program published.
fn repeated(
    wire: &WireMessage,
    work: WorkId,
    fingerprint: Fingerprint,
    lane: Lane,
    submitted_at: UnixMillis,
    payload: Payload,
) -> Result<Message, MessageError> {
    let copy = wire.message_id.clone().ok_or_else(|| missing("message_id"))?;
    let copy = CopyId::parse(copy).map_err(|error| MessageError::field("message_id", error))?;
    let attempt = small_number(wire, "x-attempt")?.unwrap_or(1);
    if attempt == 0 {
        return Err(MessageError::field("x-attempt", "must be at least 1"));
    }
    let (tenant, spec_deadline) = match &payload {
        Payload::Job { spec, .. } => (spec.tenant.clone(), spec.deadline),
        Payload::Chunk => {
            let tenant = text(wire, "x-tenant")?.ok_or_else(|| missing("x-tenant"))?;
            (Tenant::parse(tenant).map_err(|error| MessageError::field("x-tenant", error))?, None)
        }
    };
    let infra = small_number(wire, "x-infra")?.unwrap_or(0);
    let deadline = number(wire, "x-deadline")?.map(UnixMillis).or(spec_deadline);
    Ok(Message { copy, work, attempt, infra, tenant, lane, deadline, fingerprint, submitted_at, payload })
}

/// The first try of a job that this program did not publish.
fn first_try(
    spec: JobSpec,
    key: KeyDigest,
    nonce: u64,
    fingerprint: Fingerprint,
    lane: Lane,
    submitted_at: UnixMillis,
    copy: Option<CopyId>,
) -> Message {
    let id = JobId::mint(&key, nonce);
    Message {
        copy: copy.unwrap_or_else(|| CopyId::from(&id)),
        work: WorkId::Job(id),
        attempt: 1,
        infra: 0,
        tenant: spec.tenant.clone(),
        lane,
        deadline: spec.deadline,
        fingerprint,
        submitted_at,
        payload: Payload::Job { key, spec: Box::new(spec) },
    }
}

fn derived_key(parts: &[&[u8]]) -> KeyDigest {
    KeyDigest(Fingerprint::of_parts(parts).0)
}

fn submitted_at(wire: &WireMessage, arrival: &Arrival) -> Result<UnixMillis, MessageError> {
    let of_property = || wire.timestamp_s.map(|seconds| seconds.saturating_mul(1_000));
    Ok(number(wire, "x-submitted")?.or_else(of_property).map_or(arrival.at, UnixMillis))
}

fn digest_or(wire: &WireMessage, computed: Fingerprint) -> Result<Fingerprint, MessageError> {
    Ok(digest(wire, "x-fp", Fingerprint::from_hex)?.unwrap_or(computed))
}

fn digest<T>(wire: &WireMessage, name: &str, from_hex: fn(&str) -> Option<T>) -> Result<Option<T>, MessageError> {
    let Some(hex) = text(wire, name)? else { return Ok(None) };
    from_hex(hex).map(Some).ok_or_else(|| MessageError::field(name, "must be 64 lower-case hex digits"))
}

fn text<'a>(wire: &'a WireMessage, name: &str) -> Result<Option<&'a str>, MessageError> {
    match wire.headers.get(name) {
        None => Ok(None),
        Some(HeaderValue::Text(text)) => Ok(Some(text)),
        Some(HeaderValue::Number(_) | HeaderValue::Other) => Err(MessageError::field(name, "must be a text")),
    }
}

fn number(wire: &WireMessage, name: &str) -> Result<Option<u64>, MessageError> {
    let Some(value) = wire.headers.get(name) else { return Ok(None) };
    let whole = match value {
        HeaderValue::Number(number) => u64::try_from(*number).ok(),
        HeaderValue::Text(_) | HeaderValue::Other => None,
    };
    whole.map(Some).ok_or_else(|| MessageError::field(name, "must be a whole number from 0"))
}

fn small_number(wire: &WireMessage, name: &str) -> Result<Option<u32>, MessageError> {
    let too_great = |_| MessageError::field(name, format!("must be at most {}", u32::MAX));
    number(wire, name)?.map(|number| u32::try_from(number).map_err(too_great)).transpose()
}

fn missing(name: &str) -> MessageError {
    MessageError::field(name, "is missing")
}

#[cfg(test)]
mod tests;
