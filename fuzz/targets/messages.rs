//! What any client may publish: properties, headers, body. A message that is read is one that is written and read again.
#![no_main]

use cellblock::job::{Lane, UnixMillis};
use cellblock::wire::{Arrival, Decoded, HeaderValue, WireMessage, decode_message, encode_message};
use libfuzzer_sys::fuzz_target;

const NAMES: [&str; 12] = [
    "x-tenant",
    "x-fp",
    "x-idem",
    "x-lang",
    "x-job",
    "x-batch",
    "x-attempt",
    "x-infra",
    "x-submitted",
    "x-chunk",
    "x-deadline",
    "x-other",
];

type Input<'a> = ([Option<&'a str>; 5], Option<u64>, Vec<(u8, Result<i64, &'a str>)>, &'a [u8]);

fuzz_target!(|input: Input<'_>| {
    let ([message_id, correlation_id, kind, content_type, content_encoding], timestamp_s, headers, body) = input;
    let owned = |text: Option<&str>| text.map(str::to_owned);
    let header = |(name, value): (u8, Result<i64, &str>)| {
        let name = NAMES[usize::from(name) % NAMES.len()].to_owned();
        (name, value.map_or_else(|text| HeaderValue::Text(text.to_owned()), HeaderValue::Number))
    };
    // Without a type a body is a job; most inputs should get beyond that.
    let kind = kind
        .filter(|kind| kind.len() % 4 == 1)
        .map(|kind| if kind.starts_with('c') { "cellblock.chunk.v1" } else { kind });
    let wire = WireMessage {
        message_id: owned(message_id),
        correlation_id: owned(correlation_id),
        kind: owned(kind),
        content_type: owned(content_type.filter(|text| text.len() % 4 == 1)),
        content_encoding: owned(content_encoding.filter(|text| text.len() % 4 == 1)),
        timestamp_s,
        headers: headers.into_iter().map(header).collect(),
        body: body.to_vec(),
    };
    let arrival = Arrival { lane: Lane::batch(), at: UnixMillis(77), max_body_bytes: 1 << 16 };
    if let Ok(Decoded::Message(message)) = decode_message(&wire, &arrival) {
        let again = decode_message(&encode_message(&message).unwrap(), &arrival).unwrap();
        assert_eq!(again, Decoded::Message(message));
    }
});
