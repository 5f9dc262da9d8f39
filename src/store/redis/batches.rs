//! Batches.

use redis::{Pipeline, cmd};

use super::super::change::Change;
use super::adapter::RedisStore;
use super::answer::{Answer, from_json, to_json};
use super::scripts::SCRIPTS;
use crate::job::{BatchId, BatchState, ChunkNo, CopyId, OutcomeCounts, OutcomeKind, Program, Tenant};
use crate::ports::{BatchProgress, BatchSpec, CreatedBatch, StoreError};

/// What items that a fault of ours ended are counted as.
pub(super) const FAULTS: &str = "faults";

impl RedisStore {
    /// See [`crate::ports::Store::create_batch`].
    pub(super) async fn make_batch(&self, spec: &BatchSpec) -> Result<CreatedBatch, StoreError> {
        let call = self
            .call(&SCRIPTS.create_batch, &[self.keys.batch(&spec.id)])
            .with_number("batch_ttl_ms", self.batch_ttl_ms())
            .with("fp", spec.fingerprint.to_string())
            .with("tenant", spec.tenant.as_str())
            .with("program", to_json(&spec.program)?)
            .with("tol", spec.tolerated_failures.map(|count| count.to_string()).unwrap_or_default());
        let answer = self.scripts.run(&call).await?;
        Ok(match answer.word() {
            "NEW" => CreatedBatch::New,
            "EXISTS" => CreatedBatch::Exists { staged: answer.number(1)? },
            "CONFLICT" => CreatedBatch::Conflict,
            _ => return Err(answer.unexpected()),
        })
    }

    /// See [`crate::ports::Store::batch_program`].
    pub(super) async fn read_program(&self, id: &BatchId) -> Result<Program, StoreError> {
        let found: Option<String> = self.blobs.command(cmd("HGET").arg(self.keys.batch(id)).arg("program")).await?;
        from_json(&found.ok_or_else(|| unknown(id))?)
    }

    /// See [`crate::ports::Store::seal_batch`].
    pub(super) async fn end_staging(&self, id: &BatchId) -> Result<(), StoreError> {
        self.change_batch(&SCRIPTS.seal_batch, id).await
    }

    /// See [`crate::ports::Store::cancel_batch`].
    pub(super) async fn stop_batch(&self, id: &BatchId) -> Result<(), StoreError> {
        self.change_batch(&SCRIPTS.cancel_batch, id).await
    }

    async fn change_batch(&self, script: &'static redis::Script, id: &BatchId) -> Result<(), StoreError> {
        let call = self.call(script, &[self.keys.batch(id)]).with_number("batch_ttl_ms", self.batch_ttl_ms());
        let answer = self.scripts.run(&call).await?;
        ok_of(&answer, id)?;
        self.note_change(&self.batch_change(id, &answer, 1));
        Ok(())
    }

    /// What a step has changed of its batch. An end of the batch is counted, and is told at this place of the answer of the
    /// step that has brought it about, once.
    pub(super) fn batch_change(&self, id: &BatchId, answer: &Answer, at: usize) -> Change {
        let Some(state) = BatchState::from_name(answer.text(at)) else { return Change::Batch(id.clone()) };
        self.telemetry().batch_ended(state);
        match state {
            BatchState::Running | BatchState::Completed => Change::Batch(id.clone()),
            BatchState::FailedTolerance | BatchState::Cancelled => Change::BatchStop(id.clone()),
        }
    }

    /// See [`crate::ports::Store::unpublished_chunks`].
    pub(super) async fn chunks_to_publish(
        &self,
        id: &BatchId,
        limit: u32,
    ) -> Result<Vec<(ChunkNo, CopyId)>, StoreError> {
        let Some(last) = limit.checked_sub(1) else { return Ok(Vec::new()) };
        let mut read = Pipeline::new();
        read.cmd("HGET").arg(self.keys.batch(id)).arg("st");
        read.cmd("ZRANGE").arg(self.keys.unpublished(id)).arg(0).arg(last);
        let (state, members): (Option<String>, Vec<String>) = self.scripts.commands(&read).await?;
        let state = state.ok_or_else(|| unknown(id))?;
        if state_of(&state)?.is_final() {
            return Ok(Vec::new());
        }
        members.iter().map(|member| to_publish(member)).collect()
    }

    /// See [`crate::ports::Store::batch`].
    pub(super) async fn read_batch(&self, id: &BatchId) -> Result<Option<BatchProgress>, StoreError> {
        let mut read = cmd("HMGET");
        read.arg(self.keys.batch(id)).arg(&["st", "items", "chunks", "sealed", "done", "tenant", "n:faults"]);
        for kind in OutcomeKind::ALL {
            read.arg(format!("n:{}", kind.as_str()));
        }
        let fields: Vec<Option<String>> = self.scripts.command(&read).await?;
        let answer = Answer(fields.into_iter().map(Option::unwrap_or_default).collect());
        if answer.word().is_empty() {
            return Ok(None);
        }
        let mut counts = OutcomeCounts::default();
        counts.add_many(None, count_at(&answer, 6)?);
        for (kind, at) in OutcomeKind::ALL.into_iter().zip(7..) {
            counts.add_many(Some(kind), count_at(&answer, at)?);
        }
        let state = state_of(answer.word())?;
        let held =
            if state.is_stopped() { self.scripts.command(cmd("BITCOUNT").arg(self.keys.held(id))).await? } else { 0 };
        Ok(Some(BatchProgress {
            tenant: Tenant::parse(answer.text(5)).map_err(|_| answer.unexpected())?,
            state,
            staged_items: answer.number(1)?,
            staged_chunks: answer.number(2)?,
            sealed: answer.text(3) == "1",
            done_chunks: answer.number(4)?,
            counts,
            running_chunks: held,
        }))
    }
}

/// A count that is not there was never raised.
fn count_at(answer: &Answer, at: usize) -> Result<u64, StoreError> {
    if answer.text(at).is_empty() { Ok(0) } else { answer.number(at) }
}

fn state_of(name: &str) -> Result<BatchState, StoreError> {
    BatchState::from_name(name).ok_or_else(|| StoreError::Broken(format!("a batch has the state {name:.80?}")))
}

fn to_publish(member: &str) -> Result<(ChunkNo, CopyId), StoreError> {
    let parts = member.split_once(':').and_then(|(no, copy)| Some((no.parse().ok()?, CopyId::parse(copy).ok()?)));
    let (no, copy) = parts.ok_or_else(|| StoreError::Broken(format!("a chunk to publish is {member:.80?}")))?;
    Ok((ChunkNo(no), copy))
}

pub(super) fn unknown(id: &BatchId) -> StoreError {
    StoreError::Unknown(format!("batch {id}"))
}

/// The answer of a script that does, or finds no batch.
fn ok_of(answer: &Answer, id: &BatchId) -> Result<(), StoreError> {
    match answer.word() {
        "OK" => Ok(()),
        "NO_BATCH" => Err(unknown(id)),
        _ => Err(answer.unexpected()),
    }
}
