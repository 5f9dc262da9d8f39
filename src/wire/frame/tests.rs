use proptest::prelude::*;

use super::*;
use crate::job::{BadResult, ProgramError};

const OUTPUT_BYTES: u64 = 1 << 20;

fn frame(kind: u8, parts: &[&[u8]]) -> Vec<u8> {
    let mut out = Vec::new();
    encode(&mut out, kind, parts).unwrap();
    out
}

fn indexed(kind: u8, index: u64, text: &str) -> Vec<u8> {
    frame(kind, &[&index.to_le_bytes(), text.as_bytes()])
}

fn decode_all(decoder: &mut Decoder) -> Result<Vec<Reply>, FrameError> {
    std::iter::from_fn(|| decoder.next_reply().transpose()).collect()
}

fn decode(bytes: &[u8]) -> Result<Vec<Reply>, FrameError> {
    let mut decoder = Decoder::new(OUTPUT_BYTES);
    decoder.push(bytes);
    decode_all(&mut decoder)
}

fn only(bytes: &[u8]) -> Reply {
    let mut replies = decode(bytes).unwrap();
    assert_eq!(replies.len(), 1);
    replies.remove(0)
}

/// What the harness writes for a reply.
fn encode_reply(reply: &Reply) -> Vec<u8> {
    let number = |index: &Option<u64>| index.unwrap_or(u64::MAX);
    let text = |error: &ProgramError| {
        serde_json::json!({"type": error.kind, "message": error.message, "line": error.line,
                           "traceback": error.traceback, "new_field": {"a": [1]}})
        .to_string()
    };
    match reply {
        Reply::Loaded => frame(0x10, &[]),
        Reply::Log { stream, bytes } => frame(0x11, &[&[if *stream == Stream::Stdout { 1 } else { 2 }], bytes]),
        Reply::Value { index, json } => frame(0x12, &[&index.to_le_bytes(), json]),
        Reply::Raised { index, error } => indexed(0x13, number(index), &text(error)),
        Reply::Memory { index, error } => indexed(0x14, number(index), &text(error)),
        Reply::Bad { index, why, message } => {
            indexed(0x15, *index, &serde_json::json!({"why": why.as_str(), "message": message}).to_string())
        }
        Reply::Exit { index, code } => indexed(0x16, number(index), &format!("{{\"code\":{code}}}")),
        Reply::Unsettled { index, message } => {
            indexed(0x17, *index, &serde_json::json!({ "message": message }).to_string())
        }
    }
}

#[test]
fn what_the_worker_sends_is_fixed_to_the_byte() {
    let mut out = Vec::new();
    encode_item(&mut out, 258, &RawJson::parse("{\"é\":1}".to_owned()).unwrap()).unwrap();
    assert_eq!(out, [b"\x10\0\0\0\x02\x02\x01\0\0\0\0\0\0".as_slice(), "{\"é\":1}".as_bytes()].concat());

    out.clear();
    encode_end(&mut out);
    assert_eq!(out, b"\0\0\0\0\x03");

    out.clear();
    let program = ProgramFrame {
        code: "a\n\"b\"",
        file: "main.py",
        entrypoint: "main",
        attempt: 1,
        idempotency_key: None,
        seed: Some((1 << 63) + 7),
        now_ms: None,
        output_bytes: 9,
    };
    encode_program(&mut out, &program).unwrap();
    let json = r#"{"code":"a\n\"b\"","file":"main.py","entrypoint":"main","attempt":1,"idempotency_key":null,"output_bytes":9,"seed":[2147483648,7],"now_ms":null}"#;
    assert_eq!(out, frame(0x01, &[json.as_bytes()]));

    assert_eq!(encode_item(&mut out, u64::MAX, &RawJson::empty_object()), Err(EncodeError::ReservedIndex));
}

#[test]
fn lengths_are_checked_before_the_bytes_are_there() {
    let head = |length: u32, kind: u8| decode(&[&length.to_le_bytes()[..], &[kind]].concat());
    let out = u32::try_from(OUTPUT_BYTES).unwrap();
    for (length, kind) in [
        (1, 0x10),
        (0, 0x11),
        ((1 << 20) + 2, 0x11),
        (7, 0x12),
        (out + 9, 0x12),
        (u32::MAX, 0x12),
        ((256 << 10) + 9, 0x13),
        (i32::MAX as u32, 0x16),
    ] {
        assert!(matches!(head(length, kind), Err(FrameError::Length { .. })), "{length} {kind:#x}");
    }
    for (length, kind) in [((1 << 20) + 1, 0x11), (8, 0x12), (out + 8, 0x12), ((256 << 10) + 8, 0x17)] {
        assert_eq!(head(length, kind), Ok(vec![]), "{length} {kind:#x}");
    }
    for kind in [0, 1, 2, 3, 0x0f, 0x18, 0xff] {
        assert_eq!(head(0, kind), Err(FrameError::Kind(kind)));
    }
}

#[test]
fn memory_follows_what_came_not_what_was_declared() {
    let mut decoder = Decoder::new(u64::from(u32::MAX));
    decoder.push(&[&u32::MAX.to_le_bytes()[..], &[0x12], &[0; 8], b"{"].concat());
    assert_eq!(decoder.next_reply(), Ok(None));
    assert!(decoder.body.as_ref().unwrap().text.capacity() <= Decoder::RESERVE);
    assert!(decoder.is_mid_frame());
}

#[test]
fn a_finished_text_has_no_spare_room() {
    let json = vec![b'x'; 300_000];
    let bytes = frame(0x12, &[&[0; 8], &json]);
    let mut decoder = Decoder::new(OUTPUT_BYTES);
    let mut replies = Vec::new();
    for piece in bytes.chunks(65_536) {
        decoder.push(piece);
        replies.extend(decode_all(&mut decoder).unwrap());
    }
    let Some(Reply::Value { json: got, .. }) = replies.pop() else { panic!("no value") };
    assert_eq!((got.len(), got.capacity()), (300_000, 300_000));
    assert!(!decoder.is_mid_frame());
}

#[test]
fn after_an_error_it_stays_failed() {
    let mut decoder = Decoder::new(OUTPUT_BYTES);
    decoder.push(&[&frame(0x10, &[])[..], &frame(0x99, &[]), &frame(0x10, &[])].concat());
    assert_eq!(decoder.next_reply(), Ok(Some(Reply::Loaded)));
    assert_eq!(decoder.next_reply(), Err(FrameError::Kind(0x99)));
    decoder.push(&frame(0x10, &[]));
    assert_eq!(decoder.next_reply(), Err(FrameError::Kind(0x99)));
}

#[test]
fn the_greatest_index_is_the_program_itself_where_that_makes_sense() {
    let error = r#"{"type":"SyntaxError","message":"m","line":3,"traceback":[]}"#;
    assert!(matches!(only(&indexed(0x13, u64::MAX, error)), Reply::Raised { index: None, .. }));
    assert!(matches!(only(&indexed(0x14, u64::MAX, error)), Reply::Memory { index: None, .. }));
    assert_eq!(only(&indexed(0x16, u64::MAX, r#"{"code":3}"#)), Reply::Exit { index: None, code: 3 });
    let bad = r#"{"why":"circular","message":"m"}"#;
    for (kind, text) in [(0x12, "{}"), (0x15, bad), (0x17, r#"{"message":"m"}"#)] {
        assert_eq!(decode(&indexed(kind, u64::MAX, text)), Err(FrameError::NoItem(kind)));
    }
}

#[test]
fn texts_that_are_not_what_the_kind_says_are_errors() {
    for (kind, text) in [
        (0x13, ""),
        (0x13, "[]"),
        (0x13, r#"{"message":"m"}"#),
        (0x13, r#"{"type":1,"message":"m"}"#),
        (0x13, r#"{"type":"a","message":"m","traceback":[1]}"#),
        (0x13, "{\"type\":\"a\",\"message\":\"m\"} x"),
        (0x15, r#"{"why":"forged","message":"m"}"#),
        (0x15, r#"{"why":"not_as_declared","message":"m"}"#),
        (0x16, r#"{"code":"0"}"#),
        (0x16, r#"{"code":1.5}"#),
        (0x17, r#"{"message":null}"#),
    ] {
        assert!(matches!(decode(&indexed(kind, 0, text)), Err(FrameError::Text { .. })), "{kind:#x} {text}");
    }
    assert_eq!(decode(&frame(0x11, &[b"\x03x"])), Err(FrameError::Stream(3)));
}

#[test]
fn long_texts_are_cut_at_a_character_and_odd_ones_are_kept() {
    let text = serde_json::json!({
        "type": "É".repeat(200), "message": format!("x{}", "é".repeat(10_000)), "line": -1,
        "traceback": vec!["ü".repeat(3_000); 24],
    });
    let Reply::Raised { error, .. } = only(&indexed(0x13, 0, &text.to_string())) else { panic!("not raised") };
    assert_eq!(error.kind, "É".repeat(128));
    assert_eq!(error.message.len(), (16 << 10) - 1);
    assert_eq!(error.line, None);
    assert_eq!(error.traceback, vec!["ü".repeat(2_048); 24]);

    let text = serde_json::json!({"type": "E", "message": "", "traceback": vec!["l"; 1_000]}).to_string();
    let Reply::Memory { error, .. } = only(&indexed(0x14, 0, &text)) else { panic!("not memory") };
    assert_eq!(error.traceback.len(), 100);

    let lone = r#"{"type":"E","message":"a\ud800b","line":null}"#;
    let Reply::Raised { error, .. } = only(&indexed(0x13, 0, lone)) else { panic!("not raised") };
    assert!(error.message.starts_with("a\u{fffd}") && error.message.ends_with('b'), "{}", error.message);

    assert_eq!(only(&indexed(0x16, 0, r#"{"code":-5000000000}"#)), Reply::Exit { index: Some(0), code: i32::MIN });
}

fn error() -> impl Strategy<Value = ProgramError> {
    (any::<String>(), any::<String>(), any::<Option<u32>>(), prop::collection::vec(any::<String>(), 0..4)).prop_map(
        |(kind, message, line, traceback)| ProgramError {
            kind: kind.chars().take(60).collect(),
            message,
            line,
            traceback,
            syscall: None,
        },
    )
}

fn reply() -> impl Strategy<Value = Reply> {
    let index = 0..u64::MAX;
    let maybe = prop::option::of(index.clone());
    let why = prop::sample::select(vec![BadResult::NotAnObject, BadResult::BadKey, BadResult::LoneSurrogate]);
    let bytes = prop::collection::vec(any::<u8>(), 0..300);
    prop_oneof![
        Just(Reply::Loaded),
        (any::<bool>(), bytes.clone())
            .prop_map(|(out, bytes)| Reply::Log { stream: if out { Stream::Stdout } else { Stream::Stderr }, bytes }),
        (index.clone(), bytes).prop_map(|(index, json)| Reply::Value { index, json }),
        (maybe.clone(), error()).prop_map(|(index, error)| Reply::Raised { index, error }),
        (maybe.clone(), error()).prop_map(|(index, error)| Reply::Memory { index, error }),
        (index.clone(), why, any::<String>()).prop_map(|(index, why, message)| Reply::Bad { index, why, message }),
        (maybe, any::<i32>()).prop_map(|(index, code)| Reply::Exit { index, code }),
        (index, any::<String>()).prop_map(|(index, message)| Reply::Unsettled { index, message }),
    ]
}

proptest! {
    #[test]
    fn replies_survive_any_split_of_the_stream(
        replies in prop::collection::vec(reply(), 0..8),
        cuts in prop::collection::vec(0..40_usize, 1..12),
        eager in any::<bool>(),
    ) {
        let bytes: Vec<u8> = replies.iter().flat_map(encode_reply).collect();
        let mut decoder = Decoder::new(OUTPUT_BYTES);
        let mut got = Vec::new();
        let mut rest = bytes.as_slice();
        for cut in cuts.iter().cycle() {
            let (piece, others) = rest.split_at(rest.len().min(*cut + usize::from(cuts.iter().all(|c| *c == 0))));
            decoder.push(piece);
            if eager {
                got.extend(decode_all(&mut decoder).unwrap());
            }
            rest = others;
            if rest.is_empty() {
                break;
            }
        }
        got.extend(decode_all(&mut decoder).unwrap());
        prop_assert!(!decoder.is_mid_frame());
        prop_assert_eq!(got, replies);
    }

    #[test]
    fn noise_is_decoded_or_refused_but_never_panics(pieces in prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 0..6)) {
        let mut decoder = Decoder::new(100);
        for piece in &pieces {
            decoder.push(piece);
            let first = decode_all(&mut decoder);
            if let Err(error) = first {
                prop_assert_eq!(decoder.next_reply(), Err(error));
            }
        }
    }

    #[test]
    fn noise_in_a_known_frame_never_panics(kind in 0x10..0x18_u8, payload in prop::collection::vec(any::<u8>(), 0..60)) {
        let first = decode(&frame(kind, &[&payload]));
        prop_assert_eq!(first.clone(), decode(&frame(kind, &[&payload])));
        if let Ok(replies) = first {
            prop_assert_eq!(replies.len(), 1);
        }
    }
}
