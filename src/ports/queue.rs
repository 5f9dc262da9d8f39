//! Where work waits: at least once, in order within a lane as far as the adapter can, with delay.

use std::future::Future;

use crate::job::{CopyId, Fingerprint, JobSpec, KeyDigest, Lane, Tenant, UnixMillis, WorkId};

/// How long a published message stays invisible. Adapters round down to what they can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Delay {
    /// Milliseconds; 0 for at once.
    pub ms: u64,
}

impl Delay {
    /// At once.
    pub const NONE: Self = Self { ms: 0 };
}

/// One message: a reference to work plus what a claim needs. The same type for every adapter; its form on
/// the wire is `wire::message`.
#[derive(Debug, Clone, PartialEq)]
pub struct Message {
    /// New for every attempt; the same when one attempt is published again.
    pub copy: CopyId,
    /// The job or chunk.
    pub work: WorkId,
    /// Attempts that the client's policy counts, from 1.
    pub attempt: u32,
    /// Retries for faults of ours so far.
    pub infra: u32,
    /// Who it belongs to.
    pub tenant: Tenant,
    /// The lane it waits in.
    pub lane: Lane,
    /// When nobody wants the result any more.
    pub deadline: Option<UnixMillis>,
    /// What the work does; see [`Fingerprint`].
    pub fingerprint: Fingerprint,
    /// When the work was first submitted.
    pub submitted_at: UnixMillis,
    /// What to run.
    pub payload: Payload,
}

/// What to run.
#[derive(Debug, Clone, PartialEq)]
pub enum Payload {
    /// A single job, whole, so that a worker can run it even when the store has lost its record.
    Job {
        /// The digest under which the store keeps its idempotency record.
        key: KeyDigest,
        /// The job.
        spec: Box<JobSpec>,
    },
    /// A chunk: program and items are read from the store.
    Chunk,
}

/// What came from the queue.
#[derive(Debug)]
pub enum Delivered<D> {
    /// A message.
    Message(Box<Message>, D),
    /// Bytes that are no message; the reason is for the dead-letter record.
    Malformed {
        /// Why, naming the field.
        reason: String,
        /// What to settle.
        delivery: D,
    },
}

/// What became of a publish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Published {
    /// The queue has it durably.
    Confirmed,
    /// The queue is full; the caller says so to its own caller.
    Full,
}

/// A failure of the queue.
#[derive(Debug, thiserror::Error)]
pub enum QueueError {
    /// The queue cannot be reached, or refused the operation; trying again later is right.
    #[error("queue is not available: {0}")]
    Unavailable(String),
    /// There is no way from here to the lane: what should lead there was taken down. An operator has to act.
    #[error("queue has no way to the lane: {0}")]
    Unroutable(String),
    /// The queue's contents or settings are not what this version expects; an operator has to act.
    #[error("queue is not usable: {0}")]
    Broken(String),
}

impl QueueError {
    /// The same, with the place where it happened.
    #[must_use]
    pub fn at(self, place: impl std::fmt::Display) -> Self {
        match self {
            Self::Unavailable(text) => Self::Unavailable(format!("{place}: {text}")),
            Self::Unroutable(text) => Self::Unroutable(format!("{place}: {text}")),
            Self::Broken(text) => Self::Broken(format!("{place}: {text}")),
        }
    }
}

/// Why the queue gave up on a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GiveUpReason {
    /// Its deliveries were lost too often.
    DeliveryLimit,
    /// The time that its sender had set for it passed.
    Expired,
    /// Somebody refused it for good.
    Rejected,
    /// Its lane was too long.
    MaxLength,
    /// Anything else.
    Other,
}

impl GiveUpReason {
    /// Every reason.
    pub const ALL: [Self; 5] = [Self::DeliveryLimit, Self::Expired, Self::Rejected, Self::MaxLength, Self::Other];

    /// The broker's own word, which is also the one used in metrics and dead letters.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::DeliveryLimit => "delivery_limit",
            Self::Expired => "expired",
            Self::Rejected => "rejected",
            Self::MaxLength => "maxlen",
            Self::Other => "other",
        }
    }

    /// The reason of this name.
    #[must_use]
    pub fn from_name(name: &str) -> Self {
        Self::ALL.into_iter().find(|reason| reason.as_str() == name).unwrap_or(Self::Other)
    }
}

/// A delivered message that is not settled yet. Each way of settling consumes it, so settling twice does
/// not compile. Dropped unsettled, it is delivered again.
pub trait Delivery: Send + std::fmt::Debug + 'static {
    /// A tag that tells this delivery from every other delivery of the same copy, also across reconnects: the
    /// store takes an equal tag for the same call made twice.
    fn tag(&self) -> String;

    /// How often this message came back because a delivery of it was lost. Some queues count a release too, and some count to 1
    /// only.
    fn redeliveries(&self) -> u32;

    /// The message is done with. Allowed only by the ack rule (`ARCHITECTURE.md`, "The ack rule").
    /// Answers whether the queue still knew the delivery; `false` means that it will come again.
    fn ack(self) -> impl Future<Output = Result<bool, QueueError>> + Send;

    /// Back to its lane unchanged: it was never started.
    fn release(self) -> impl Future<Output = Result<(), QueueError>> + Send;

    /// To the dead letters, with a reason for people.
    fn dead_letter(self, reason: &str) -> impl Future<Output = Result<(), QueueError>> + Send;
}

/// Where a queue puts the messages that it gives up on. Somebody has to end their work, or its clients wait for ever.
pub trait GivenUp: Send + Sync + 'static {
    /// A delivery of this adapter.
    type Delivery: Delivery;

    /// The next message that the queue gave up on, and why; waits until there is one. As [`Queue::next`] otherwise.
    fn next_given_up(
        &self,
    ) -> impl Future<Output = Result<(GiveUpReason, Delivered<Self::Delivery>), QueueError>> + Send;
}

/// A dead letter that was parked for people.
#[derive(Debug, Clone, PartialEq)]
pub struct Parked {
    /// Names it for [`ParkingLot::remove_parked`].
    pub id: String,
    /// The lane it came from.
    pub lane: String,
    /// The job or chunk, where its message said so.
    pub work: String,
    /// Why.
    pub reason: String,
    /// When.
    pub parked_at: Option<UnixMillis>,
    /// The message's body as it came.
    pub body: Vec<u8>,
    /// The message, where it is one.
    pub message: Option<Box<Message>>,
}

/// Where dead letters wait for people.
pub trait ParkingLot: Send + Sync + 'static {
    /// The oldest dead letters, at most `limit`. They stay where they are.
    fn parked(&self, limit: u32) -> impl Future<Output = Result<Vec<Parked>, QueueError>> + Send;

    /// Removes the dead letters with these ids; answers those that were there.
    fn remove_parked(&self, ids: &[String]) -> impl Future<Output = Result<Vec<String>, QueueError>> + Send;
}

/// The queue port.
pub trait Queue: Send + Sync + 'static {
    /// A delivery of this adapter.
    type Delivery: Delivery;

    /// Puts a message in its lane, visible after `delay`. Durable when it answers [`Published::Confirmed`].
    fn publish(&self, message: &Message, delay: Delay) -> impl Future<Output = Result<Published, QueueError>> + Send;

    /// The next delivery of these lanes, the first lane first; waits until there is one. A delivery stays reserved until it is
    /// settled or the consumer is gone. Cancelling the future loses nothing.
    fn next(&self, lanes: &[Lane]) -> impl Future<Output = Result<Delivered<Self::Delivery>, QueueError>> + Send;

    /// Messages that are ready in this lane, or reserved by this consumer. An adapter adds what waits for its time and what
    /// others have reserved as far as it can tell.
    fn depth(&self, lane: &Lane) -> impl Future<Output = Result<u64, QueueError>> + Send;
}
