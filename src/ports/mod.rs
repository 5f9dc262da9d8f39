//! The two ports: where work waits and where results are kept. Adapters sit in `queue` and `store`; one
//! conformance suite (`tests/it/conformance`) holds every adapter to what is written here.
#![forbid(unsafe_code)]

mod clock;
mod queue;
mod store;

pub use clock::WallClock;
pub use queue::{
    Delay, Delivered, Delivery, GiveUpReason, GivenUp, Message, Parked, ParkingLot, Payload, Published, Queue,
    QueueError,
};
pub use store::{
    BatchProgress, BatchSpec, Cancellation, ChunkOutcome, ChunkRecord, Claim, ClaimRequest, Completion, Created,
    CreatedBatch, FinishedJob, JobEnd, JobRecord, LOST_BUDGET, Lease, NewJob, Renewal, RetryClass, RetryStep,
    RunningTry, Scheduled, Store, StoreError,
};
