//! What an operator may choose.

use std::fmt;
use std::time::Duration;

use crate::telemetry::Telemetry;

/// Where the server is and how it is used.
#[derive(Clone)]
pub struct RedisSettings {
    /// `redis://[user:password@]host[:port][/database]` or `redis+unix:///path`.
    pub url: String,
    /// What every key begins with, before a colon.
    pub prefix: String,
    /// Where connections report to.
    pub telemetry: Telemetry,
    /// How long a command is waited for; then its effect is unknown and it is repeated.
    pub response_timeout: Duration,
    /// How often one call is sent in all before [`crate::ports::StoreError::Unavailable`].
    pub tries: u32,
    /// How long an open job is kept after the last thing that happened to it. One that waits longer is forgotten, and
    /// made anew when its message comes.
    pub open_ttl: Duration,
    /// How long a batch and everything of it is kept after it was written.
    pub batch_ttl: Duration,
}

impl RedisSettings {
    /// The server at `url` under the prefix `cb`: 5 s for a command, two tries, a week for open jobs and batches.
    #[must_use]
    pub fn new(url: impl Into<String>) -> Self {
        let week = Duration::from_secs(7 * 86_400);
        Self {
            url: url.into(),
            prefix: "cb".to_owned(),
            telemetry: Telemetry::new(),
            response_timeout: Duration::from_secs(5),
            tries: 2,
            open_ttl: week,
            batch_ttl: week,
        }
    }
}

/// Leaves out the URL, which may hold a password.
impl fmt::Debug for RedisSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { url: _, prefix, telemetry: _, response_timeout, tries, open_ttl, batch_ttl } = self;
        f.debug_struct("RedisSettings")
            .field("prefix", prefix)
            .field("response_timeout", response_timeout)
            .field("tries", tries)
            .field("open_ttl", open_ttl)
            .field("batch_ttl", batch_ttl)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_password_is_not_shown() {
        let settings = RedisSettings::new("redis://worker:geheim@db:6379/0");
        assert!(!format!("{settings:?}").contains("geheim"));
    }
}
