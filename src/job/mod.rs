//! The vocabulary: what a job, an item, an outcome, a fault and a limit are.
//!
//! Every other module may import this one; it imports none of them. Nothing here does input or
//! output, reads a clock or draws a random number.
#![forbid(unsafe_code)]

mod batch;
mod fault;
mod id;
mod json;
mod limits;
mod outcome;
mod result;
mod retry;
mod spec;
mod time;

pub use batch::{BatchState, ChunkNo, ItemResult, OutcomeCounts};
pub use fault::{Fault, FaultKind, Stage};
pub use id::{
    BatchId, CodeHash, CopyId, FenceToken, Fingerprint, IdError, IdempotencyKey, JobId, KeyDigest, Lane, Tenant,
    WorkId, WorkerId,
};
pub use json::RawJson;
pub use limits::{LimitKind, Limits, LimitsError};
pub use outcome::{BadResult, Clock, Outcome, OutcomeKind, Stream};
pub use result::{AttemptSummary, Evidence, Logs, ProgramError, RuntimeVersion, State, SyscallCount, Usage, Verdict};
pub use retry::{Backoff, Jitter, RetryOn, RetryPolicy, RetryPolicyError};
pub use spec::{Determinism, EntryPoint, InputType, JobSpec, Language, OutputType, Program};
pub use time::UnixMillis;
