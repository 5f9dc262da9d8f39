//! The items file: what is in it, and its lines as chunks.
//!
//! Each line is an item, an empty one and one that is not UTF-8 too: its result says so, and the others run. A line feed at
//! the end of the last line starts no further one. Reading blocks.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Read, Seek};

use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::intake::kept;
use crate::job::{ChunkNo, OutcomeKind};
use crate::ports::ChunkRecord;

/// Longest line, in bytes.
const LINE_MAX: u64 = 64 << 20;

/// Bytes of items after which a chunk is closed.
pub(super) const CHUNK_BYTES: usize = 256 << 10;

/// Why an items file cannot be used. Lines count from 1.
#[derive(Debug, thiserror::Error)]
pub enum ItemsError {
    /// It cannot be read.
    #[error(transparent)]
    Read(#[from] io::Error),
    /// A line that no item can be.
    #[error("line {line} is longer than {LINE_MAX} bytes; is this a file of JSON Lines?")]
    TooLong {
        /// Its number.
        line: u64,
    },
    /// Bytes that are no text, where results are asked for.
    #[error("line {line} is not UTF-8")]
    NotText {
        /// Its number.
        line: u64,
    },
    /// A line that is no result, where results are asked for.
    #[error(
        "line {line} is not a result of `cellblock batch run`: {reason}; leave out --from-results to use lines as they are"
    )]
    NotAResult {
        /// Its number.
        line: u64,
        /// What is wrong with it.
        reason: String,
    },
    /// It is not what it was when the run began.
    #[error("the items changed while they were read; run again with --restart")]
    Changed,
}

/// What one pass over the file finds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) sha256: [u8; 32],
    /// Items in it.
    pub(super) items: u64,
    /// Lines without one: results that are no successes.
    pub(super) skipped: u64,
}

/// Looks at the whole file.
pub(super) fn survey(file: &mut File, from_results: bool) -> Result<Survey, ItemsError> {
    let mut lines = Lines::start(file, from_results)?;
    let mut items = 0;
    while lines.next_item()?.is_some() {
        items += 1;
    }
    Ok(Survey { items, skipped: lines.number - items, sha256: lines.hash.finalize().into() })
}

/// A line of a results file.
#[derive(Deserialize)]
struct ResultLine<'a> {
    #[serde(deserialize_with = "present")]
    outcome: Option<OutcomeKind>,
    #[serde(borrow, default)]
    output: Option<&'a RawValue>,
}

/// Serde takes a missing option for none; a result always has its outcome, `null` for a fault.
fn present<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<OutcomeKind>, D::Error> {
    Option::deserialize(deserializer)
}

struct Lines<R> {
    reader: R,
    from_results: bool,
    line: Vec<u8>,
    /// Lines read.
    number: u64,
    hash: Sha256,
}

impl Lines<BufReader<File>> {
    fn start(file: &mut File, from_results: bool) -> Result<Self, ItemsError> {
        file.rewind()?;
        let reader = BufReader::with_capacity(256 << 10, file.try_clone()?);
        Ok(Self { reader, from_results, line: Vec::new(), number: 0, hash: Sha256::new() })
    }
}

impl<R: BufRead> Lines<R> {
    /// The text of the next item; `None` at the end.
    fn next_item(&mut self) -> Result<Option<&str>, ItemsError> {
        loop {
            self.line.clear();
            if self.reader.by_ref().take(LINE_MAX + 1).read_until(b'\n', &mut self.line)? == 0 {
                return Ok(None);
            }
            self.number += 1;
            self.hash.update(&self.line);
            if self.line.len() as u64 > LINE_MAX {
                return Err(ItemsError::TooLong { line: self.number });
            }
            if !self.from_results || self.is_success()? {
                break;
            }
        }
        if !self.from_results {
            return Ok(Some(kept(self.text().ok())));
        }
        let result: Option<ResultLine<'_>> = serde_json::from_str(self.text()?).ok();
        Ok(result.and_then(|result| result.output).map(RawValue::get))
    }

    fn is_success(&self) -> Result<bool, ItemsError> {
        let result: ResultLine<'_> = serde_json::from_str(self.text()?)
            .map_err(|error| ItemsError::NotAResult { line: self.number, reason: error.to_string() })?;
        Ok(result.outcome == Some(OutcomeKind::Succeeded) && result.output.is_some())
    }

    fn text(&self) -> Result<&str, ItemsError> {
        let line = self.line.strip_suffix(b"\n").unwrap_or(&self.line);
        std::str::from_utf8(line).map_err(|_| ItemsError::NotText { line: self.number })
    }
}

/// Cuts the file into chunks: always the same ones for the same file and size.
pub(super) struct Chunks {
    lines: Lines<BufReader<File>>,
    most_items: u32,
    sha256: [u8; 32],
    next_chunk: u32,
    next_item: u64,
    /// The item that did not fit into the chunk before.
    left_over: Option<String>,
    is_at_end: bool,
}

impl Chunks {
    pub(super) fn start(
        file: &mut File,
        from_results: bool,
        most_items: u32,
        survey: &Survey,
    ) -> Result<Self, ItemsError> {
        let lines = Lines::start(file, from_results)?;
        let sha256 = survey.sha256;
        Ok(Self { lines, most_items, sha256, next_chunk: 0, next_item: 0, left_over: None, is_at_end: false })
    }

    /// The next chunk; `None` at the end.
    pub(super) fn next_chunk(&mut self) -> Result<Option<ChunkRecord>, ItemsError> {
        let mut items = String::new();
        let mut count = 0;
        if let Some(item) = self.left_over.take() {
            push_line(&mut items, &item);
            count += 1;
        }
        while !self.is_at_end && count < self.most_items {
            match self.lines.next_item()? {
                Some(item) if count > 0 && items.len() + item.len() >= CHUNK_BYTES => {
                    self.left_over = Some(item.to_owned());
                    break;
                }
                Some(item) => {
                    push_line(&mut items, item);
                    count += 1;
                }
                None => {
                    self.is_at_end = true;
                    let found: [u8; 32] = self.lines.hash.clone().finalize().into();
                    if found != self.sha256 {
                        return Err(ItemsError::Changed);
                    }
                }
            }
        }
        if count == 0 {
            return Ok(None);
        }
        let record = ChunkRecord { chunk: ChunkNo(self.next_chunk), first_item: self.next_item, items, count };
        self.next_chunk += 1;
        self.next_item += u64::from(count);
        Ok(Some(record))
    }
}

fn push_line(items: &mut String, item: &str) {
    // The output of a result may have been written by the program itself, with line feeds between the tokens.
    items.extend(item.split('\n'));
    items.push('\n');
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;

    fn file(text: &[u8]) -> File {
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(text).unwrap();
        file
    }

    fn chunks(text: &(impl AsRef<[u8]> + ?Sized), from_results: bool, most: u32) -> (Survey, Vec<ChunkRecord>) {
        let mut file = file(text.as_ref());
        let survey = survey(&mut file, from_results).unwrap();
        let mut chunks = Chunks::start(&mut file, from_results, most, &survey).unwrap();
        (survey, std::iter::from_fn(|| chunks.next_chunk().unwrap()).collect())
    }

    proptest! {
        #[test]
        fn every_line_is_in_one_chunk_in_its_place(
            lines in prop::collection::vec("[a-z{}]{0,5}", 0..40), most in 1..10_u32, ends_with_feed in any::<bool>(),
        ) {
            let mut text = lines.join("\n");
            if ends_with_feed && !lines.is_empty() {
                text.push('\n');
            }
            // What follows the last line feed is a line only if there is something in it.
            let lines = if !ends_with_feed && lines.last().is_some_and(String::is_empty) { &lines[..lines.len() - 1] } else { &lines[..] };
            let (survey, chunks) = chunks(&text, false, most);
            prop_assert_eq!(survey.items, lines.len() as u64);
            let mut next = 0;
            for (no, chunk) in chunks.iter().enumerate() {
                prop_assert_eq!((chunk.chunk.0 as usize, chunk.first_item), (no, next));
                prop_assert!((1..=most).contains(&chunk.count));
                next += u64::from(chunk.count);
            }
            let joined: String = chunks.iter().map(|chunk| chunk.items.as_str()).collect();
            prop_assert_eq!(joined, lines.iter().map(|line| format!("{line}\n")).collect::<String>());
        }
    }

    #[test]
    fn a_chunk_is_closed_by_bytes_too_and_an_item_may_be_larger() {
        let (small, large) = ("x".repeat(CHUNK_BYTES / 2 - 1), "y".repeat(2 * CHUNK_BYTES));
        let (_, chunks) = chunks(&format!("{small}\n{small}\n{small}\n{large}\n{small}"), false, 100);
        assert_eq!(chunks.iter().map(|chunk| chunk.count).collect::<Vec<_>>(), [2, 1, 1, 1]);
    }

    #[test]
    fn a_line_that_is_no_text_keeps_its_place() {
        let (survey, chunks) = chunks(b"{}\n\xff\n\xef\xbf\xbd\n{\"n\":\"\xe4\"}\r\n{}", false, 2);
        assert_eq!((survey.items, survey.skipped), (5, 0));
        let kept: Vec<_> = chunks.iter().map(|chunk| (chunk.first_item, chunk.count, chunk.items.as_str())).collect();
        assert_eq!(kept, [(0, 2, "{}\n\u{fffd}\n"), (2, 2, "\u{fffd} \n\u{fffd}\n"), (4, 1, "{}\n")]);
    }

    #[test]
    fn outputs_of_successes_are_items() {
        let text = "{\"item\":0,\"outcome\":\"succeeded\",\"output\":{\"n\": 1.0},\"usage\":{\"wall_ms\":1}}\n\
                    {\"item\":1,\"outcome\":\"failed\",\"usage\":{\"wall_ms\":1}}\n\
                    {\"item\":2,\"outcome\":null,\"usage\":{\"wall_ms\":1}}\n\
                    {\"item\":3,\"outcome\":\"succeeded\",\"output\":{},\"usage\":{\"wall_ms\":1}}";
        let (survey, chunks) = chunks(text, true, 100);
        assert_eq!((survey.items, survey.skipped), (2, 2));
        assert_eq!(chunks[0].items, "{\"n\": 1.0}\n{}\n");
    }

    #[test]
    fn what_cannot_be_used_is_named_with_its_line() {
        let refused = |text: &[u8], from_results| survey(&mut file(text), from_results).unwrap_err().to_string();
        assert_eq!(refused(b"{\"outcome\":null}\n\xff\n", true), "line 2 is not UTF-8");
        assert!(
            refused(b"{\"n\":1}\n", true).starts_with("line 1 is not a result of `cellblock batch run`: missing field")
        );
        assert!(refused(b"\n", true).starts_with("line 1 is not a result"));
    }

    #[test]
    fn a_file_that_changes_is_noticed() {
        let mut changing = file(b"{}\n");
        let survey = survey(&mut changing, false).unwrap();
        changing.write_all(b"{}\n").unwrap();
        let mut chunks = Chunks::start(&mut changing, false, 100, &survey).unwrap();
        assert!(matches!(chunks.next_chunk(), Err(ItemsError::Changed)));
    }
}
