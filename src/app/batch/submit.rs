//! Chunks into store and queue, a window of them ahead of what is done.

use tokio::sync::watch;

use super::items::Chunks;
use super::run::BatchError;
use crate::job::{BatchId, ChunkNo, CopyId, Fingerprint, IdError, Lane, Tenant, UnixMillis, WorkId};
use crate::ports::{BatchProgress, ChunkRecord, Delay, Message, Payload, Published, Queue, QueueError, Store};

/// Unpublished chunks looked up at once.
const PAGE: u32 = 100;

/// What every message of the batch has in common.
#[derive(Debug, Clone)]
pub(super) struct Submitter<'a, S, Q> {
    pub(super) store: &'a S,
    pub(super) queue: &'a Q,
    pub(super) batch: &'a BatchId,
    pub(super) fingerprint: Fingerprint,
    pub(super) submitted_at: UnixMillis,
    /// Chunks staged and not done, at most.
    pub(super) window: u32,
}

impl<S: Store, Q: Queue> Submitter<'_, S, Q> {
    /// Publishes what an earlier process staged only, then stages and publishes the rest, until all is staged or the batch
    /// is final.
    pub(super) async fn submit(
        &self,
        mut chunks: Chunks,
        staged: u32,
        mut progress: watch::Receiver<BatchProgress>,
    ) -> Result<(), BatchError> {
        loop {
            let unpublished = self.store.unpublished_chunks(self.batch, PAGE).await?;
            if unpublished.is_empty() {
                break;
            }
            for (chunk, copy) in unpublished {
                self.publish(chunk, copy).await?;
            }
        }
        // Reading the file does not wait for anything else, so it is done right here.
        while let Some(chunk) = chunks.next_chunk()? {
            if chunk.chunk.0 < staged {
                continue;
            }
            if self.wait_for_room(&chunk, &mut progress).await {
                return Ok(());
            }
            let copy = CopyId::parse(format!("chunk-{}", chunk.chunk)).map_err(id_error)?;
            self.store.stage_chunk(self.batch, &chunk, &copy).await?;
            self.publish(chunk.chunk, copy).await?;
        }
        self.store.seal_batch(self.batch).await?;
        Ok(())
    }

    /// Answers whether the batch is final.
    async fn wait_for_room(&self, chunk: &ChunkRecord, progress: &mut watch::Receiver<BatchProgress>) -> bool {
        let has_room = |now: &BatchProgress| now.state.is_final() || chunk.chunk.0 - now.done_chunks < self.window;
        progress.wait_for(has_room).await.is_ok_and(|now| now.state.is_final())
    }

    async fn publish(&self, chunk: ChunkNo, copy: CopyId) -> Result<(), BatchError> {
        let message = Message {
            copy,
            work: WorkId::Chunk(self.batch.clone(), chunk),
            attempt: 1,
            infra: 0,
            tenant: Tenant::default_tenant(),
            lane: Lane::batch(),
            deadline: None,
            fingerprint: self.fingerprint,
            submitted_at: self.submitted_at,
            payload: Payload::Chunk,
        };
        match self.queue.publish(&message, Delay::NONE).await? {
            Published::Confirmed => {}
            Published::Full => return Err(QueueError::Unavailable("the lane is full".to_owned()).into()),
        }
        Ok(self.store.mark_published(&message.work, &message.copy).await?)
    }
}

fn id_error(error: IdError) -> BatchError {
    BatchError::Store(crate::ports::StoreError::Broken(error.to_string()))
}
