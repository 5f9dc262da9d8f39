//! The one place that reads a clock.
#![allow(clippy::disallowed_methods, reason = "this module owns the clocks")]

use std::time::{Instant, SystemTime, UNIX_EPOCH};

use crate::job::UnixMillis;

/// The monotonic clock.
#[must_use]
pub fn now() -> Instant {
    Instant::now()
}

/// The wall clock. A clock before 1970 reads as 1970.
#[must_use]
pub fn unix_now() -> UnixMillis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    UnixMillis(u64::try_from(since.as_millis()).unwrap_or(u64::MAX))
}
