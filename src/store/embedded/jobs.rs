//! Single jobs: creation under an idempotency key, results, cancelling, retention.

use rusqlite::{Connection, OptionalExtension, named_params};

use super::claims::held_or_unknown;
use super::schema::{int, parsed, uint};
use super::work::Work;
use crate::job::{
    Fingerprint, IdempotencyKey, JobId, JobSpec, KeyDigest, RawJson, State, Tenant, UnixMillis, WorkerId,
};
use crate::ports::{
    Cancellation, Completion, Created, FinishedJob, JobEnd, JobRecord, Lease, NewJob, RunningTry, StoreError,
};

/// Least time that an idempotency record lives, from its creation, in seconds.
const KEY_TTL_S: u64 = 86_400;

/// Rows of one kind that one sweep looks at, so that it does not hold up other writes for long.
const SWEEP_ROWS: u32 = 1_000;

/// Who has an idempotency key.
pub(super) struct KeyHolder {
    pub(super) job: JobId,
    pub(super) fingerprint: Fingerprint,
}

/// Who has this key. A record past its time counts only while its job is open, and is dropped otherwise.
pub(super) fn key_holder(conn: &Connection, key: &KeyDigest, now: UnixMillis) -> Result<Option<KeyHolder>, StoreError> {
    let key = key.to_string();
    let mut select = conn.prepare_cached("SELECT job, fingerprint, expires_at FROM idempotency WHERE key = ?1")?;
    let found = select
        .query_row([&key], |row| {
            let job = parsed(row, "job", |text| JobId::parse(text).ok())?;
            let fingerprint = parsed(row, "fingerprint", Fingerprint::from_hex)?;
            Ok((KeyHolder { job, fingerprint }, UnixMillis(uint(row, "expires_at")?)))
        })
        .optional()?;
    let Some((holder, expires_at)) = found else { return Ok(None) };
    let is_open = |work: Work| !work.state.is_final();
    if expires_at > now || Work::load(conn, holder.job.as_str())?.is_some_and(is_open) {
        return Ok(Some(holder));
    }
    conn.prepare_cached("DELETE FROM idempotency WHERE key = ?1")?.execute([&key])?;
    Ok(None)
}

/// Makes the job's row, and its idempotency record when the key is free.
pub(super) fn insert(
    conn: &Connection,
    id: &JobId,
    key: &KeyDigest,
    fingerprint: &Fingerprint,
    spec: &JobSpec,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let result_ttl_s = spec.result_ttl_s;
    let text = spec.idempotency_key.as_ref().map(IdempotencyKey::as_str);
    conn.prepare_cached(
        "INSERT INTO job (name, key, idempotency_key, tenant, submitted_at, result_ttl_s)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?
    .execute((id.as_str(), key.to_string(), text, spec.tenant.as_str(), int(now.0), int(result_ttl_s)))?;
    let expires_at = now.plus_ms(seconds(KEY_TTL_S.max(result_ttl_s)));
    conn.prepare_cached(
        "INSERT OR IGNORE INTO idempotency (key, job, fingerprint, expires_at) VALUES (?1, ?2, ?3, ?4)",
    )?
    .execute((key.to_string(), id.as_str(), fingerprint.to_string(), int(expires_at.0)))?;
    Ok(())
}

/// See [`crate::ports::Store::create`].
pub(super) fn create(conn: &Connection, job: &NewJob, now: UnixMillis) -> Result<Created, StoreError> {
    let Some(holder) = key_holder(conn, &job.key, now)? else {
        let mut work = Work::queued(job.id.to_string(), job.copy.clone(), job.fingerprint);
        insert(conn, &job.id, &job.key, &job.fingerprint, &job.spec, now)?;
        work.save(conn)?;
        return Ok(Created::New);
    };
    if holder.fingerprint != job.fingerprint {
        return Ok(Created::Conflict { id: holder.job });
    }
    let Some(work) = Work::load(conn, holder.job.as_str())? else {
        return Err(StoreError::Broken(format!("job {} has a key and no record", holder.job)));
    };
    Ok(Created::Exists { id: holder.job, state: work.state, unpublished: work.unpublished() })
}

/// See [`crate::ports::Store::complete`].
pub(super) fn complete(
    conn: &Connection,
    lease: &Lease,
    end: &FinishedJob,
    now: UnixMillis,
) -> Result<Completion, StoreError> {
    if !end.state.is_final() {
        return Err(StoreError::Broken(format!("{} is no final state", end.state.as_str())));
    }
    let mut work = held_or_unknown(conn, lease)?;
    if work.was_left_by(lease, State::is_final) {
        return Ok(Completion::Already);
    }
    if !work.is_held_by(lease) {
        return Ok(Completion::Fenced);
    }
    work.tries.push(end.attempt.clone());
    work.let_go(end.state);
    work.save(conn)?;
    finish(conn, &work.name, Some(end), now)?;
    Ok(Completion::Recorded)
}

/// Starts the time that a final job is kept, with its result if there is one.
pub(super) fn finish(
    conn: &Connection,
    name: &str,
    end: Option<&FinishedJob>,
    now: UnixMillis,
) -> Result<(), StoreError> {
    let mut update = conn.prepare_cached(
        "UPDATE job SET outcome = :outcome, document = :document, expires_at = :now + 1000 * result_ttl_s
         WHERE name = :name RETURNING key, expires_at",
    )?;
    let values = named_params! {
        ":name": name,
        ":outcome": end.and_then(|end| end.outcome).map(|kind| kind.as_str()),
        ":document": end.map(|end| end.document.get()),
        ":now": int(now.0),
    };
    let (key, expires_at): (String, i64) = update
        .query_row(values, |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?
        .ok_or_else(|| StoreError::Unknown(format!("job {name}")))?;
    conn.prepare_cached("UPDATE idempotency SET expires_at = max(expires_at, ?3) WHERE key = ?1 AND job = ?2")?
        .execute((key, name, expires_at))?;
    Ok(())
}

/// See [`crate::ports::Store::cancel`].
pub(super) fn cancel(conn: &Connection, id: &JobId, now: UnixMillis) -> Result<Cancellation, StoreError> {
    let Some(mut work) = Work::load(conn, id.as_str())? else { return Ok(Cancellation::Unknown) };
    if work.state.is_final() {
        return Ok(Cancellation::Final(work.state));
    }
    if work.lease_is_live(now) {
        work.cancel_requested = true;
        work.save(conn)?;
        return Ok(Cancellation::Requested);
    }
    work.end_without_result(State::Cancelled, now);
    work.save(conn)?;
    finish(conn, &work.name, None, now)?;
    Ok(Cancellation::Cancelled)
}

/// Lets the id of a duplicate read as the job that it duplicates.
pub(super) fn note_duplicate(conn: &Connection, name: &str, original: &JobId) -> Result<(), StoreError> {
    let mut insert = conn.prepare_cached("INSERT OR REPLACE INTO duplicate (name, original) VALUES (?1, ?2)")?;
    insert.execute((name, original.as_str()))?;
    Ok(())
}

/// See [`crate::ports::Store::job`].
pub(super) fn read(conn: &Connection, id: &JobId, now: UnixMillis) -> Result<Option<JobRecord>, StoreError> {
    let mut select = conn.prepare_cached("SELECT original FROM duplicate WHERE name = ?1")?;
    let original =
        select.query_row([id.as_str()], |row| parsed(row, "original", |text| JobId::parse(text).ok())).optional()?;
    let id = original.unwrap_or_else(|| id.clone());
    let mut select = conn.prepare_cached(
        "SELECT idempotency_key, tenant, submitted_at, expires_at, result_ttl_s, document FROM job
         WHERE name = ?1 AND (expires_at IS NULL OR expires_at > ?2)",
    )?;
    let found = select
        .query_row((id.as_str(), int(now.0)), |row| {
            let tenant = parsed(row, "tenant", |text| Tenant::parse(text).ok())?;
            let submitted_at = UnixMillis(uint(row, "submitted_at")?);
            let document: Option<String> = row.get("document")?;
            let key: Option<String> = row.get("idempotency_key")?;
            let expires_at: Option<i64> = row.get("expires_at")?;
            let ttl_ms = seconds(uint(row, "result_ttl_s")?);
            let ended = expires_at
                .and_then(|ms| u64::try_from(ms).ok())
                .map(|ms| JobEnd { at: UnixMillis(ms.saturating_sub(ttl_ms)), expires_at: UnixMillis(ms) });
            Ok((key.and_then(|text| IdempotencyKey::parse(text).ok()), tenant, submitted_at, ended, document))
        })
        .optional()?;
    let Some((idempotency_key, tenant, submitted_at, ended, document)) = found else { return Ok(None) };
    let Some(work) = Work::load(conn, id.as_str())? else { return Ok(None) };
    let document = document.map(RawJson::parse).transpose();
    let document = document.map_err(|error| StoreError::Broken(format!("result of job {id}: {error}")))?;
    let running = work.owner.filter(|_| work.state == State::Running).and_then(|owner| WorkerId::parse(owner).ok());
    let running = running.map(|worker| RunningTry { worker, started_at: work.claimed_at });
    let (state, version, attempt, attempts) = (work.state, work.version, work.attempt, work.tries);
    Ok(Some(JobRecord {
        id,
        idempotency_key,
        tenant,
        state,
        version,
        attempt,
        attempts,
        submitted_at,
        running,
        ended,
        document,
    }))
}

/// Drops what is past its time: first results, then, when the idempotency record is gone too, the jobs. Until
/// then the bare record stays, so that a late copy of the message is recognised.
pub(super) fn sweep(conn: &Connection, now: UnixMillis) -> Result<u64, StoreError> {
    let now = int(now.0);
    let results = conn
        .prepare_cached(
            "UPDATE job SET document = NULL WHERE name IN
                 (SELECT name FROM job WHERE expires_at <= ?1 AND document IS NOT NULL LIMIT ?2)",
        )?
        .execute((now, SWEEP_ROWS))?;
    conn.prepare_cached(
        "DELETE FROM idempotency WHERE key IN
             (SELECT idempotency.key FROM idempotency JOIN job ON job.name = idempotency.job
              WHERE idempotency.expires_at <= ?1 AND job.expires_at <= ?1 LIMIT ?2)",
    )?
    .execute((now, SWEEP_ROWS))?;
    let gone: Vec<String> = conn
        .prepare_cached(
            "SELECT name FROM job WHERE expires_at <= ?1
                 AND NOT EXISTS (SELECT 1 FROM idempotency WHERE idempotency.key = job.key AND job = job.name)
             LIMIT ?2",
        )?
        .query_map((now, SWEEP_ROWS), |row| row.get(0))?
        .collect::<Result<_, _>>()?;
    for name in &gone {
        conn.prepare_cached("DELETE FROM duplicate WHERE original = ?1")?.execute([name])?;
        conn.prepare_cached("DELETE FROM work WHERE name = ?1")?.execute([name])?;
        conn.prepare_cached("DELETE FROM job WHERE name = ?1")?.execute([name])?;
    }
    Ok((results + gone.len()) as u64)
}

const fn seconds(s: u64) -> u64 {
    s.saturating_mul(1_000)
}
