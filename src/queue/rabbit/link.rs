//! Connections, and what the broker's errors mean.

use lapin::protocol::{AMQPErrorKind, AMQPHardError, AMQPSoftError};
use lapin::types::ShortString;
use lapin::{Connection, ConnectionProperties, Error, ErrorKind};

use super::settings::RabbitSettings;
use super::topology::Topology;
use crate::ports::QueueError;

/// What consumer, publisher and deliveries share.
#[derive(Debug)]
pub(super) struct Base {
    pub(super) settings: RabbitSettings,
    pub(super) topology: Topology,
    /// Tells this queue's deliveries from those of every other one, in this process or elsewhere.
    pub(super) id: u64,
    /// Two connections that declare the same queues at the same time only get in each other's way.
    preparing: tokio::sync::Mutex<()>,
}

impl Base {
    pub(super) fn new(settings: RabbitSettings) -> Result<Self, QueueError> {
        let topology = settings.topology()?;
        let id = getrandom::u64().map_err(|error| QueueError::Unavailable(format!("random numbers: {error}")))?;
        Ok(Self { settings, topology, id, preparing: tokio::sync::Mutex::new(()) })
    }

    /// A connection for `purpose`, with all that it needs at the broker.
    pub(super) async fn connect(&self, purpose: &str) -> Result<Connection, QueueError> {
        let connection = connect(&self.settings, purpose).await?;
        let preparing = tokio::time::timeout(self.settings.answer_timeout * 4, self.prepare(&connection));
        match preparing.await {
            Ok(prepared) => prepared.map(|()| connection),
            Err(_) => Err(self.silence()),
        }
    }

    async fn prepare(&self, connection: &Connection) -> Result<(), QueueError> {
        let _alone = self.preparing.lock().await;
        if self.settings.declare {
            self.topology.declare(connection).await?;
        } else {
            let missing = self.topology.missing(connection).await?;
            if !missing.is_empty() {
                let place = self.settings.place();
                return Err(QueueError::Broken(format!("{place} has no {}; declare the topology", missing.join(", "))));
            }
        }
        Ok(())
    }

    /// Waits for the broker's answer, though not for ever: the client library leaves a call that runs into the end of its
    /// connection without one.
    pub(super) async fn answer<T>(&self, call: impl Future<Output = lapin::Result<T>>) -> Result<T, QueueError> {
        match tokio::time::timeout(self.settings.answer_timeout, call).await {
            Ok(answer) => answer.map_err(queue_error),
            Err(_) => Err(self.silence()),
        }
    }

    fn silence(&self) -> QueueError {
        QueueError::Unavailable(format!("{} does not answer", self.settings.place()))
    }
}

/// A bare connection.
pub(super) async fn connect(settings: &RabbitSettings, purpose: &str) -> Result<Connection, QueueError> {
    let name = format!("{} {purpose} {}", settings.prefix, std::process::id());
    let properties = ConnectionProperties::default().with_connection_name(name.as_str().into());
    let connecting = Connection::connect_uri(settings.uri.clone(), properties);
    let place = || settings.place();
    match tokio::time::timeout(settings.connect_timeout, connecting).await {
        Ok(Ok(connection)) => Ok(connection),
        Ok(Err(error)) => Err(queue_error(error).at(place())),
        Err(_) => Err(QueueError::Unavailable(format!("{} does not answer", place()))),
    }
}

/// Whether somebody has to act, or time will do.
pub(super) fn queue_error(error: Error) -> QueueError {
    let text = error.to_string();
    let ErrorKind::ProtocolError(protocol) = error.kind() else { return QueueError::Unavailable(text) };
    let needs_somebody = match protocol.kind() {
        AMQPErrorKind::Soft(soft) => match soft {
            AMQPSoftError::NOTFOUND
            | AMQPSoftError::PRECONDITIONFAILED
            | AMQPSoftError::ACCESSREFUSED
            | AMQPSoftError::NOROUTE => true,
            AMQPSoftError::CONTENTTOOLARGE | AMQPSoftError::NOCONSUMERS | AMQPSoftError::RESOURCELOCKED => false,
        },
        AMQPErrorKind::Hard(hard) => {
            matches!(hard, AMQPHardError::NOTALLOWED | AMQPHardError::INVALIDPATH | AMQPHardError::NOTIMPLEMENTED)
        }
    };
    if needs_somebody { QueueError::Broken(text) } else { QueueError::Unavailable(text) }
}

/// Whether the broker says that there is no such thing.
pub(super) fn is_missing(error: &Error) -> bool {
    let ErrorKind::ProtocolError(protocol) = error.kind() else { return false };
    matches!(protocol.kind(), AMQPErrorKind::Soft(AMQPSoftError::NOTFOUND))
}

/// Whether the broker says that there is such a thing in another form.
pub(super) fn is_other_form(error: &Error) -> bool {
    let ErrorKind::ProtocolError(protocol) = error.kind() else { return false };
    matches!(protocol.kind(), AMQPErrorKind::Soft(AMQPSoftError::PRECONDITIONFAILED))
}

/// Our own names, which are shorter than AMQP's 255 bytes; a longer text becomes an empty one, which the broker refuses.
pub(super) fn short(text: &str) -> ShortString {
    ShortString::try_new(text).unwrap_or_default()
}
