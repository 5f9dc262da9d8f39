//! Batches: items are staged and published chunk by chunk as they arrive, so that the first ones run before the last ones
//! are there, and memory does not grow with their number.

use std::sync::Arc;
use std::time::Duration;

use super::cut::Cutter;
use super::error::IntakeError;
use super::job::{Intake, random};
use crate::job::{BatchId, ChunkNo, CopyId, Fingerprint, UnixMillis, WorkId};
use crate::ports::{BatchProgress, BatchSpec, ChunkRecord, CreatedBatch, Message, Payload, Queue, Store, StoreError};
use crate::wire::BatchEnvelope;

/// Unpublished chunks looked up at once.
const PAGE: u32 = 100;

/// Waits for room in the queue before an upload is refused: held back, a client sends slower.
const WAITS_FOR_ROOM: u32 = 60;

/// One such wait.
const WAIT_FOR_ROOM: Duration = Duration::from_millis(500);

/// What the wish to upload a batch meets.
#[derive(Debug)]
pub enum OpenedBatch<'a, S: Store, Q: Queue> {
    /// Items are wanted. Of a batch that is whole already they are only counted.
    Upload(Box<Upload<'a, S, Q>>),
    /// The key has a batch that does something else.
    Conflict,
}

/// What is done with items.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// They are staged and published.
    Take,
    /// The batch has this many: they are counted.
    Count(u64),
    /// The batch is over, so nothing is done with them.
    Ignore,
}

/// An upload that goes on. Dropped unfinished, its batch is cancelled, unless it has a key with which the upload can be
/// repeated.
#[derive(Debug)]
pub struct Upload<'a, S: Store, Q: Queue> {
    intake: &'a Intake<S, Q>,
    id: BatchId,
    envelope: BatchEnvelope,
    cutter: Cutter,
    mode: Mode,
    /// What the batch had when the upload began.
    before: Before,
    submitted_at: UnixMillis,
    is_repeat: bool,
    is_settled: bool,
}

#[derive(Debug, Clone, Copy, Default)]
struct Before {
    chunks: u32,
    items: u64,
}

impl<S: Store, Q: Queue> Intake<S, Q> {
    /// Opens a batch for its items, none of which may be longer than `longest_item` bytes.
    ///
    /// # Errors
    /// [`IntakeError`] of the store or queue.
    pub async fn batch(
        &self,
        envelope: BatchEnvelope,
        longest_item: usize,
    ) -> Result<OpenedBatch<'_, S, Q>, IntakeError> {
        let id = batch_id(&envelope)?;
        let spec = BatchSpec {
            id: id.clone(),
            tenant: envelope.tenant.clone(),
            fingerprint: envelope.fingerprint,
            program: envelope.program.clone(),
            tolerated_failures: envelope.max_failures,
        };
        let created = self.store.create_batch(&spec).await?;
        let is_repeat = match created {
            CreatedBatch::New => false,
            CreatedBatch::Exists { .. } => true,
            CreatedBatch::Conflict => return Ok(OpenedBatch::Conflict),
        };
        let cutter = Cutter::new(envelope.chunk_items, longest_item);
        let mut upload = Upload {
            intake: self,
            id,
            envelope,
            cutter,
            mode: Mode::Take,
            before: Before::default(),
            submitted_at: self.clock.now(),
            is_repeat,
            is_settled: false,
        };
        if is_repeat {
            upload.resume().await?;
        }
        Ok(OpenedBatch::Upload(Box::new(upload)))
    }
}

impl<S: Store, Q: Queue> Upload<'_, S, Q> {
    /// The batch.
    #[must_use]
    pub const fn id(&self) -> &BatchId {
        &self.id
    }

    /// Whether the key had the batch before.
    #[must_use]
    pub const fn is_repeat(&self) -> bool {
        self.is_repeat
    }

    /// Takes bytes of JSON Lines.
    ///
    /// # Errors
    /// [`IntakeError`]
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), IntakeError> {
        for chunk in self.cutter.push(bytes)? {
            self.take(chunk).await?;
        }
        Ok(())
    }

    /// The items are complete.
    ///
    /// # Errors
    /// [`IntakeError`]
    pub async fn finish(mut self) -> Result<(), IntakeError> {
        for chunk in self.cutter.finish()? {
            self.take(chunk).await?;
        }
        let found = self.cutter.next_item();
        match self.mode {
            Mode::Take if found < self.before.items => return Err(IntakeError::OtherItems),
            Mode::Take => self.intake.store.seal_batch(&self.id).await?,
            Mode::Count(items) if items != found => return Err(IntakeError::OtherItems),
            Mode::Count(_) | Mode::Ignore => {}
        }
        self.is_settled = true;
        Ok(())
    }

    /// Finds out what an earlier upload left, and publishes what it only staged.
    async fn resume(&mut self) -> Result<(), IntakeError> {
        let found = self.progress().await?;
        self.before = Before { chunks: found.staged_chunks, items: found.staged_items };
        if found.sealed {
            self.mode = Mode::Count(found.staged_items);
        } else if found.state.is_final() {
            self.mode = Mode::Ignore;
        }
        loop {
            let unpublished = self.intake.store.unpublished_chunks(&self.id, PAGE).await?;
            if unpublished.is_empty() {
                return Ok(());
            }
            for (chunk, copy) in unpublished {
                self.publish(chunk, copy).await?;
            }
        }
    }

    async fn take(&mut self, chunk: ChunkRecord) -> Result<(), IntakeError> {
        let is_there = chunk.chunk.0 < self.before.chunks;
        if self.mode != Mode::Take || is_there {
            return Ok(());
        }
        // The same items are cut in the same places.
        if chunk.chunk.0 == self.before.chunks && chunk.first_item != self.before.items {
            return Err(IntakeError::OtherItems);
        }
        if self.progress().await?.state.is_final() {
            self.mode = Mode::Ignore;
            return Ok(());
        }
        let copy = CopyId::parse(format!("chunk-{}", chunk.chunk))?;
        self.intake.store.stage_chunk(&self.id, &chunk, &copy).await?;
        self.publish(chunk.chunk, copy).await
    }

    async fn progress(&self) -> Result<BatchProgress, IntakeError> {
        let found = self.intake.store.batch(&self.id).await?;
        Ok(found.ok_or_else(|| StoreError::Unknown(format!("batch {}", self.id)))?)
    }

    async fn publish(&self, chunk: ChunkNo, copy: CopyId) -> Result<(), IntakeError> {
        let message = Message {
            copy,
            work: WorkId::Chunk(self.id.clone(), chunk),
            attempt: 1,
            infra: 0,
            tenant: self.envelope.tenant.clone(),
            lane: self.envelope.lane.clone(),
            deadline: self.envelope.deadline,
            fingerprint: self.envelope.fingerprint,
            submitted_at: self.submitted_at,
            payload: Payload::Chunk,
        };
        for _ in 0..WAITS_FOR_ROOM {
            match self.intake.publish(&message).await {
                Err(IntakeError::Full) => tokio::time::sleep(WAIT_FOR_ROOM).await,
                answer => return answer,
            }
        }
        Err(IntakeError::Full)
    }
}

impl<S: Store, Q: Queue> Drop for Upload<'_, S, Q> {
    fn drop(&mut self) {
        if !self.is_settled && self.envelope.key.is_none() {
            Arc::clone(&self.intake.abandoned).add(self.id.clone());
        }
    }
}

/// The batch of a key is always the same one; without a key it is a new one.
fn batch_id(envelope: &BatchEnvelope) -> Result<BatchId, IntakeError> {
    let digest = match &envelope.key {
        Some(key) => {
            let parts: [&[u8]; 3] = [b"batch key", envelope.tenant.as_str().as_bytes(), key.as_str().as_bytes()];
            Fingerprint::of_parts(&parts)
        }
        None => Fingerprint(random()?),
    };
    Ok(BatchId::parse(format!("b{:.40}", digest.to_string()))?)
}
