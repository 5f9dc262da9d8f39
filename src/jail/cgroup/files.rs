//! Reading and writing control files, with the path in every error.

use std::io;
use std::path::Path;

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
    let text = read(path)?;
    text.trim().parse().map_err(|_| io::Error::other(format!("{}: not a number: {text:?}", path.display())))
}

/// The number behind `key` in a file of `key number` lines; 0 when the key is not there.
pub(super) fn read_keyed(path: &Path, key: &str) -> io::Result<u64> {
    let text = read(path)?;
    let mut rows = text.lines().filter_map(|line| line.split_once(' '));
    Ok(rows.find(|(name, _)| *name == key).and_then(|(_, value)| value.trim().parse().ok()).unwrap_or(0))
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
