//! Lines into chunks, as they arrive: always the same chunks for the same lines.
//!
//! Each line is an item, an empty one too: its result says what is wrong with it, and the others run. A line feed at the
//! end of the last line starts no further one.

use super::line::kept;
use crate::job::ChunkNo;
use crate::ports::ChunkRecord;

/// Bytes of items after which a chunk is closed.
const CHUNK_BYTES: usize = 256 << 10;

/// Why items cannot be taken. Items count from 0.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum CutError {
    /// Longer than an item may be.
    #[error("item {item} is longer than {max} bytes")]
    TooLong {
        /// Its number.
        item: u64,
        /// The most that it may have.
        max: usize,
    },
    /// Bytes that are no text.
    #[error("item {item} is not UTF-8")]
    NotText {
        /// Its number.
        item: u64,
    },
}

/// Holds one chunk and one line at most.
#[derive(Debug)]
pub struct Cutter {
    most_items: u32,
    longest_line: usize,
    line: Vec<u8>,
    items: String,
    count: u32,
    chunk: u32,
    first_item: u64,
}

impl Cutter {
    /// Chunks of at most so many items, each of at most so many bytes.
    #[must_use]
    pub const fn new(most_items: u32, longest_line: usize) -> Self {
        Self { most_items, longest_line, line: Vec::new(), items: String::new(), count: 0, chunk: 0, first_item: 0 }
    }

    /// Takes bytes; answers the chunks that are full now.
    ///
    /// # Errors
    /// [`CutError`] names the item; the rest is not taken.
    pub fn push(&mut self, bytes: &[u8]) -> Result<Vec<ChunkRecord>, CutError> {
        let mut full = Vec::new();
        for part in bytes.split_inclusive(|byte| *byte == b'\n') {
            let (text, ends) = part.strip_suffix(b"\n").map_or((part, false), |text| (text, true));
            if self.line.len() + text.len() > self.longest_line {
                return Err(CutError::TooLong { item: self.next_item(), max: self.longest_line });
            }
            self.line.extend_from_slice(text);
            if ends {
                full.extend(self.end_line()?);
            }
        }
        Ok(full)
    }

    /// The end of the items; answers the chunks that are left, the last of which may be small.
    ///
    /// # Errors
    /// As [`Cutter::push`].
    pub fn finish(&mut self) -> Result<Vec<ChunkRecord>, CutError> {
        let mut rest = Vec::new();
        if !self.line.is_empty() {
            rest.extend(self.end_line()?);
        }
        if self.count > 0 {
            rest.push(self.close());
        }
        Ok(rest)
    }

    /// Items seen so far.
    pub(super) fn next_item(&self) -> u64 {
        self.first_item + u64::from(self.count)
    }

    fn end_line(&mut self) -> Result<Option<ChunkRecord>, CutError> {
        let item = self.next_item();
        let text = kept(Some(std::str::from_utf8(&self.line).map_err(|_| CutError::NotText { item })?));
        let is_over = self.count == self.most_items || self.items.len() + text.len() >= CHUNK_BYTES;
        let full = if self.count > 0 && is_over {
            Some(close(&mut self.items, &mut self.count, &mut self.chunk, &mut self.first_item))
        } else {
            None
        };
        self.items.push_str(text);
        self.items.push('\n');
        self.count += 1;
        self.line.clear();
        Ok(full)
    }

    fn close(&mut self) -> ChunkRecord {
        close(&mut self.items, &mut self.count, &mut self.chunk, &mut self.first_item)
    }
}

fn close(items: &mut String, count: &mut u32, chunk: &mut u32, first_item: &mut u64) -> ChunkRecord {
    let record = ChunkRecord {
        chunk: ChunkNo(*chunk),
        first_item: *first_item,
        items: std::mem::take(items),
        count: std::mem::take(count),
    };
    *chunk += 1;
    *first_item += u64::from(record.count);
    record
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &[u8], step: usize, most: u32) -> Result<Vec<ChunkRecord>, CutError> {
        let mut cutter = Cutter::new(most, 1 << 20);
        let mut chunks = Vec::new();
        for part in text.chunks(step) {
            chunks.extend(cutter.push(part)?);
        }
        chunks.extend(cutter.finish()?);
        Ok(chunks)
    }

    #[test]
    fn the_way_in_which_bytes_arrive_does_not_matter() {
        let text: String = (0..100).map(|n| format!("{{\"ü\":{n}}}\n")).collect();
        let whole = cut(text.as_bytes(), text.len(), 7).unwrap();
        assert_eq!(whole.len(), 15);
        for step in [1, 2, 3, 8, 64] {
            assert_eq!(cut(text.as_bytes(), step, 7).unwrap(), whole);
        }
        assert_eq!(whole.iter().map(|chunk| chunk.items.as_str()).collect::<String>(), text);
        assert!(whole.iter().all(|chunk| chunk.first_item == u64::from(chunk.chunk.0) * 7));
    }

    #[test]
    fn a_last_line_needs_no_line_feed_and_an_empty_line_is_an_item() {
        let counts = |text: &str| cut(text.as_bytes(), 2, 10).unwrap().iter().map(|c| c.count).collect::<Vec<_>>();
        assert_eq!(counts("{}\n{}"), [2]);
        assert_eq!(counts("{}\n\n{}\n"), [3]);
        assert!(counts("").is_empty());
    }

    #[test]
    fn large_items_close_a_chunk_early() {
        let text = format!("\"{}\"\n", "x".repeat(100_000)).repeat(5);
        let counts: Vec<u32> = cut(text.as_bytes(), 1 << 14, 100).unwrap().iter().map(|chunk| chunk.count).collect();
        assert_eq!(counts, [2, 2, 1]);
    }

    #[test]
    fn what_cannot_be_an_item_is_named() {
        assert_eq!(cut(b"{}\n\xff\n", 9, 5), Err(CutError::NotText { item: 1 }));
        assert_eq!(cut("\u{fffd}\n".as_bytes(), 9, 5).unwrap()[0].items, "\u{fffd} \n", "this one is text");
        let mut cutter = Cutter::new(5, 10);
        assert_eq!(cutter.push(b"{}\n12345678901"), Err(CutError::TooLong { item: 1, max: 10 }));
    }
}
