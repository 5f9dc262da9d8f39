//! What comes over a control socket of the native library.

use std::io;
use std::os::fd::{AsFd, OwnedFd};

use tokio::io::unix::AsyncFd;

use crate::job::{Fault, Stage};
use crate::sys::native::Notice;
use crate::sys::socket;

/// The worker's end of a control socket, non-blocking.
pub(super) type Control = AsyncFd<OwnedFd>;

/// What is told of a [`Notice::Failed`].
pub(super) fn failed(stage: Stage, errno: i32) -> Fault {
    Fault::setup(stage, io::Error::from_raw_os_error(errno).to_string())
}

/// What is told when a descriptor cannot be made or kept.
pub(super) fn at_fds(error: io::Error) -> Fault {
    Fault::setup(Stage::Descriptors, error.to_string())
}

/// What is told when a cgroup cannot be used.
pub(super) fn at_cgroup(error: io::Error) -> Fault {
    Fault::setup(Stage::Cgroup, error.to_string())
}

/// The next notice with its descriptors; cancelling it loses nothing. The end of the other side is `UnexpectedEof`.
pub(super) async fn notice(control: &Control) -> io::Result<(Notice, Vec<OwnedFd>)> {
    let mut buffer = [0; 64];
    loop {
        let mut ready = control.readable().await?;
        match ready.try_io(|socket| socket::receive(socket.as_fd(), &mut buffer)) {
            Ok(Ok((0, _))) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(Ok((length, fds))) => {
                let notice = buffer.get(..length).and_then(Notice::decode);
                return notice.map(|notice| (notice, fds)).ok_or_else(|| io::ErrorKind::InvalidData.into());
            }
            Ok(Err(error)) => return Err(error),
            Err(_would_block) => {}
        }
    }
}
