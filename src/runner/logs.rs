//! What one item printed, up to its limit.

use crate::job::{Limits, Logs, Stream};

/// The text that V8 writes to standard error when its heap is full; it aborts right after.
const HEAP_TEXTS: [&[u8]; 2] = [b"JavaScript heap out of memory", b"FATAL ERROR: invalid table size"];

/// The logs of the item that is being run.
#[derive(Debug)]
pub(super) struct LogBuffer {
    keep_bytes: usize,
    flood_bytes: u64,
    stdout: Kept,
    stderr: Kept,
}

#[derive(Debug, Default)]
struct Kept {
    bytes: Vec<u8>,
    seen: u64,
}

impl LogBuffer {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            keep_bytes: usize::try_from(limits.log_bytes).unwrap_or(usize::MAX),
            flood_bytes: limits.log_flood_bytes(),
            stdout: Kept::default(),
            stderr: Kept::default(),
        }
    }

    /// Takes what was printed. Answers whether the stream is a flood now.
    pub(super) fn add(&mut self, stream: Stream, bytes: &[u8]) -> bool {
        let kept = match stream {
            Stream::Stdout => &mut self.stdout,
            Stream::Stderr | Stream::Result => &mut self.stderr,
        };
        kept.seen = kept.seen.saturating_add(bytes.len() as u64);
        let room = self.keep_bytes.saturating_sub(kept.bytes.len());
        kept.bytes.extend(bytes.iter().take(room));
        kept.seen > self.flood_bytes
    }

    /// Whether V8 said that its heap is full.
    pub(super) fn has_heap_text(&self) -> bool {
        HEAP_TEXTS.iter().any(|text| self.stderr.bytes.windows(text.len()).any(|window| window == *text))
    }

    /// The logs, leaving none: the next item starts with empty ones.
    pub(super) fn take(&mut self) -> Logs {
        let truncated = [&self.stdout, &self.stderr].iter().any(|kept| kept.seen > kept.bytes.len() as u64);
        let text = |kept: Kept| match String::from_utf8(kept.bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        };
        Logs {
            stdout: text(std::mem::take(&mut self.stdout)),
            stderr: text(std::mem::take(&mut self.stderr)),
            truncated,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_over_the_limit_is_counted_and_not_kept() {
        let mut logs = LogBuffer::new(&Limits { log_bytes: 4, ..Limits::default() });
        assert!(!logs.add(Stream::Stdout, b"abcdef"));
        let taken = logs.take();
        assert_eq!((taken.stdout.as_str(), taken.truncated), ("abcd", true));
        assert!(logs.take().is_empty());
    }

    #[test]
    fn a_flood_is_seen_at_its_limit() {
        let limits = Limits::default();
        let mut logs = LogBuffer::new(&limits);
        let piece = vec![b'x'; 1 << 20];
        let pieces = limits.log_flood_bytes() >> 20;
        assert!((0..pieces).all(|_| !logs.add(Stream::Stderr, &piece)));
        assert!(logs.add(Stream::Stderr, b"x"));
    }

    #[test]
    fn invalid_utf8_is_replaced() {
        let mut logs = LogBuffer::new(&Limits::default());
        logs.add(Stream::Stdout, b"a\xffb");
        assert_eq!(logs.take().stdout, "a\u{fffd}b");
    }
}
