//! The connection that publishes.

use std::sync::Arc;
use std::time::Duration;

use lapin::options::{BasicPublishOptions, ConfirmSelectOptions};
use lapin::{BasicProperties, Channel, Confirmation, Connection};
use tokio::sync::Mutex;

use super::link::{Base, queue_error, short};
use crate::ports::{Published, QueueError};
use crate::sys::clock;
use crate::telemetry::{self, Disconnect};

/// Time between two looks at whether the broker takes publishes, while one waits for its confirmation.
const WATCH: Duration = Duration::from_millis(100);

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
        if self.is_blocked(&line) {
            return Err(self.blocked());
        }
        let options = BasicPublishOptions { mandatory: true, ..BasicPublishOptions::default() };
        let sending =
            async { line.channel.basic_publish(short(exchange), short(key), options, body, properties).await?.await };
        let begun = clock::now();
        let in_time = tokio::time::timeout(self.base.settings.answer_timeout, sending);
        let answer = tokio::select! {
            biased;
            answer = in_time => answer,
            // It stays in the connection, and is taken once the broker goes on: the same copy as that of the next try.
            () = self.until_blocked(&line) => return Err(self.blocked()),
        };
        match answer {
            Ok(Ok(Confirmation::Ack(None))) => {
                self.base.settings.telemetry.confirmed(begun.elapsed());
                Ok(Published::Confirmed)
            }
            // Returned and then confirmed: the broker is done with it, and it is nowhere.
            Ok(Ok(Confirmation::Ack(Some(returned)))) => {
                let text = &returned.reply_text;
                Err(QueueError::Unroutable(format!("exchange {exchange} has no route for {key} ({text})")))
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
        let telemetry = &self.base.settings.telemetry;
        match line.as_ref() {
            Some(line) if line.is_up() => return Ok(Arc::clone(line)),
            Some(_) => {
                *line = None;
                telemetry.broker_disconnected(telemetry::Connection::Publish, Disconnect::Closed);
            }
            None => {}
        }
        match self.connect().await {
            Ok(fresh) => {
                telemetry.broker_connected(telemetry::Connection::Publish);
                Ok(Arc::clone(line.insert(Arc::new(fresh))))
            }
            Err(error) => {
                telemetry.broker_disconnected(telemetry::Connection::Publish, Disconnect::Refused);
                Err(error)
            }
        }
    }

    async fn connect(&self) -> Result<Line, QueueError> {
        let connection = self.base.connect("publish").await?;
        let channel = self.base.answer(connection.create_channel()).await?;
        self.base.answer(channel.confirm_select(ConfirmSelectOptions::default())).await?;
        Ok(Line { connection, channel })
    }

    fn blocked(&self) -> QueueError {
        let place = self.base.settings.place();
        QueueError::Unavailable(format!("{place} takes no publishes: memory or disk is short"))
    }

    /// The broker says that it takes no publishes only once one is made.
    async fn until_blocked(&self, line: &Line) {
        while !self.is_blocked(line) {
            tokio::time::sleep(WATCH).await;
        }
    }

    /// Whether the broker takes no publishes on this connection; reports it.
    pub(super) fn is_blocked(&self, line: &Line) -> bool {
        let is_blocked = line.connection.status().blocked();
        self.base.settings.telemetry.broker_is_blocked(is_blocked);
        is_blocked
    }

    /// Forgets a connection that has failed, unless somebody has made a new one since.
    async fn drop_line(&self, failed: &Arc<Line>) {
        let mut line = self.line.lock().await;
        if line.as_ref().is_some_and(|line| Arc::ptr_eq(line, failed)) {
            *line = None;
            self.base.settings.telemetry.broker_disconnected(telemetry::Connection::Publish, Disconnect::Closed);
        }
    }
}
