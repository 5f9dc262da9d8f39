//! Batches and their chunks.

use rusqlite::{Connection, OptionalExtension, Row, named_params};

use super::super::unrun;
use super::adapter::Change;
use super::claims::held_or_unknown;
use super::schema::{int, json, parsed, to_json, uint};
use super::work::Work;
use crate::job::{BatchId, BatchState, ChunkNo, CopyId, Fingerprint, OutcomeCounts, Program, State, Tenant, WorkId};
use crate::ports::{BatchProgress, BatchSpec, ChunkOutcome, ChunkRecord, Completion, CreatedBatch, Lease, StoreError};

/// One row of `batch`, without its function.
struct Batch {
    id: BatchId,
    fingerprint: Fingerprint,
    tolerated: Option<u64>,
    progress: BatchProgress,
}

impl Batch {
    fn load(conn: &Connection, id: &BatchId) -> Result<Option<Self>, StoreError> {
        let mut select = conn.prepare_cached(
            "SELECT tenant, fingerprint, tolerated, state, sealed, staged_items, staged_chunks, done_chunks, counts
             FROM batch WHERE id = ?1",
        )?;
        Ok(select.query_row([id.as_str()], |row| Self::from_row(id, row)).optional()?)
    }

    fn known(conn: &Connection, id: &BatchId) -> Result<Self, StoreError> {
        Self::load(conn, id)?.ok_or_else(|| unknown(id))
    }

    fn from_row(id: &BatchId, row: &Row<'_>) -> rusqlite::Result<Self> {
        let tolerated: Option<i64> = row.get("tolerated")?;
        Ok(Self {
            id: id.clone(),
            fingerprint: parsed(row, "fingerprint", Fingerprint::from_hex)?,
            tolerated: tolerated.map(|count| u64::try_from(count).unwrap_or(0)),
            progress: BatchProgress {
                tenant: parsed(row, "tenant", |text| Tenant::parse(text).ok())?,
                state: parsed(row, "state", BatchState::from_name)?,
                staged_items: uint(row, "staged_items")?,
                staged_chunks: row.get("staged_chunks")?,
                sealed: row.get("sealed")?,
                done_chunks: row.get("done_chunks")?,
                counts: json(row, "counts")?,
                running_chunks: 0,
            },
        })
    }

    fn end(&mut self, change: &Change<'_>, state: BatchState) {
        self.progress.state = state;
        change.ends_batch(&self.id, state);
    }

    /// Writes what changes, after ending the batch when that is due. A final state stays.
    fn save(mut self, change: &Change<'_>) -> Result<(), StoreError> {
        let progress = &self.progress;
        if progress.state == BatchState::Running {
            let is_all_done = progress.sealed && progress.done_chunks == progress.staged_chunks;
            if self.tolerated.is_some_and(|tolerated| progress.counts.failed() > tolerated) {
                self.end(change, BatchState::FailedTolerance);
            } else if is_all_done {
                self.end(change, BatchState::Completed);
            }
        }
        let progress = &self.progress;
        let mut update = change.prepare_cached(
            "UPDATE batch SET state = :state, sealed = :sealed, staged_items = :staged_items,
                 staged_chunks = :staged_chunks, done_chunks = :done_chunks, counts = :counts WHERE id = :id",
        )?;
        update.execute(named_params! {
            ":id": self.id.as_str(),
            ":state": progress.state.as_str(),
            ":sealed": progress.sealed,
            ":staged_items": int(progress.staged_items),
            ":staged_chunks": progress.staged_chunks,
            ":done_chunks": progress.done_chunks,
            ":counts": to_json(&progress.counts)?,
        })?;
        Ok(())
    }
}

fn unknown(id: &BatchId) -> StoreError {
    StoreError::Unknown(format!("batch {id}"))
}

fn name_of(batch: &BatchId, chunk: ChunkNo) -> String {
    WorkId::Chunk(batch.clone(), chunk).to_string()
}

/// Whether no further chunk of the batch is to be run. A completed batch has none left.
pub(super) fn is_stopped(conn: &Connection, id: &BatchId) -> Result<bool, StoreError> {
    Ok(Batch::known(conn, id)?.progress.state.is_stopped())
}

/// See [`crate::ports::Store::create_batch`].
pub(super) fn create(conn: &Connection, spec: &BatchSpec) -> Result<CreatedBatch, StoreError> {
    if let Some(found) = Batch::load(conn, &spec.id)? {
        let is_same = found.fingerprint == spec.fingerprint;
        let staged = found.progress.staged_chunks;
        return Ok(if is_same { CreatedBatch::Exists { staged } } else { CreatedBatch::Conflict });
    }
    let mut insert = conn.prepare_cached(
        "INSERT INTO batch (id, tenant, fingerprint, program, tolerated, state, sealed, staged_items, staged_chunks,
             done_chunks, counts)
         VALUES (:id, :tenant, :fingerprint, :program, :tolerated, :state, 0, 0, 0, 0, :counts)",
    )?;
    insert.execute(named_params! {
        ":id": spec.id.as_str(),
        ":tenant": spec.tenant.as_str(),
        ":fingerprint": spec.fingerprint.to_string(),
        ":program": to_json(&spec.program)?,
        ":tolerated": spec.tolerated_failures.map(int),
        ":state": BatchState::Running.as_str(),
        ":counts": to_json(&OutcomeCounts::default())?,
    })?;
    Ok(CreatedBatch::New)
}

/// See [`crate::ports::Store::batch_program`].
pub(super) fn program(conn: &Connection, id: &BatchId) -> Result<Program, StoreError> {
    let mut select = conn.prepare_cached("SELECT program FROM batch WHERE id = ?1")?;
    select.query_row([id.as_str()], |row| json(row, "program")).optional()?.ok_or_else(|| unknown(id))
}

/// See [`crate::ports::Store::stage_chunk`].
pub(super) fn stage(conn: &Change<'_>, id: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> Result<(), StoreError> {
    let mut batch = Batch::known(conn, id)?;
    let staged = batch.progress.staged_chunks;
    if chunk.chunk.0 < staged {
        return Ok(());
    }
    if chunk.chunk.0 > staged || batch.progress.sealed {
        let sealed = if batch.progress.sealed { ", and it is sealed" } else { "" };
        let text = format!("batch {id} has {staged} chunks{sealed}; chunk {} cannot follow", chunk.chunk);
        return Err(StoreError::Broken(text));
    }
    let name = name_of(id, chunk.chunk);
    let mut insert = conn.prepare_cached(
        "INSERT INTO chunk (name, batch, chunk, first_item, count, items) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    insert.execute((&name, id.as_str(), chunk.chunk.0, int(chunk.first_item), chunk.count, &chunk.items))?;
    Work::queued(name, copy.clone(), batch.fingerprint).save(conn)?;
    batch.progress.staged_chunks += 1;
    batch.progress.staged_items += u64::from(chunk.count);
    batch.save(conn)
}

/// See [`crate::ports::Store::seal_batch`].
pub(super) fn seal(conn: &Change<'_>, id: &BatchId) -> Result<(), StoreError> {
    let mut batch = Batch::known(conn, id)?;
    batch.progress.sealed = true;
    batch.save(conn)
}

/// See [`crate::ports::Store::cancel_batch`].
pub(super) fn cancel(conn: &Change<'_>, id: &BatchId) -> Result<(), StoreError> {
    let mut batch = Batch::known(conn, id)?;
    if !batch.progress.state.is_final() {
        batch.end(conn, BatchState::Cancelled);
        batch.save(conn)?;
    }
    Ok(())
}

/// See [`crate::ports::Store::unpublished_chunks`]. A chunk that somebody claimed is looked after by the ack
/// rule, as in [`Work::unpublished`].
pub(super) fn unpublished(conn: &Connection, id: &BatchId, limit: u32) -> Result<Vec<(ChunkNo, CopyId)>, StoreError> {
    if Batch::known(conn, id)?.progress.state.is_final() {
        return Ok(Vec::new());
    }
    let mut select = conn.prepare_cached(
        "SELECT chunk.chunk AS chunk, work.copy AS copy FROM chunk JOIN work ON work.name = chunk.name
         WHERE chunk.batch = ?1 AND work.published = 0 AND work.token = 0 AND work.state = ?2
         ORDER BY chunk.chunk LIMIT ?3",
    )?;
    let rows = select.query_map((id.as_str(), State::Queued.as_str(), limit), |row| {
        Ok((ChunkNo(row.get("chunk")?), parsed(row, "copy", |text| CopyId::parse(text).ok())?))
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// See [`crate::ports::Store::chunk_items`].
pub(super) fn items(conn: &Connection, id: &BatchId, chunk: ChunkNo) -> Result<ChunkRecord, StoreError> {
    let name = name_of(id, chunk);
    let mut select =
        conn.prepare_cached("SELECT first_item, count, items FROM chunk WHERE name = ?1 AND items IS NOT NULL")?;
    select
        .query_row([&name], |row| {
            let (first_item, count) = (uint(row, "first_item")?, row.get("count")?);
            Ok(ChunkRecord { chunk, first_item, items: row.get("items")?, count })
        })
        .optional()?
        .ok_or_else(|| StoreError::Unknown(format!("items of {name}")))
}

/// See [`crate::ports::Store::complete_chunk`].
pub(super) fn complete(conn: &Change<'_>, lease: &Lease, outcome: &ChunkOutcome) -> Result<Completion, StoreError> {
    let mut work = held_or_unknown(conn, lease)?;
    let WorkId::Chunk(batch, _) = &lease.work else { return Err(StoreError::Unknown(format!("chunk {}", work.name))) };
    if work.was_left_by(lease, State::is_final) {
        return Ok(Completion::Already);
    }
    if !work.is_held_by(lease) {
        return Ok(Completion::Fenced);
    }
    work.let_go(outcome.state());
    work.save(conn)?;
    keep_results(conn, batch, &work.name, outcome)?;
    Ok(Completion::Recorded)
}

/// Gives a chunk that will not run its end: its items get a result each, so that the batch still ends. Of a
/// stopped batch they get none.
pub(super) fn finish_without_run(
    conn: &Change<'_>,
    id: &BatchId,
    chunk: ChunkNo,
    state: State,
) -> Result<(), StoreError> {
    if state == State::Cancelled {
        let mut update = conn.prepare_cached("UPDATE chunk SET items = NULL WHERE name = ?1")?;
        update.execute([name_of(id, chunk)])?;
        return Ok(());
    }
    let record = items(conn, id, chunk)?;
    let fault = (state == State::DeadLettered).then(unrun::worker_lost);
    let outcome = unrun::chunk_outcome(chunk, record.first_item, record.count, fault)?;
    keep_results(conn, id, &name_of(id, chunk), &outcome)
}

fn keep_results(conn: &Change<'_>, id: &BatchId, name: &str, outcome: &ChunkOutcome) -> Result<(), StoreError> {
    let fault = outcome.fault.as_ref().map(to_json).transpose()?;
    conn.prepare_cached("UPDATE chunk SET results = ?2, fault = ?3, items = NULL WHERE name = ?1")?.execute((
        name,
        &outcome.results,
        fault,
    ))?;
    let mut batch = Batch::known(conn, id)?;
    batch.progress.done_chunks += 1;
    batch.progress.counts.merge(&outcome.counts);
    batch.save(conn)
}

/// See [`crate::ports::Store::batch`].
pub(super) fn progress(conn: &Connection, id: &BatchId) -> Result<Option<BatchProgress>, StoreError> {
    let Some(Batch { mut progress, .. }) = Batch::load(conn, id)? else { return Ok(None) };
    if progress.state.is_stopped() {
        let mut count = conn.prepare_cached(
            "SELECT count(*) FROM chunk JOIN work ON work.name = chunk.name WHERE chunk.batch = ?1 AND work.state = ?2",
        )?;
        progress.running_chunks = count.query_row((id.as_str(), State::Running.as_str()), |row| row.get(0))?;
    }
    Ok(Some(progress))
}

/// See [`crate::ports::Store::chunk_results`].
pub(super) fn results(conn: &Connection, id: &BatchId, chunk: ChunkNo) -> Result<Option<String>, StoreError> {
    let mut select = conn.prepare_cached("SELECT results FROM chunk WHERE name = ?1")?;
    Ok(select.query_row([name_of(id, chunk)], |row| row.get(0)).optional()?.flatten())
}
