//! Looking at what was parked.

use lapin::Connection;
use lapin::options::{BasicGetOptions, BasicNackOptions};

use super::link::{Base, short};
use super::properties::from_amqp;
use super::topology::close;
use crate::ports::QueueError;
use crate::wire::HeaderValue;

/// A message that was given up on, for people to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParkedMessage {
    /// The lane it came from.
    pub lane: String,
    /// The job or chunk, where its message said so.
    pub work: String,
    /// Why.
    pub reason: String,
    /// When, as RFC 3339.
    pub parked_at: String,
    /// The message's body as it came.
    pub body: Vec<u8>,
}

/// Takes messages on a channel of their own and puts all of them back.
pub(super) async fn look(base: &Base, connection: &Connection, limit: u32) -> Result<Vec<ParkedMessage>, QueueError> {
    let channel = base.answer(connection.create_channel()).await?;
    let queue = base.topology.parked_queue();
    let mut found = Vec::new();
    let mut last = None;
    for _ in 0..limit {
        let next = base.answer(channel.basic_get(short(&queue), BasicGetOptions::default())).await?;
        let Some(message) = next else { break };
        let wire = from_amqp(&message.delivery.properties, message.delivery.data);
        let text = |name: &str| match wire.headers.get(name) {
            Some(HeaderValue::Text(text)) => text.clone(),
            Some(HeaderValue::Number(_) | HeaderValue::Other) | None => String::new(),
        };
        let (lane, reason, parked_at) = (text("x-lane"), text("x-reason"), text("x-parked-at"));
        let work = wire.correlation_id.unwrap_or_default();
        found.push(ParkedMessage { lane, work, reason, parked_at, body: wire.body });
        last = Some(message.delivery.acker);
    }
    // Kept reserved until here, or the next look would find the same one again.
    if let Some(acker) = last {
        let all = BasicNackOptions { requeue: true, multiple: true };
        base.answer(acker.nack(all)).await?;
    }
    close(&channel).await;
    Ok(found)
}
