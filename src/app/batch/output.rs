//! The results file. Only whole chunks are appended, in their order; writing blocks.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::Path;

use super::tally::Tally;

/// A results file that is being written, with a tally of what is in it.
#[derive(Debug)]
pub(super) struct Output {
    file: File,
    /// Bytes that are known to be right.
    written: u64,
    /// Whether what follows may be right, from a process that was there before.
    verifies: bool,
    tally: Tally,
}

impl Output {
    /// Opens the file. `resumes` says that what is in it may be the beginning of the results.
    pub(super) fn open(path: &Path, resumes: bool) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).truncate(!resumes).read(true).write(true).open(path)?;
        Ok(Self { file, written: 0, verifies: resumes, tally: Tally::new() })
    }

    /// Appends a chunk's results, unless they are there.
    pub(super) fn push(&mut self, results: &str) -> io::Result<()> {
        self.tally.add(results);
        if self.verifies {
            if self.is_there(results.as_bytes())? {
                self.written += results.len() as u64;
                return Ok(());
            }
            self.cut()?;
        }
        self.file.write_all(results.as_bytes())?;
        self.written += results.len() as u64;
        Ok(())
    }

    /// Cuts what does not belong to the results, and waits until the disk has them.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.verifies {
            self.cut()?;
        }
        self.file.sync_all()
    }

    pub(super) fn into_tally(self) -> Tally {
        self.tally
    }

    fn is_there(&mut self, expected: &[u8]) -> io::Result<bool> {
        let mut found = Vec::with_capacity(expected.len());
        (&mut self.file).take(expected.len() as u64).read_to_end(&mut found)?;
        Ok(found == expected)
    }

    fn cut(&mut self) -> io::Result<()> {
        self.verifies = false;
        self.file.set_len(self.written)?;
        self.file.seek(SeekFrom::Start(self.written))?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whatever_a_killed_process_left_is_completed() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        let whole = "{\"item\":0}\n{\"item\":1}\n{\"item\":2}\n";
        let other = "x".repeat(100);
        let kept = (0..=whole.len()).map(|length| &whole[..length]);
        for left in kept.chain(["", "other\n", &other, &format!("{whole}more\n")]) {
            std::fs::write(&path, left).unwrap();
            let mut output = Output::open(&path, true).unwrap();
            for chunk in whole.split_inclusive('\n') {
                output.push(chunk).unwrap();
                assert!(std::fs::read_to_string(&path).unwrap().starts_with(&whole[..chunk.len()]));
            }
            output.finish().unwrap();
            assert_eq!(std::fs::read_to_string(&path).unwrap(), whole, "after {left:?}");
        }
    }

    #[test]
    fn a_new_run_starts_with_an_empty_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("r.jsonl");
        std::fs::write(&path, "of another run\n").unwrap();
        Output::open(&path, false).unwrap().finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "");
    }
}
