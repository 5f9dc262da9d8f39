//! Asking a store or queue again that did not answer.

use std::future::Future;
use std::time::Duration;

use crate::ports::{QueueError, StoreError};

/// How often and how slowly an idempotent call is repeated.
#[derive(Debug, Clone, Copy)]
pub struct Patience {
    /// Calls in all, the first included.
    pub tries: u32,
    /// Wait before the second call; doubles each time.
    pub first: Duration,
    /// Longest wait.
    pub longest: Duration,
}

impl Default for Patience {
    /// Twelve calls over some 25 seconds: less than a lease.
    fn default() -> Self {
        Self { tries: 12, first: Duration::from_millis(20), longest: Duration::from_secs(5) }
    }
}

/// Whether asking again may help.
pub(super) trait Passing: std::fmt::Display {
    fn is_passing(&self) -> bool;
}

impl Passing for StoreError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) | Self::Full(_) => true,
            Self::Broken(_) | Self::Unknown(_) => false,
        }
    }
}

impl Passing for QueueError {
    fn is_passing(&self) -> bool {
        match self {
            Self::Unavailable(_) => true,
            Self::Unroutable(_) | Self::Broken(_) => false,
        }
    }
}

impl Patience {
    /// Makes the call until it is answered, or will not be, or patience ends. The last error is the caller's to
    /// handle.
    pub(super) async fn repeat<T, E, F>(&self, what: &'static str, mut call: impl FnMut() -> F) -> Result<T, E>
    where
        E: Passing,
        F: Future<Output = Result<T, E>>,
    {
        let mut wait = self.first;
        let mut tried = 1;
        loop {
            match call().await {
                Err(error) if error.is_passing() && tried < self.tries => {
                    tracing::debug!(%error, tried, "{what} did not succeed; trying again");
                }
                answer => return answer,
            }
            tokio::time::sleep(wait).await;
            wait = (wait * 2).min(self.longest);
            tried += 1;
        }
    }
}
