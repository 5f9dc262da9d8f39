//! Being told that something changed, instead of asking all the time.

use std::fmt;
use std::time::Duration;

use futures_util::StreamExt;
use redis::Client;
use redis::aio::PubSubStream;

use super::super::change::Change;
use super::adapter::RedisStore;

/// How long nothing is heard before everything is to be looked at: a channel may lose messages.
const LOOK_ANYWAY: Duration = Duration::from_secs(5);

/// A subscription; one is enough for a process.
pub struct Changes {
    client: Client,
    channel: String,
    stream: Option<PubSubStream>,
    pause: Duration,
}

impl fmt::Debug for Changes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { client: _, channel, stream, pause } = self;
        f.debug_struct("Changes")
            .field("channel", channel)
            .field("connected", &stream.is_some())
            .field("pause", pause)
            .finish_non_exhaustive()
    }
}

impl RedisStore {
    /// Subscribes to the wake-up channel at the first [`Changes::next`]. To miss nothing, a waiter is made known first,
    /// then reads the record, and only then waits.
    #[must_use]
    pub fn changes(&self) -> Changes {
        self.heard_on(self.keys.changes())
    }

    /// The same for a worker, which is told of what is wanted no more, and of nothing else.
    #[must_use]
    pub fn stops(&self) -> Changes {
        self.heard_on(self.keys.stops())
    }

    fn heard_on(&self, channel: String) -> Changes {
        Changes { client: self.client.clone(), channel, stream: None, pause: LOOK_ANYWAY }
    }
}

impl Changes {
    /// Ends the subscription until the next change is waited for.
    pub fn unsubscribe(&mut self) {
        self.stream = None;
    }

    /// Waits for the next change: [`Change::Anything`] right after the subscription was made or made again, since
    /// what happened before was not heard, and when nothing was heard for 5 s. May be dropped while it waits.
    pub async fn next(&mut self) -> Change {
        let Some(stream) = &mut self.stream else {
            match tokio::time::timeout(self.pause, subscribe(&self.client, &self.channel)).await {
                Ok(Ok(stream)) => self.stream = Some(stream),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "no subscription to changes");
                    tokio::time::sleep(self.pause).await;
                }
                Err(_) => tracing::debug!("the subscription to changes was not answered"),
            }
            return Change::Anything;
        };
        match tokio::time::timeout(self.pause, stream.next()).await {
            Ok(Some(message)) => message.get_payload::<String>().map_or(Change::Anything, |text| Change::parse(&text)),
            Ok(None) => {
                self.stream = None;
                Change::Anything
            }
            Err(_) => Change::Anything,
        }
    }
}

async fn subscribe(client: &Client, channel: &str) -> redis::RedisResult<PubSubStream> {
    let mut subscription = client.get_async_pubsub().await?;
    subscription.subscribe(channel).await?;
    Ok(subscription.into_on_message())
}
