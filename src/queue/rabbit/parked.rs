//! Dead letters for people: looked at, and removed one by one.

use data_encoding::HEXLOWER;
use lapin::message::BasicGetMessage;
use lapin::options::{BasicAckOptions, BasicGetOptions, BasicNackOptions};
use lapin::{Acker, BasicProperties, Channel, Connection};
use sha2::{Digest, Sha256};

use super::link::{Base, short};
use super::properties::from_amqp;
use super::topology::close;
use crate::job::{Lane, UnixMillis};
use crate::ports::{Parked, QueueError};
use crate::wire::{Arrival, Decoded, HeaderValue, WireMessage, decode_message, unix_millis};

/// Digits of an id: two dead letters that share them are some billions apart.
const ID_DIGITS: usize = 16;

/// Looks at the oldest messages. All of them are put back; before RabbitMQ 4.3 each look counts as a delivery, of which
/// a parked message has a million.
pub(super) async fn look(base: &Base, connection: &Connection, limit: u32) -> Result<Vec<Parked>, QueueError> {
    let mut walk = Walk::start(base, connection).await?;
    let mut found = Vec::new();
    while found.len() < usize::try_from(limit).unwrap_or(usize::MAX) {
        let Some((parked, acker)) = walk.next().await? else { break };
        found.push(parked);
        walk.last = Some(acker);
    }
    walk.end().await?;
    Ok(found)
}

/// Removes messages by their ids; answers those that were there.
pub(super) async fn remove(base: &Base, connection: &Connection, ids: &[String]) -> Result<Vec<String>, QueueError> {
    let mut walk = Walk::start(base, connection).await?;
    let mut removed = Vec::new();
    while removed.len() < ids.len() {
        let Some((parked, acker)) = walk.next().await? else { break };
        if ids.contains(&parked.id) {
            base.answer(acker.ack(BasicAckOptions::default())).await?;
            removed.push(parked.id);
        } else {
            walk.last = Some(acker);
        }
    }
    walk.end().await?;
    Ok(removed)
}

/// From the oldest message on. What was passed stays reserved until the end, or the next step would find it again.
struct Walk<'a> {
    base: &'a Base,
    channel: Channel,
    /// The youngest that has to be put back.
    last: Option<Acker>,
}

impl<'a> Walk<'a> {
    async fn start(base: &'a Base, connection: &Connection) -> Result<Self, QueueError> {
        Ok(Self { base, channel: base.answer(connection.create_channel()).await?, last: None })
    }

    async fn next(&mut self) -> Result<Option<(Parked, Acker)>, QueueError> {
        let queue = self.base.topology.parked_queue();
        let next = self.base.answer(self.channel.basic_get(short(&queue), BasicGetOptions::default())).await?;
        Ok(next.map(|BasicGetMessage { delivery, .. }| {
            let parked = read(self.base, &delivery.properties, delivery.data);
            (parked, delivery.acker)
        }))
    }

    async fn end(self) -> Result<(), QueueError> {
        if let Some(acker) = self.last {
            // All that are older and still reserved are meant as well.
            let all = BasicNackOptions { requeue: true, multiple: true };
            self.base.answer(acker.nack(all)).await?;
        }
        close(&self.channel).await;
        Ok(())
    }
}

fn read(base: &Base, properties: &BasicProperties, body: Vec<u8>) -> Parked {
    let wire = from_amqp(properties, body);
    let text = |name: &str| match wire.headers.get(name) {
        Some(HeaderValue::Text(text)) => text.clone(),
        Some(HeaderValue::Number(_) | HeaderValue::Other) | None => String::new(),
    };
    let (lane, reason, at) = (text("x-lane"), text("x-reason"), text("x-parked-at"));
    let arrival = Arrival {
        lane: Lane::parse(lane.as_str()).unwrap_or_else(|_| Lane::interactive()),
        at: UnixMillis(0),
        max_body_bytes: base.settings.max_body_bytes,
    };
    let message = match decode_message(&wire, &arrival) {
        Ok(Decoded::Message(message)) => Some(message),
        Ok(Decoded::Unnamed(_)) | Err(_) => None,
    };
    let id = id_of(&wire, &at);
    let work = wire.correlation_id.unwrap_or_default();
    Parked { id, lane, work, reason, parked_at: unix_millis(&at), body: wire.body, message }
}

/// The same for every look at one dead letter. A copy that was parked twice at different times has two.
fn id_of(wire: &WireMessage, parked_at: &str) -> String {
    let mut hash = Sha256::new();
    let copy = wire.message_id.as_deref().unwrap_or_default();
    for part in [copy.as_bytes(), parked_at.as_bytes(), &wire.body] {
        hash.update((part.len() as u64).to_le_bytes());
        hash.update(part);
    }
    let mut id = HEXLOWER.encode(&hash.finalize());
    id.truncate(ID_DIGITS);
    id
}
