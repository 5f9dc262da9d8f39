//! Finds a key that stands twice in one object.

use super::{Reason, ScanError};

/// The keys of all open objects, innermost last. An object's keys are compared when it ends, by sorting:
/// comparing each with each would let a program buy a minute of ours with a megabyte of its own, and a hash
/// table would need a secret.
#[derive(Default)]
pub(super) struct Keys {
    list: Vec<Key>,
    /// Keys that had escapes, decoded, one after another.
    decoded: Vec<u8>,
}

#[derive(Clone, Copy)]
struct Key {
    /// The first eight bytes, big-endian: settles most comparisons without a look at the text.
    head: u64,
    /// Offset in the text; from the text's length on, offset in `decoded`.
    start: u32,
    len: u32,
    /// Where it stands in the text.
    at: u32,
}

impl Keys {
    /// Where the keys of an object that starts now will begin.
    pub(super) const fn mark(&self) -> (usize, usize) {
        (self.list.len(), self.decoded.len())
    }

    /// Notes the key between the quotes at `start` and `end`.
    pub(super) fn add(&mut self, text: &[u8], start: usize, end: usize, escaped: bool) {
        let raw = text.get(start..end).unwrap_or_default();
        let (place, len) = if escaped {
            let before = self.decoded.len();
            decode_into(&mut self.decoded, text.get(start - 1..=end).unwrap_or_default());
            (text.len() + before, self.decoded.len() - before)
        } else {
            (start, raw.len())
        };
        let bytes = slice(text, &self.decoded, place, len);
        let mut head = [0; 8];
        for (into, from) in head.iter_mut().zip(bytes) {
            *into = *from;
        }
        self.list.push(Key {
            head: u64::from_be_bytes(head),
            start: narrow(place),
            len: narrow(len),
            at: narrow(start - 1),
        });
    }

    /// Compares the keys of the innermost object and forgets them. The marks are those of its start.
    pub(super) fn close(&mut self, text: &[u8], keys_before: usize, decoded_before: usize) -> Result<(), ScanError> {
        let decoded = &self.decoded;
        let bytes = |key: &Key| slice(text, decoded, key.start as usize, key.len as usize);
        let order = |a: &Key, b: &Key| a.head.cmp(&b.head).then_with(|| bytes(a).cmp(bytes(b)));
        let mine = self.list.get_mut(keys_before..).unwrap_or_default();
        mine.sort_unstable_by(order);
        let twice = mine.array_windows().find(|[a, b]| order(a, b).is_eq()).map(|[a, b]| a.at.max(b.at));
        self.list.truncate(keys_before);
        self.decoded.truncate(decoded_before);
        match twice {
            Some(at) => Err(ScanError { reason: Reason::DuplicateKey, at: at as usize }),
            None => Ok(()),
        }
    }
}

fn slice<'a>(text: &'a [u8], decoded: &'a [u8], start: usize, len: usize) -> &'a [u8] {
    let (source, start) = if start >= text.len() { (decoded, start - text.len()) } else { (text, start) };
    source.get(start..start + len).unwrap_or_default()
}

/// Texts are at most [`super::ScanLimits::MAX_BYTES`] long, and decoded keys are no longer than the text.
fn narrow(offset: usize) -> u32 {
    u32::try_from(offset).unwrap_or(u32::MAX)
}

/// Appends what a string with its quotes says. The scan has found it valid.
fn decode_into(out: &mut Vec<u8>, quoted: &[u8]) {
    let text: String = serde_json::from_slice(quoted).unwrap_or_default();
    out.extend_from_slice(text.as_bytes());
}
