//! Reading and writing control files, with the path in every error.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Longest text of a [`Counter`].
const COUNTER_BYTES: usize = 4096;

/// A file that is read for every job, and so kept open.
#[derive(Debug)]
pub(super) struct Counter {
    path: PathBuf,
    file: File,
}

impl Counter {
    pub(super) fn open(path: PathBuf) -> io::Result<Self> {
        let file = File::open(&path).map_err(|error| named(&path, error))?;
        Ok(Self { path, file })
    }

    /// One that can be set to 0.
    pub(super) fn open_for_restarts(path: PathBuf) -> io::Result<Self> {
        let file = File::options().read(true).write(true).open(&path).map_err(|error| named(&path, error))?;
        Ok(Self { path, file })
    }

    pub(super) fn restart(&self) -> io::Result<()> {
        self.file.write_all_at(b"0", 0).map_err(|error| named(&self.path, error))
    }

    pub(super) fn read_number(&self) -> io::Result<u64> {
        number(&self.path, &self.read()?)
    }

    /// As [`read_keyed`].
    pub(super) fn read_keyed(&self, key: &str) -> io::Result<u64> {
        Ok(keyed(&self.read()?, key))
    }

    fn read(&self) -> io::Result<String> {
        let mut text = [0; COUNTER_BYTES];
        let length = self.file.read_at(&mut text, 0).map_err(|error| named(&self.path, error))?;
        Ok(String::from_utf8_lossy(text.get(..length).unwrap_or_default()).into_owned())
    }
}

pub(super) fn named(path: &Path, error: io::Error) -> io::Error {
    // The raw number is lost in a wrapped error, and callers look at the kind only.
    io::Error::new(error.kind(), format!("{}: {error}", path.display()))
}

pub(super) fn write(path: &Path, value: &str) -> io::Result<()> {
    std::fs::OpenOptions::new()
        .write(true)
        .open(path)
        .and_then(|mut file| io::Write::write_all(&mut file, value.as_bytes()))
        .map_err(|error| named(path, error))
}

pub(super) fn write_if_there(path: &Path, value: &str) -> io::Result<()> {
    match write(path, value) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}

pub(super) fn read(path: &Path) -> io::Result<String> {
    std::fs::read_to_string(path).map_err(|error| named(path, error))
}

pub(super) fn read_number(path: &Path) -> io::Result<u64> {
    number(path, &read(path)?)
}

fn number(path: &Path, text: &str) -> io::Result<u64> {
    text.trim().parse().map_err(|_| io::Error::other(format!("{}: not a number: {text:?}", path.display())))
}

/// The number behind `key` in a file of `key number` lines; 0 when the key is not there.
pub(super) fn read_keyed(path: &Path, key: &str) -> io::Result<u64> {
    Ok(keyed(&read(path)?, key))
}

fn keyed(text: &str, key: &str) -> u64 {
    let mut rows = text.lines().filter_map(|line| line.split_once(' '));
    rows.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0)
}

pub(super) fn give(path: &Path, uid: u32) -> io::Result<()> {
    std::os::unix::fs::chown(path, Some(uid), None).map_err(|error| named(path, error))
}

pub(super) fn make_dir(path: &Path) -> io::Result<()> {
    std::fs::create_dir(path).map_err(|error| named(path, error))
}

/// Makes a directory where there is none: two who want the same one at the same time both have it.
pub(super) fn make_dir_once(path: &Path) -> io::Result<()> {
    match make_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => Ok(()),
        other => other,
    }
}

pub(super) fn remove_dir(path: &Path) -> io::Result<()> {
    match std::fs::remove_dir(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other.map_err(|error| named(path, error)),
    }
}

pub(super) fn open_directory(path: &Path) -> io::Result<std::fs::File> {
    std::fs::File::open(path).map_err(|error| named(path, error))
}

pub(super) fn open_for_writing(path: &Path) -> io::Result<std::fs::File> {
    std::fs::OpenOptions::new().write(true).open(path).map_err(|error| named(path, error))
}
