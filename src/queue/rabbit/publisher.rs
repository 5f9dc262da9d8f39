//! The connection that publishes.

use std::sync::Arc;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::sync::Mutex;

use super::link::{Base, queue_error, short};
use crate::ports::{Published, QueueError};

/// Publishes, one connection at a time.
#[derive(Debug)]
pub(super) struct Publisher {
    base: Arc<Base>,
    line: Mutex<Option<Arc<Line>>>,
}

/// An open connection with a channel in confirm mode, which all publishes share: they do not wait for each other.
#[derive(Debug)]
pub(super) struct Line {
    pub(super) connection: Connection,
    channel: Channel,
}

impl Line {
    fn is_up(&self) -> bool {
        self.connection.status().connected() && self.channel.status().connected()
    }
}

impl Publisher {
    pub(super) fn new(base: Arc<Base>) -> Self {
        Self { base, line: Mutex::new(None) }
    }

    /// Publishes with confirmation. A publish that is given up on may still arrive: it carries the same copy as the next
    /// try, which is how the store tells them apart.
    pub(super) async fn send(
        &self,
        (exchange, key): (&str, &str),
        properties: BasicProperties,
        body: &[u8],
    ) -> Result<Published, QueueError> {
        let line = self.line().await?;
        if line.connection.status().blocked() {
            let place = self.base.settings.place();
            return Err(QueueError::Unavailable(format!("{place} takes no publishes: memory or disk is short")));
        }
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let sending =
            async { line.channel.basic_publish(short(exchange), short(key), options, body, properties).await?.await };
        match tokio::time::timeout(self.base.settings.answer_timeout, sending).await {
            Ok(Ok(Confirmation::Ack(None))) => Ok(Published::Confirmed),
            // Returned and then confirmed: the broker is done with it, and it is nowhere.
            Ok(Ok(Confirmation::Ack(Some(returned)))) => {
                let text = &returned.reply_text;
                Err(QueueError::Broken(format!("exchange {exchange} has no route for {key} ({text})")))
            }
            Ok(Ok(Confirmation::Nack(_))) => Ok(Published::Full),
            Ok(Ok(Confirmation::NotRequested)) => {
                self.drop_line(&line).await;
                Err(QueueError::Unavailable("the channel does not confirm".to_owned()))
            }
            Ok(Err(error)) => {
                self.drop_line(&line).await;
                Err(queue_error(error))
            }
            Err(_) => {
                self.drop_line(&line).await;
                Err(QueueError::Unavailable(format!("{} does not confirm", self.base.settings.place())))
            }
        }
    }

    /// The open connection, made if there is none.
    pub(super) async fn line(&self) -> Result<Arc<Line>, QueueError> {
        let mut line = self.line.lock().await;
        if let Some(line) = line.as_ref().filter(|line| line.is_up()) {
            return Ok(Arc::clone(line));
        }
        let connection = self.base.connect("publish").await?;
        let channel = self.base.answer(connection.create_channel()).await?;
        self.base.answer(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        let fresh = Arc::new(Line { connection, channel });
        *line = Some(Arc::clone(&fresh));
        Ok(fresh)
    }

    /// Forgets a connection that has failed, unless somebody has made a new one since.
    async fn drop_line(&self, failed: &Arc<Line>) {
        let mut line = self.line.lock().await;
        if line.as_ref().is_some_and(|line| Arc::ptr_eq(line, failed)) {
            *line = None;
        }
    }
}
