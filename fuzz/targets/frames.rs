//! What a jailed program writes where the harness answers: framing, and the JSON of a result.
//!
//! However the bytes are cut into pieces, the same replies come out of them; nothing comes after an error; and a text that
//! the scan accepts is JSON.
#![no_main]

use cellblock::job::RawJson;
use cellblock::sys::native::Notice;
use cellblock::wire::{Decoder, FrameError, Reply, ScanLimits, scan};
use libfuzzer_sys::fuzz_target;

const OUTPUT_BYTES: u64 = 4096;

fn decode<'a>(pieces: impl Iterator<Item = &'a [u8]>) -> (Vec<Reply>, Option<FrameError>) {
    let (mut decoder, mut replies) = (Decoder::new(OUTPUT_BYTES), Vec::new());
    for piece in pieces {
        decoder.push(piece);
        loop {
            match decoder.next_reply() {
                Ok(Some(reply)) => replies.push(reply),
                Ok(None) => break,
                Err(error) => {
                    decoder.push(piece);
                    assert_eq!(decoder.next_reply(), Err(error.clone()));
                    return (replies, Some(error));
                }
            }
        }
    }
    (replies, None)
}

fuzz_target!(|input: (u8, &[u8])| {
    let (size, bytes) = input;
    let whole = decode(std::iter::once(bytes));
    assert_eq!(decode(bytes.chunks(usize::from(size) + 1)), whole);
    for reply in whole.0 {
        if let Reply::Value { json, .. } = reply {
            assert!(json.len() as u64 <= OUTPUT_BYTES);
            let limits = ScanLimits::of_result(json.len());
            if scan(&json, limits).is_ok() {
                RawJson::parse(String::from_utf8(json).unwrap()).unwrap();
            }
        }
    }
    let _known = Notice::decode(bytes);
});
