//! The functions of the batches that are being run.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use crate::job::{BatchId, Program};
use crate::ports::{Store, StoreError};

/// Functions kept at the same time. One may be as large as a message, so this bounds memory.
const KEPT: usize = 16;

/// A small cache, last used first. A batch's function never changes.
#[derive(Debug, Default)]
pub(super) struct Programs(Mutex<VecDeque<(BatchId, Arc<Program>)>>);

impl Programs {
    /// The function of a batch.
    pub(super) async fn of<S: Store>(&self, store: &S, batch: &BatchId) -> Result<Arc<Program>, StoreError> {
        if let Some(program) = self.kept(batch) {
            return Ok(program);
        }
        let program = Arc::new(store.batch_program(batch).await?);
        self.keep(batch.clone(), Arc::clone(&program));
        Ok(program)
    }

    fn kept(&self, batch: &BatchId) -> Option<Arc<Program>> {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let at = kept.iter().position(|(id, _)| id == batch)?;
        let entry = kept.remove(at)?;
        let program = Arc::clone(&entry.1);
        kept.push_front(entry);
        Some(program)
    }

    fn keep(&self, batch: BatchId, program: Arc<Program>) {
        let mut kept = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        kept.retain(|(id, _)| *id != batch);
        kept.push_front((batch, program));
        kept.truncate(KEPT);
    }
}
