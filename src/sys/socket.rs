//! Message sockets that carry descriptors.

use std::io::{self, IoSlice, IoSliceMut};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};

use nix::cmsg_space;
use nix::sys::socket::{
    AddressFamily, ControlMessage, ControlMessageOwned, MsgFlags, SockFlag, SockType, recvmsg, sendmsg, socketpair,
};

/// Most descriptors in one message.
pub const MAX_FDS: usize = 16;

/// A connected pair of `SOCK_SEQPACKET` sockets, close-on-exec: messages stay whole, and the end of one side
/// reads as an empty message on the other.
///
/// # Errors
/// The system's error.
pub fn pair() -> io::Result<(OwnedFd, OwnedFd)> {
    Ok(socketpair(AddressFamily::Unix, SockType::SeqPacket, None, SockFlag::SOCK_CLOEXEC)?)
}

/// Sends one message with descriptors.
///
/// # Errors
/// The system's error; `EAGAIN` on a full non-blocking socket, `EPIPE` when the other side is gone.
pub fn send(socket: BorrowedFd<'_>, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    let raw: Vec<RawFd> = fds.iter().map(AsRawFd::as_raw_fd).collect();
    let rights = [ControlMessage::ScmRights(&raw)];
    let control: &[ControlMessage<'_>] = if raw.is_empty() { &[] } else { &rights };
    sendmsg::<()>(socket.as_raw_fd(), &[IoSlice::new(message)], control, MsgFlags::MSG_NOSIGNAL, None)?;
    Ok(())
}

/// Receives one message of at most `buffer.len()` bytes and its descriptors, close-on-exec. The length 0 means
/// that the other side is gone.
///
/// # Errors
/// The system's error; `EAGAIN` on an empty non-blocking socket. A message that does not fit, or has more than
/// [`MAX_FDS`] descriptors, is `InvalidData`.
pub fn receive(socket: BorrowedFd<'_>, buffer: &mut [u8]) -> io::Result<(usize, Vec<OwnedFd>)> {
    let mut space = cmsg_space!([RawFd; MAX_FDS]);
    let mut parts = [IoSliceMut::new(buffer)];
    let message = recvmsg::<()>(socket.as_raw_fd(), &mut parts, Some(&mut space), MsgFlags::MSG_CMSG_CLOEXEC)?;
    let mut fds = Vec::new();
    for control in message.cmsgs()? {
        if let ControlMessageOwned::ScmRights(numbers) = control {
            // SAFETY: the kernel just made these descriptors for this process; nobody else owns them.
            fds.extend(numbers.into_iter().map(|number| unsafe { OwnedFd::from_raw_fd(number) }));
        }
    }
    if message.flags.intersects(MsgFlags::MSG_TRUNC | MsgFlags::MSG_CTRUNC) {
        return Err(io::Error::new(io::ErrorKind::InvalidData, "message is larger than agreed"));
    }
    Ok((message.bytes, fds))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::fd::AsFd;

    #[test]
    fn descriptors_travel_and_the_end_is_seen() {
        let (left, right) = pair().unwrap();
        let (reader, _writer) = nix::unistd::pipe().unwrap();
        send(left.as_fd(), b"take", &[reader.as_fd()]).unwrap();
        let mut buffer = [0; 16];
        let (length, fds) = receive(right.as_fd(), &mut buffer).unwrap();
        assert_eq!((&buffer[..length], fds.len()), (&b"take"[..], 1));
        drop(left);
        assert_eq!(receive(right.as_fd(), &mut buffer).unwrap().0, 0);
    }

    #[test]
    fn a_message_that_does_not_fit_is_refused() {
        let (left, right) = pair().unwrap();
        send(left.as_fd(), &[0; 32], &[]).unwrap();
        assert_eq!(receive(right.as_fd(), &mut [0; 16]).unwrap_err().kind(), io::ErrorKind::InvalidData);
    }
}
