//! The chunks of a batch: items in, results out.

use redis::cmd;

use super::super::change::Change;
use super::super::unrun;
use super::adapter::RedisStore;
use super::batches::{FAULTS, unknown};
use super::claims::completion_of;
use super::jobs::store_full;
use super::scripts::SCRIPTS;
use crate::job::{BatchId, ChunkNo, CopyId, FaultKind, FenceToken, OutcomeCounts, State, WorkId};
use crate::ports::{ChunkOutcome, ChunkRecord, Completion, Lease, StoreError};

/// What a chunk's record says about its items and results.
struct Found {
    state: State,
    first_item: u64,
    count: u32,
    items: String,
    results: Option<FenceToken>,
    end: String,
}

impl RedisStore {
    /// See [`crate::ports::Store::stage_chunk`].
    pub(super) async fn keep_chunk(&self, id: &BatchId, chunk: &ChunkRecord, copy: &CopyId) -> Result<(), StoreError> {
        let work = WorkId::Chunk(id.clone(), chunk.chunk);
        let aside = self.keys.items(id, chunk.chunk, copy);
        self.write_blob(&aside, &chunk.items, self.batch_ttl_ms()).await?;
        let call = self
            .call_on(&SCRIPTS.stage_chunk, &work)
            .with("copy", copy.as_str())
            .with_number("first", chunk.first_item)
            .with_number("count", chunk.count);
        let answer = self.scripts.run(&call).await?;
        match answer.word() {
            "OK" => return Ok(()),
            "STAGED" if answer.text(1) == copy.as_str() => return Ok(()),
            _ => self.drop_blob(&aside).await,
        }
        match answer.word() {
            "STAGED" => Ok(()),
            "NO_BATCH" => Err(unknown(id)),
            "REFUSED" => {
                let sealed = if answer.text(2) == "1" { ", and it is sealed" } else { "" };
                let (staged, chunk) = (answer.text(1), chunk.chunk);
                let text = format!("batch {id} has {staged} chunks{sealed}; chunk {chunk} cannot follow");
                Err(StoreError::Broken(text))
            }
            _ => Err(answer.unexpected()),
        }
    }

    /// See [`crate::ports::Store::chunk_items`].
    pub(super) async fn read_items(&self, id: &BatchId, chunk: ChunkNo) -> Result<ChunkRecord, StoreError> {
        let gone = || StoreError::Unknown(format!("items of {id}/{chunk}"));
        let found = self.find_chunk(id, chunk).await?.filter(|found| !found.state.is_final()).ok_or_else(gone)?;
        let copy = CopyId::parse(found.items).map_err(|_| gone())?;
        let items: Option<String> = self.blobs.command(cmd("GET").arg(self.keys.items(id, chunk, &copy))).await?;
        Ok(ChunkRecord { chunk, first_item: found.first_item, items: items.ok_or_else(gone)?, count: found.count })
    }

    /// See [`crate::ports::Store::complete_chunk`].
    pub(super) async fn end_chunk(&self, lease: &Lease, outcome: &ChunkOutcome) -> Result<Completion, StoreError> {
        let WorkId::Chunk(id, chunk) = &lease.work else {
            return Err(StoreError::Unknown(format!("chunk {}", lease.work)));
        };
        let (completion, change) = match self.end_with_results(id, *chunk, lease, outcome).await {
            Err(StoreError::Full(reason)) => {
                tracing::warn!(chunk = %lease.work, reason, "no room for results; only the end is recorded");
                let (completion, change) = self.end_without_results(id, lease, outcome).await?;
                // Only now is it certain that no call before has committed a pointer to them.
                if completion == Completion::WithoutResult {
                    self.drop_blob(&self.keys.results(id, *chunk, lease.token)).await;
                }
                (completion, change)
            }
            answer => answer?,
        };
        if completion != Completion::Fenced {
            self.note_end(&lease.work, Some(change));
            self.drop_items(&lease.work).await;
        }
        Ok(completion)
    }

    async fn end_with_results(
        &self,
        id: &BatchId,
        chunk: ChunkNo,
        lease: &Lease,
        outcome: &ChunkOutcome,
    ) -> Result<(Completion, Change), StoreError> {
        let aside = self.keys.results(id, chunk, lease.token);
        self.write_blob(&aside, &outcome.results, self.batch_ttl_ms()).await?;
        let call = self
            .call_on(&SCRIPTS.complete_chunk, &lease.work)
            .with_number("token", lease.token.0)
            .with("state", outcome.state().as_str())
            .with("counts", counts_text(&outcome.counts))
            .with_number("bad", outcome.counts.failed());
        let answer = self.scripts.run(&call).await?;
        let completion = completion_of(&answer, &lease.work);
        // A pointer to it can no longer be committed: the token is not the record's any more.
        if matches!(completion, Ok(Completion::Fenced) | Err(_)) {
            self.drop_blob(&aside).await;
        }
        Ok((completion?, self.batch_change(id, &answer, 1)))
    }

    /// Records the end by a script that may run in a full store. Nobody can read the results, so no item succeeded.
    async fn end_without_results(
        &self,
        id: &BatchId,
        lease: &Lease,
        outcome: &ChunkOutcome,
    ) -> Result<(Completion, Change), StoreError> {
        let items = outcome.counts.total();
        let call = self
            .call_on(&SCRIPTS.complete_chunk_min, &lease.work)
            .with_number("token", lease.token.0)
            .with("state", State::Failed.as_str())
            .with("end", FaultKind::StoreFull.as_str())
            .with("counts", format!("{FAULTS}={items}"))
            .with_number("bad", items);
        let answer = self.scripts.run(&call).await?;
        let completion = match completion_of(&answer, &lease.work)? {
            Completion::Recorded => Completion::WithoutResult,
            completion @ (Completion::Already | Completion::Fenced | Completion::WithoutResult) => completion,
        };
        Ok((completion, self.batch_change(id, &answer, 1)))
    }

    /// See [`crate::ports::Store::chunk_results`]. What was not run has no results of its own; they are made here.
    pub(super) async fn read_results(&self, id: &BatchId, chunk: ChunkNo) -> Result<Option<String>, StoreError> {
        let Some(found) = self.find_chunk(id, chunk).await? else { return Ok(None) };
        if let Some(token) = found.results {
            let key = self.keys.results(id, chunk, token);
            return self.blobs.command(cmd("GET").arg(key)).await;
        }
        let fault = if found.end == FaultKind::StoreFull.as_str() {
            Some(store_full())
        } else if found.state == State::DeadLettered {
            Some(unrun::worker_lost())
        } else if found.state == State::Expired {
            None
        } else {
            return Ok(None);
        };
        unrun::chunk_outcome(chunk, found.first_item, found.count, fault).map(|outcome| Some(outcome.results))
    }

    /// Removes the items of a chunk that has ended; if that fails, they expire.
    pub(super) async fn drop_items(&self, work: &WorkId) {
        let WorkId::Chunk(id, chunk) = work else { return };
        if let Ok(Some(found)) = self.find_chunk(id, *chunk).await
            && let Ok(copy) = CopyId::parse(found.items)
        {
            self.drop_blob(&self.keys.items(id, *chunk, &copy)).await;
        }
    }

    async fn find_chunk(&self, id: &BatchId, chunk: ChunkNo) -> Result<Option<Found>, StoreError> {
        let mut read = cmd("HMGET");
        read.arg(self.keys.chunk(id, chunk)).arg(&["st", "first", "n", "in", "res", "end"]);
        type Fields = (Option<String>, Option<u64>, Option<u32>, Option<String>, Option<String>, Option<String>);
        let (state, first, count, items, results, end): Fields = self.scripts.command(&read).await?;
        let Some(state) = state else { return Ok(None) };
        let broken = || StoreError::Broken(format!("the record of {id}/{chunk} is not one of a chunk"));
        Ok(Some(Found {
            state: State::from_name(&state).ok_or_else(broken)?,
            first_item: first.ok_or_else(broken)?,
            count: count.ok_or_else(broken)?,
            items: items.unwrap_or_default(),
            results: results.and_then(|token| token.parse().ok()).map(FenceToken),
            end: end.unwrap_or_default(),
        }))
    }
}

/// `succeeded=9 faults=1`, without the kinds that did not occur.
fn counts_text(counts: &OutcomeCounts) -> String {
    let kinds = counts.iter().map(|(kind, count)| (kind.as_str(), count));
    let occurred = kinds.chain([(FAULTS, counts.faults())]).filter(|(_, count)| *count > 0);
    occurred.map(|(name, count)| format!("{name}={count}")).collect::<Vec<_>>().join(" ")
}
