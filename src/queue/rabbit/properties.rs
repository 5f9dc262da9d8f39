//! Between the message's own form and the client library's types.

use lapin::BasicProperties;
use lapin::types::{AMQPValue, FieldTable, ShortString};

use super::link::short;
use crate::wire::{HeaderValue, WireMessage};

/// Survives a restart of the broker.
const PERSISTENT: u8 = 2;

/// What the broker adds to a dead letter. Published again with these, a message would tell of the delay it went
/// through instead of the lane it died in.
const OF_DEAD_LETTERS: [&str; 4] = ["x-death", "x-first-death-", "x-last-death-", "x-delivery-count"];

/// A message's properties, for publishing.
pub(super) fn to_amqp(wire: &WireMessage) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in &wire.headers {
        let value = match value {
            HeaderValue::Text(text) => AMQPValue::LongString(text.as_str().into()),
            HeaderValue::Number(number) => AMQPValue::LongLongInt(*number),
            HeaderValue::Other => AMQPValue::Void,
        };
        headers.insert(short(name), value);
    }
    let mut properties = BasicProperties::default().with_delivery_mode(PERSISTENT).with_headers(headers);
    if let Some(id) = &wire.message_id {
        properties = properties.with_message_id(short(id));
    }
    if let Some(id) = &wire.correlation_id {
        properties = properties.with_correlation_id(short(id));
    }
    if let Some(kind) = &wire.kind {
        properties = properties.with_type(short(kind));
    }
    if let Some(content_type) = &wire.content_type {
        properties = properties.with_content_type(short(content_type));
    }
    if let Some(seconds) = wire.timestamp_s {
        properties = properties.with_timestamp(seconds);
    }
    properties
}

/// What came, with its body.
pub(super) fn from_amqp(properties: &BasicProperties, body: Vec<u8>) -> WireMessage {
    let owned = |text: &Option<ShortString>| text.as_ref().map(|text| text.as_str().to_owned());
    let headers = properties.headers().iter().flat_map(|table| table.inner().iter());
    WireMessage {
        message_id: owned(properties.message_id()),
        correlation_id: owned(properties.correlation_id()),
        kind: owned(properties.kind()),
        content_type: owned(properties.content_type()),
        content_encoding: owned(properties.content_encoding()),
        timestamp_s: *properties.timestamp(),
        headers: headers.map(|(name, value)| (name.as_str().to_owned(), header(value))).collect(),
        body,
    }
}

/// How often the broker has got this message back. A classic queue does not count: once, when it is `redelivered`.
pub(super) fn redeliveries(properties: &BasicProperties, redelivered: bool) -> u32 {
    let value = properties.headers().as_ref().and_then(|table| table.inner().get("x-delivery-count"));
    match value.map(header) {
        Some(HeaderValue::Number(count)) => u32::try_from(count).unwrap_or(0),
        Some(HeaderValue::Text(_) | HeaderValue::Other) | None => redelivered.into(),
    }
}

/// The queue in which the broker gave up on this message, and why, in the broker's words.
pub(super) fn death(properties: &BasicProperties) -> (String, String) {
    // The last death stands first.
    let deaths = properties.headers().as_ref().and_then(|table| table.inner().get("x-death"));
    let last = match deaths {
        Some(AMQPValue::FieldArray(deaths)) => deaths.as_slice().first(),
        Some(_) | None => None,
    };
    let text = |name: &str| match last {
        Some(AMQPValue::FieldTable(death)) => match death.inner().get(name).map(header) {
            Some(HeaderValue::Text(text)) => text,
            Some(HeaderValue::Number(_) | HeaderValue::Other) | None => String::new(),
        },
        Some(_) | None => String::new(),
    };
    (text("queue"), text("reason"))
}

/// The properties of a message that is put aside, with these texts added to its headers.
pub(super) fn parked(properties: &BasicProperties, notes: &[(&str, String)]) -> BasicProperties {
    let mut headers = FieldTable::default();
    for (name, value) in properties.headers().iter().flat_map(|table| table.inner().iter()) {
        if !OF_DEAD_LETTERS.iter().any(|start| name.as_str().starts_with(start)) {
            headers.insert(name.clone(), value.clone());
        }
    }
    for (name, text) in notes {
        headers.insert(short(name), AMQPValue::LongString(text.as_str().into()));
    }
    // An expiration would delete it, and a user id of somebody else would close the channel.
    let mut parked = BasicProperties::default().with_delivery_mode(PERSISTENT).with_headers(headers);
    if let Some(id) = properties.message_id() {
        parked = parked.with_message_id(id.clone());
    }
    if let Some(id) = properties.correlation_id() {
        parked = parked.with_correlation_id(id.clone());
    }
    if let Some(kind) = properties.kind() {
        parked = parked.with_type(kind.clone());
    }
    if let Some(content_type) = properties.content_type() {
        parked = parked.with_content_type(content_type.clone());
    }
    if let Some(encoding) = properties.content_encoding() {
        parked = parked.with_content_encoding(encoding.clone());
    }
    if let Some(timestamp) = properties.timestamp() {
        parked = parked.with_timestamp(*timestamp);
    }
    parked
}

fn header(value: &AMQPValue) -> HeaderValue {
    match value {
        AMQPValue::ShortShortInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::ShortShortUInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::ShortInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::ShortUInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::LongInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::LongUInt(number) => HeaderValue::Number((*number).into()),
        AMQPValue::LongLongInt(number) => HeaderValue::Number(*number),
        AMQPValue::Timestamp(number) => i64::try_from(*number).map_or(HeaderValue::Other, HeaderValue::Number),
        AMQPValue::ShortString(text) => HeaderValue::Text(text.as_str().to_owned()),
        AMQPValue::LongString(text) => {
            std::str::from_utf8(text.as_bytes()).map_or(HeaderValue::Other, |text| HeaderValue::Text(text.to_owned()))
        }
        AMQPValue::Boolean(_)
        | AMQPValue::Float(_)
        | AMQPValue::Double(_)
        | AMQPValue::DecimalValue(_)
        | AMQPValue::FieldArray(_)
        | AMQPValue::FieldTable(_)
        | AMQPValue::ByteArray(_)
        | AMQPValue::Void => HeaderValue::Other,
    }
}
