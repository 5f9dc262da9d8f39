//! Single jobs: creation under an idempotency key, results, cancelling.

use redis::cmd;

use super::super::change::Change;
use super::adapter::RedisStore;
use super::answer::{Answer, Call, to_json};
use super::claims::completion_of;
use super::scripts::SCRIPTS;
use crate::job::{
    Fault, FaultKind, FenceToken, IdempotencyKey, JobId, JobSpec, RawJson, State, Tenant, UnixMillis, WorkId, WorkerId,
};
use crate::ports::{
    Cancellation, Completion, Created, FinishedJob, JobEnd, JobRecord, Lease, NewJob, RunningTry, StoreError,
};

/// Least time that an idempotency record lives, from its creation, in seconds.
const KEY_TTL_S: u64 = 86_400;

/// Longest time that anything is kept, in seconds: ten years. The server refuses times beyond its range.
pub(super) const LONGEST_TTL_S: u64 = 10 * 366 * 86_400;

/// Documents up to this size travel with the script that commits them; larger ones are written before it.
const INLINE_BYTES: usize = 4_096;

/// How long a document that was written aside waits for its commit.
const ASIDE_MS: u64 = 600_000;

/// Adds what a record is made from: whose it is, and how long a result and its key are kept.
pub(super) fn with_spec(call: Call, spec: &JobSpec) -> Call {
    let result_ttl_s = spec.result_ttl_s.clamp(1, LONGEST_TTL_S);
    let call = match &spec.idempotency_key {
        Some(key) => call.with("idem", key.as_str()),
        None => call,
    };
    call.with("tenant", spec.tenant.as_str())
        .with_number("result_ttl_s", result_ttl_s)
        .with_number("key_ttl_ms", result_ttl_s.max(KEY_TTL_S) * 1_000)
}

/// What is recorded of a job whose result does not fit.
pub(super) fn store_full() -> Fault {
    Fault {
        kind: FaultKind::StoreFull,
        stage: None,
        message: "the store had no room for the result, which is lost".to_owned(),
    }
}

impl RedisStore {
    /// See [`crate::ports::Store::create`].
    pub(super) async fn create_job(&self, job: &NewJob) -> Result<Created, StoreError> {
        let call = self.call_on(&SCRIPTS.create_job, &WorkId::Job(job.id.clone()));
        let call = with_spec(call, &job.spec)
            .with("key", job.key.to_string())
            .with("fp", job.fingerprint.to_string())
            .with("copy", job.copy.as_str());
        let answer = self.scripts.run(&call).await?;
        Ok(match answer.word() {
            "NEW" => Created::New,
            "EXISTS" => {
                Created::Exists { id: answer.job_id(1)?, state: answer.state(2)?, unpublished: answer.copy_if_any(3)? }
            }
            "CONFLICT" => Created::Conflict { id: answer.job_id(1)? },
            _ => return Err(answer.unexpected()),
        })
    }

    /// See [`crate::ports::Store::complete`].
    pub(super) async fn complete_job(&self, lease: &Lease, end: &FinishedJob) -> Result<Completion, StoreError> {
        if !end.state.is_final() {
            return Err(StoreError::Broken(format!("{} is no final state", end.state.as_str())));
        }
        let WorkId::Job(id) = &lease.work else { return Err(StoreError::Unknown(format!("job {}", lease.work))) };
        let completion = match self.complete_with_document(id, lease, end).await {
            Err(StoreError::Full(reason)) => {
                tracing::warn!(job = %id, reason, "no room for a result; only its end is recorded");
                self.complete_without_document(id, lease, end).await?
            }
            answer => answer?,
        };
        if completion != Completion::Fenced {
            self.note_end(&lease.work, None);
        }
        Ok(completion)
    }

    async fn complete_with_document(
        &self,
        id: &JobId,
        lease: &Lease,
        end: &FinishedJob,
    ) -> Result<Completion, StoreError> {
        let text = end.document.get();
        let key = self.keys.document(id, lease.token);
        let is_aside = text.len() > INLINE_BYTES;
        if is_aside {
            self.write_blob(&key, text, ASIDE_MS).await?;
        }
        let call = self.completion_call(&SCRIPTS.complete_job, id, lease, end, &to_json(&end.attempt)?);
        let call = if is_aside { call.with("is_aside", "1") } else { call.with("doc", text) };
        let answer = self.scripts.run(&call).await?;
        if answer.word() == "GONE" {
            return Err(StoreError::Unavailable("the document expired before its commit".to_owned()));
        }
        let completion = completion_of(&answer, &lease.work)?;
        if completion == Completion::Fenced && is_aside {
            self.drop_blob(&key).await;
        }
        Ok(completion)
    }

    /// Records the end by a script that may run in a full store, as it hardly grows it.
    async fn complete_without_document(
        &self,
        id: &JobId,
        lease: &Lease,
        end: &FinishedJob,
    ) -> Result<Completion, StoreError> {
        // A success that nobody can read is none.
        let state = if end.state == State::Succeeded { State::Failed } else { end.state };
        let mut end = FinishedJob { state, ..end.clone() };
        end.attempt.fault = Some(store_full());
        let call = self.completion_call(&SCRIPTS.complete_job_min, id, lease, &end, &to_json(&end.attempt)?);
        let answer = self.scripts.run(&call).await?;
        Ok(match completion_of(&answer, &lease.work)? {
            Completion::Recorded => Completion::WithoutResult,
            completion @ (Completion::Already | Completion::Fenced | Completion::WithoutResult) => completion,
        })
    }

    fn completion_call(
        &self,
        script: &'static redis::Script,
        id: &JobId,
        lease: &Lease,
        end: &FinishedJob,
        attempt: &str,
    ) -> Call {
        let mut keys = self.keys.of_work(&lease.work);
        keys.push(self.keys.document(id, lease.token));
        self.call(script, &keys)
            .with("work", id.as_str())
            .with_number("open_ttl_ms", self.open_ttl_ms())
            .with_number("token", lease.token.0)
            .with("channel", self.keys.changes())
            .with("change", Change::Job(id.clone()).to_string())
            .with("state", end.state.as_str())
            .with("outcome", end.outcome.map_or("", |kind| kind.as_str()))
            .with("try", format!("{attempt}\n"))
    }

    /// See [`crate::ports::Store::cancel`].
    pub(super) async fn cancel_job(&self, id: &JobId) -> Result<Cancellation, StoreError> {
        let work = WorkId::Job(id.clone());
        let answer = self.scripts.run(&self.call_on(&SCRIPTS.cancel_job, &work)).await?;
        Ok(match answer.word() {
            "CANCELLED" => {
                self.note_end(&work, Some(Change::Job(id.clone())));
                Cancellation::Cancelled
            }
            "REQUESTED" => {
                self.note_change(&Change::JobStop(id.clone()));
                Cancellation::Requested
            }
            "FINAL" => Cancellation::Final(answer.state(1)?),
            "UNKNOWN" => Cancellation::Unknown,
            _ => return Err(answer.unexpected()),
        })
    }

    /// See [`crate::ports::Store::job`].
    pub(super) async fn read_job(&self, id: &JobId) -> Result<Option<JobRecord>, StoreError> {
        let mut id = id.clone();
        let mut answer = self.read_record(&id).await?;
        if answer.word() == "DUPLICATE" {
            id = answer.job_id(1)?;
            answer = self.read_record(&id).await?;
        }
        // A document that is gone is past its time, and then the record says so too when it is read again.
        for _ in 0..2 {
            let Some((record, document)) = record_of(&id, &answer)? else { return Ok(None) };
            let Some(token) = document else { return Ok(Some(record)) };
            let found: Option<String> = self.blobs.command(cmd("GET").arg(self.keys.document(&id, token))).await?;
            if let Some(text) = found {
                let parsed = RawJson::parse(text);
                let parsed = parsed.map_err(|error| StoreError::Broken(format!("result of job {id}: {error}")))?;
                return Ok(Some(JobRecord { document: Some(parsed), ..record }));
            }
            answer = self.read_record(&id).await?;
        }
        Err(StoreError::Broken(format!("result of job {id} is missing")))
    }

    async fn read_record(&self, id: &JobId) -> Result<Answer, StoreError> {
        self.scripts.run(&self.call(&SCRIPTS.read_job, &[self.keys.job(id)])).await
    }

    /// Writes a blob under a name that its content has for good: what is there stays.
    pub(super) async fn write_blob(&self, key: &str, text: &str, ttl_ms: u64) -> Result<(), StoreError> {
        let mut set = cmd("SET");
        set.arg(key).arg(text).arg("PX").arg(ttl_ms).arg("NX");
        let _written: Option<String> = self.blobs.command(&set).await?;
        Ok(())
    }

    /// Removes a blob that nobody points to; if that fails, it expires.
    pub(super) async fn drop_blob(&self, key: &str) {
        if let Err(error) = self.blobs.command::<u64>(cmd("UNLINK").arg(key)).await {
            tracing::debug!(%error, key, "a blob was left to expire");
        }
    }
}

fn running_of(answer: &Answer) -> Result<Option<RunningTry>, StoreError> {
    if answer.text(9).is_empty() {
        return Ok(None);
    }
    let worker = WorkerId::parse(answer.text(9)).map_err(|_| answer.unexpected())?;
    Ok(Some(RunningTry { worker, started_at: UnixMillis(answer.number(10)?) }))
}

fn ended_of(answer: &Answer) -> Result<Option<JobEnd>, StoreError> {
    if answer.text(11).is_empty() {
        return Ok(None);
    }
    Ok(Some(JobEnd { at: UnixMillis(answer.number(11)?), expires_at: UnixMillis(answer.number(12)?) }))
}

/// A job as `read_job.lua` answers it, and the token under which its document was written, if it has one.
fn record_of(id: &JobId, answer: &Answer) -> Result<Option<(JobRecord, Option<FenceToken>)>, StoreError> {
    match answer.word() {
        "JOB" => {}
        "NONE" | "DUPLICATE" => return Ok(None),
        _ => return Err(answer.unexpected()),
    }
    let key = Some(answer.text(8)).filter(|text| !text.is_empty()).map(IdempotencyKey::parse);
    let record = JobRecord {
        id: id.clone(),
        idempotency_key: key.transpose().map_err(|_| answer.unexpected())?,
        tenant: Tenant::parse(answer.text(7)).map_err(|_| answer.unexpected())?,
        state: answer.state(1)?,
        version: answer.number(2)?,
        attempt: answer.number(3)?,
        attempts: answer.tries(4)?,
        submitted_at: UnixMillis(answer.number(5)?),
        running: running_of(answer)?,
        ended: ended_of(answer)?,
        document: None,
    };
    let token = if answer.text(6).is_empty() { None } else { Some(FenceToken(answer.number(6)?)) };
    Ok(Some((record, token)))
}
