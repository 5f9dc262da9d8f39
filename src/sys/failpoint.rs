//! Places at which a test lets this process die or stand still, as a crash or a stopped machine would.
//!
//! They exist with the feature `failpoints` only, which the crate's own tests switch on and no build for users has;
//! without it a call is nothing. The environment variable `FAILPOINT` names one, and how often it is passed before
//! it acts: `record_done`, `record_done=3`, `record_done=stop`, `record_done=3,stop`. It acts once, and the same process then
//! does not act again.

/// A place in the life of a delivery, a submit or a dead letter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failpoint {
    /// A submit has its record, and nothing is published.
    CreateDone,
    /// A submit's copy is confirmed, and the record does not know.
    PublishDone,
    /// A delivery is there, and nothing is claimed.
    ClaimDue,
    /// A claim is held, and nothing runs.
    ClaimDone,
    /// A program has run, and nothing is recorded.
    RunDone,
    /// A result is recorded, and nothing is settled.
    RecordDone,
    /// A further try is recorded, and nothing is published.
    RetryRecorded,
    /// A further try is published, and nothing is settled.
    RetryPublished,
    /// A dead letter's work is ended, and nothing is parked.
    ReapRecorded,
}

impl Failpoint {
    /// Every place.
    pub const ALL: [Self; 9] = [
        Self::CreateDone,
        Self::PublishDone,
        Self::ClaimDue,
        Self::ClaimDone,
        Self::RunDone,
        Self::RecordDone,
        Self::RetryRecorded,
        Self::RetryPublished,
        Self::ReapRecorded,
    ];

    /// Its name in `FAILPOINT`.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::CreateDone => "create_done",
            Self::PublishDone => "publish_done",
            Self::ClaimDue => "claim_due",
            Self::ClaimDone => "claim_done",
            Self::RunDone => "run_done",
            Self::RecordDone => "record_done",
            Self::RetryRecorded => "retry_recorded",
            Self::RetryPublished => "retry_published",
            Self::ReapRecorded => "reap_recorded",
        }
    }
}

/// The process is at this place.
#[cfg(not(feature = "failpoints"))]
pub const fn reached(_: Failpoint) {}

#[cfg(feature = "failpoints")]
pub use active::reached;

#[cfg(feature = "failpoints")]
mod active {
    use std::sync::OnceLock;
    use std::sync::atomic::{AtomicU64, Ordering};

    use nix::sys::signal::{Signal, raise};

    use super::Failpoint;

    static WISH: OnceLock<Option<Wish>> = OnceLock::new();
    static PASSED: AtomicU64 = AtomicU64::new(0);

    struct Wish {
        point: Failpoint,
        nth: u64,
        signal: Signal,
    }

    /// The process is at this place.
    pub fn reached(point: Failpoint) {
        let wish = WISH.get_or_init(|| std::env::var("FAILPOINT").ok().and_then(|text| parse(&text)));
        let Some(wish) = wish.as_ref().filter(|wish| wish.point == point) else { return };
        if PASSED.fetch_add(1, Ordering::SeqCst) + 1 == wish.nth {
            tracing::warn!(point = point.as_str(), signal = wish.signal.as_str(), "a failpoint acts");
            // Both signals end or stop the whole process, whichever thread they are sent to.
            if let Err(error) = raise(wish.signal) {
                tracing::error!(%error, "a failpoint could not act");
            }
        }
    }

    fn parse(text: &str) -> Option<Wish> {
        let (name, how) = text.split_once('=').unwrap_or((text, ""));
        let point = Failpoint::ALL.into_iter().find(|point| point.as_str() == name)?;
        let nth = how.split(',').find_map(|word| word.parse().ok()).unwrap_or(1);
        let signal = if how.split(',').any(|word| word == "stop") { Signal::SIGSTOP } else { Signal::SIGKILL };
        Some(Wish { point, nth, signal })
    }
}
