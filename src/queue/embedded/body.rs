//! A message as JSON text.

use serde::{Deserialize, Serialize};

use crate::job::{BatchId, ChunkNo, CopyId, Fingerprint, JobId, JobSpec, KeyDigest, Lane, Tenant, UnixMillis, WorkId};
use crate::ports::{Message, Payload, QueueError};

const VERSION: u32 = 1;

#[derive(Deserialize)]
struct Versioned {
    v: u32,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Body {
    v: u32,
    copy: CopyId,
    work: Work,
    attempt: u32,
    infra: u32,
    tenant: Tenant,
    lane: Lane,
    deadline: Option<UnixMillis>,
    fingerprint: String,
    submitted_at: UnixMillis,
    job: Option<Job>,
}

// Enums stay externally tagged: serde buffers the other forms, and a buffered RawJson is not raw any more.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
enum Work {
    Job(JobId),
    Chunk { batch: BatchId, chunk: ChunkNo },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Job {
    key: String,
    spec: Box<JobSpec>,
}

/// Writes a message.
pub(super) fn encode(message: &Message) -> Result<String, QueueError> {
    let body = Body {
        v: VERSION,
        copy: message.copy.clone(),
        work: match &message.work {
            WorkId::Job(id) => Work::Job(id.clone()),
            WorkId::Chunk(batch, chunk) => Work::Chunk { batch: batch.clone(), chunk: *chunk },
        },
        attempt: message.attempt,
        infra: message.infra,
        tenant: message.tenant.clone(),
        lane: message.lane.clone(),
        deadline: message.deadline,
        fingerprint: message.fingerprint.to_string(),
        submitted_at: message.submitted_at,
        job: match &message.payload {
            Payload::Job { key, spec } => Some(Job { key: key.to_string(), spec: spec.clone() }),
            Payload::Chunk => None,
        },
    };
    serde_json::to_string(&body).map_err(|error| QueueError::Broken(error.to_string()))
}

/// Reads a message; the error is a reason for people.
pub(super) fn decode(text: &str) -> Result<Message, String> {
    let syntax = |error: serde_json::Error| error.to_string();
    let found = serde_json::from_str::<Versioned>(text).map_err(syntax)?.v;
    if found != VERSION {
        return Err(format!("v is {found}; this version reads {VERSION}"));
    }
    let body: Body = serde_json::from_str(text).map_err(syntax)?;
    let fingerprint = Fingerprint::from_hex(&body.fingerprint).ok_or("fingerprint is not 64 hex digits")?;
    let (work, payload) = match (body.work, body.job) {
        (Work::Job(id), Some(job)) => {
            let key = KeyDigest::from_hex(&job.key).ok_or("job.key is not 64 hex digits")?;
            (WorkId::Job(id), Payload::Job { key, spec: job.spec })
        }
        (Work::Chunk { batch, chunk }, None) => (WorkId::Chunk(batch, chunk), Payload::Chunk),
        (Work::Job(_), None) => return Err("job is missing".to_owned()),
        (Work::Chunk { .. }, Some(_)) => return Err("job does not belong in the message of a chunk".to_owned()),
    };
    Ok(Message {
        copy: body.copy,
        work,
        attempt: body.attempt,
        infra: body.infra,
        tenant: body.tenant,
        lane: body.lane,
        deadline: body.deadline,
        fingerprint,
        submitted_at: body.submitted_at,
        payload,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::job::{IdempotencyKey, Language, Program, RawJson, RetryPolicy};

    fn message(work: WorkId, payload: Payload) -> Message {
        Message {
            copy: CopyId::parse("c1").unwrap(),
            work,
            attempt: 2,
            infra: 1,
            tenant: Tenant::default_tenant(),
            lane: Lane::batch(),
            deadline: Some(UnixMillis(9)),
            fingerprint: Fingerprint([7; 32]),
            submitted_at: UnixMillis(5),
            payload,
        }
    }

    fn job() -> Message {
        let spec = JobSpec {
            idempotency_key: IdempotencyKey::parse("k 1").ok(),
            tenant: Tenant::default_tenant(),
            lane: Lane::batch(),
            program: Program::new(Language::Python, "def main(): return {}"),
            inputs: RawJson::parse(r#"{"n": 18446744073709551616, "n": 1.0}"#.to_owned()).unwrap(),
            retry: RetryPolicy::default(),
            deadline: None,
            result_ttl_s: 60,
        };
        let payload = Payload::Job { key: KeyDigest([1; 32]), spec: Box::new(spec) };
        message(WorkId::Job(JobId::parse("j-1").unwrap()), payload)
    }

    #[test]
    fn what_is_written_is_read() {
        let chunk = message(WorkId::Chunk(BatchId::parse("b").unwrap(), ChunkNo(3)), Payload::Chunk);
        for message in [job(), chunk] {
            assert_eq!(decode(&encode(&message).unwrap()), Ok(message));
        }
    }

    #[test]
    fn what_does_not_fit_is_named() {
        let good = encode(&job()).unwrap();
        let cases = [
            ("{".to_owned(), "EOF"),
            ("[]".to_owned(), "invalid"),
            (good.replace("\"v\":1", "\"v\":2"), "v is 2; this version reads 1"),
            (good.replace("\"copy\":\"c1\"", "\"copy\":\"c 1\""), "copy id must not contain ' '"),
            (good.replace("\"attempt\":2", "\"attempt\":-2"), "-2"),
            (good.replace("\"infra\":1", "\"infra\":1,\"extra\":1"), "unknown field `extra`"),
            (good.replace(&"07".repeat(32), "07"), "fingerprint is not 64 hex digits"),
        ];
        for (text, part) in cases {
            let reason = decode(&text).unwrap_err();
            assert!(reason.contains(part), "{reason}");
        }
    }
}
