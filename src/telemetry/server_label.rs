//! The closed sets from which labels about broker, store and API take their values.

use super::label::KnownLane;
use super::labels::{Labels, label, label_of};
use crate::job::Lane;
use crate::ports::{GiveUpReason, StoreError};

label_of!(GiveUpReason, "reason", Self::ALL, Self::as_str);

label! {
    /// What the queue said to a message.
    pub PublishEnd is "result" {
        /// It has it.
        Confirmed = "confirmed",
        /// The lane is full.
        Full = "full",
        /// There is no way to the lane: the topology is broken.
        Returned = "returned",
        /// No answer.
        Error = "error",
    }
}

label! {
    /// A connection to the broker.
    pub Connection is "connection" {
        /// The one that takes deliveries and settles them.
        Consume = "consume",
        /// The one that publishes.
        Publish = "publish",
        /// The one that takes what the broker gave up on.
        Reap = "reap",
    }
}

label! {
    /// Why a connection to the broker had to be made anew.
    pub Disconnect is "cause" {
        /// It could not be made.
        Refused = "refused",
        /// It ended, or the broker did not answer on it.
        Closed = "closed",
        /// The broker cancelled a consumer, mostly because its queue was deleted.
        Cancelled = "cancelled",
        /// Its channel was found closed, without a word on its stream.
        Watchdog = "watchdog",
        /// A defect of ours.
        Panic = "panic",
    }
}

label! {
    /// A group of queues at the broker.
    pub QueueName is "queue" {
        /// The lane of single jobs.
        Interactive = "interactive",
        /// The lane of chunks.
        Batch = "batch",
        /// Any other lane.
        Other = "other",
        /// What waits for its time.
        Retry = "retry",
        /// What the broker gave up on and nobody has looked at.
        Dlx = "dlx",
        /// Dead letters for people.
        Parked = "parked",
    }
}

impl QueueName {
    /// The queue of a lane.
    #[must_use]
    pub fn of(lane: &Lane) -> Self {
        match KnownLane::of(lane) {
            KnownLane::Interactive => Self::Interactive,
            KnownLane::Batch => Self::Batch,
            KnownLane::Other => Self::Other,
        }
    }
}

label! {
    /// What the store's server must be.
    pub(super) StoreCheck is "check" {
        Version = "version",
        NoEviction = "noeviction",
        AppendOnly = "appendonly",
    }
}

impl StoreCheck {
    /// The label of a requirement that has this name.
    pub(super) fn of(name: &str) -> Option<Self> {
        let checks =
            [("version", Self::Version), ("maxmemory-policy", Self::NoEviction), ("appendonly", Self::AppendOnly)];
        checks.into_iter().find(|(found, _)| *found == name).map(|(_, check)| check)
    }
}

label! {
    /// What a submit met under its idempotency key.
    pub(super) Submission is "result" {
        New = "new",
        Repeat = "repeat",
        Conflict = "conflict",
    }
}

label! {
    /// A route of the HTTP API.
    pub HttpRoute is "route" {
        /// `POST /v1/jobs`.
        SubmitJob = "submit_job",
        /// `GET /v1/jobs/{id}`.
        ReadJob = "read_job",
        /// `DELETE /v1/jobs/{id}`.
        CancelJob = "cancel_job",
        /// `POST /v1/batches`.
        SubmitBatch = "submit_batch",
        /// `GET /v1/batches/{id}`.
        ReadBatch = "read_batch",
        /// `GET /v1/batches/{id}/results`.
        ReadResults = "read_results",
        /// `POST /v1/batches/{id}/cancel`.
        CancelBatch = "cancel_batch",
        /// Probes, metrics and the description of the API.
        Probe = "probe",
    }
}

label! {
    /// The first digit of an HTTP status.
    pub(super) StatusClass is "status" {
        Ok = "2xx",
        Redirect = "3xx",
        Refused = "4xx",
        Failed = "5xx",
    }
}

impl StatusClass {
    pub(super) const fn of(status: u16) -> Self {
        match status {
            0..300 => Self::Ok,
            300..400 => Self::Redirect,
            400..500 => Self::Refused,
            500.. => Self::Failed,
        }
    }
}

label! {
    /// What became of an ack.
    pub AckEnd is "result" {
        /// The delivery is gone.
        Ok = "ok",
        /// It came too late: the delivery comes again.
        Lost = "lost",
        /// No answer.
        Error = "error",
    }
}

label! {
    /// A call of the store.
    pub StoreOp is "op" {
        /// A new job or batch.
        Create = "create",
        /// A mark that a copy was published.
        MarkPublished = "mark_published",
        /// A claim.
        Claim = "claim",
        /// The renewal of a lease.
        Renew = "renew",
        /// The end of a job.
        Complete = "complete",
        /// The end of a chunk.
        CompleteChunk = "complete_chunk",
        /// A further try.
        Retry = "retry",
        /// Giving a claim up.
        Release = "release",
        /// A client's cancel.
        Cancel = "cancel",
        /// Adding to a batch.
        Stage = "stage",
        /// Any read.
        Read = "read",
    }
}

label! {
    /// Why a call of the store failed.
    pub(super) StoreErrorKind is "kind" {
        Unavailable = "unavailable",
        Full = "full",
        Broken = "broken",
        Unknown = "unknown",
    }
}

impl StoreErrorKind {
    pub(super) const fn of(error: &StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::Unavailable,
            StoreError::Full(_) => Self::Full,
            StoreError::Broken(_) => Self::Broken,
            StoreError::Unknown(_) => Self::Unknown,
        }
    }
}
