//! Why work could not be taken in.

use super::cut::CutError;
use crate::job::IdError;
use crate::ports::{QueueError, StoreError};

/// Why work could not be taken in. Repeating the submit with the same idempotency key is always right.
#[derive(Debug, thiserror::Error)]
pub enum IntakeError {
    /// The store's.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The queue's.
    #[error(transparent)]
    Queue(#[from] QueueError),
    /// The lane takes no more.
    #[error("the queue is full")]
    Full,
    /// The items of an upload.
    #[error(transparent)]
    Items(#[from] CutError),
    /// A repeated upload brings other items than the first.
    #[error("the items are not those of the batch that has this key")]
    OtherItems,
    /// The system gives no random numbers.
    #[error("no random numbers from the system: {0}")]
    Random(#[from] getrandom::Error),
    /// A name that is none: a defect.
    #[error(transparent)]
    Id(#[from] IdError),
}
