//! What is known of the memory that a template's jobs write to.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::sync::Arc;

use nix::sys::memfd::{MFdFlags, memfd_create};
use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;

/// A survey lists at most as many bytes (`MOST_WRITTEN` of `native/profile.c`).
const MOST_BYTES: u64 = 4 << 15;

/// The list of a survey, as the native library wrote it: it reads it again in templates that are started later. Empty where
/// nothing is known.
#[derive(Debug, Clone, Default)]
pub(super) struct Profile(Arc<[u8]>);

impl Profile {
    /// What a survey writes until it ends.
    ///
    /// # Errors
    /// The system's error.
    pub(super) async fn read(list: pipe::Receiver) -> io::Result<Self> {
        let mut bytes = Vec::new();
        list.take(MOST_BYTES).read_to_end(&mut bytes).await?;
        Ok(Self(bytes.into()))
    }

    /// Blocks of memory that it names.
    pub(super) fn blocks(&self) -> usize {
        self.0.len() / size_of::<u32>()
    }

    /// As a template finds it among its descriptors.
    ///
    /// # Errors
    /// The system's error.
    pub(super) fn file(&self) -> io::Result<OwnedFd> {
        if self.0.is_empty() {
            return File::open("/dev/null").map(OwnedFd::from);
        }
        let mut file = File::from(memfd_create(c"profile", MFdFlags::MFD_CLOEXEC)?);
        file.write_all(&self.0)?;
        Ok(file.into())
    }
}
