//! Where an adapter that has no server to ask reads the time.

use std::fmt;
use std::sync::Arc;

use crate::job::UnixMillis;

/// A source of wall-clock time, handed to an adapter when it is opened, so that leases, delays and
/// retention are tested without waiting.
#[derive(Clone)]
pub struct WallClock(Arc<dyn Fn() -> UnixMillis + Send + Sync>);

impl WallClock {
    /// A clock that reads `now`.
    #[must_use]
    pub fn new(now: impl Fn() -> UnixMillis + Send + Sync + 'static) -> Self {
        Self(Arc::new(now))
    }

    /// The time.
    #[must_use]
    pub fn now(&self) -> UnixMillis {
        (self.0)()
    }
}

impl fmt::Debug for WallClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("WallClock").field(&self.now()).finish()
    }
}
