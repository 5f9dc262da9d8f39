//! The jailer as a handle.

use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::path::Path;
use std::process::Child;

use nix::libc;
use tokio::io::unix::AsyncFd;

use crate::jail::cgroup::Group;
use crate::jail::{JailPlan, JailerRequest, SpawnReply};
use crate::job::{Fault, Stage};
use crate::sys::{fd, process, socket};

/// Room for one reply.
const REPLY_MAX: usize = 4096;

/// A running jailer of one runtime. It ends, with all that it started, when this is dropped.
///
/// Requests are single messages, and each carries the socket on which it is answered: callers neither wait for one
/// another nor hold a lock, so one that stops waiting, or is never polled again, holds nobody up.
#[derive(Debug)]
pub struct Jailer {
    control: AsyncFd<OwnedFd>,
    // Waited for on drop, after the socket is closed, so that no zombie is left.
    child: Child,
}

impl Jailer {
    /// Starts a jailer, `binary jailer`, in its place of `group`, and waits until its root stands.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub async fn start(binary: &Path, plan: &JailPlan, group: &dyn Group) -> Result<Self, Fault> {
        let at_plan = |error: io::Error| Fault::setup(Stage::Plan, error.to_string());
        let (ours, theirs) = socket::pair().map_err(at_plan)?;
        let child = process::spawn(binary, &["jailer"], theirs).map_err(at_plan)?;
        fd::set_nonblocking(ours.as_fd()).map_err(at_plan)?;
        let control = fd::watch(ours).map_err(at_plan)?;
        let jailer = Self { control, child };
        group.seat(jailer.pid()).map_err(|error| Fault::setup(Stage::Cgroup, error.to_string()))?;
        let message = serde_json::to_vec(plan).map_err(|error| at_plan(error.into()))?;
        send(&jailer.control, &message, &[]).await.map_err(at_plan)?;
        let (reply, _) = receive(&jailer.control).await.map_err(at_plan)?;
        match reply {
            SpawnReply::Ready => Ok(jailer),
            SpawnReply::Failed { stage, message } => Err(Fault::setup(stage, message)),
            SpawnReply::Started => Err(Fault::setup(Stage::Plan, "jailer answered out of turn")),
        }
    }

    /// Starts a slot or a template, and gives the pidfd of its first process.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed; `zygote_died` when the jailer itself is gone.
    pub async fn spawn(&self, request: &JailerRequest, fds: &[BorrowedFd<'_>]) -> Result<OwnedFd, Fault> {
        let gone = |error: io::Error| Fault::zygote_died(format!("jailer does not answer: {error}"));
        let message = serde_json::to_vec(request).map_err(|error| gone(error.into()))?;
        let (ours, theirs) = socket::pair().map_err(gone)?;
        fd::set_nonblocking(ours.as_fd()).map_err(gone)?;
        let answers = fd::watch(ours).map_err(gone)?;
        let sent: Vec<BorrowedFd<'_>> = std::iter::once(theirs.as_fd()).chain(fds.iter().copied()).collect();
        send(&self.control, &message, &sent).await.map_err(gone)?;
        // Only the jailer has the other end now: if it dies, the answer is the end of the socket.
        drop(theirs);
        let (reply, mut fds) = receive(&answers).await.map_err(gone)?;
        match (reply, fds.pop()) {
            (SpawnReply::Started, Some(pidfd)) => Ok(pidfd),
            (SpawnReply::Failed { stage, message }, _) => Err(Fault::setup(stage, message)),
            (SpawnReply::Started | SpawnReply::Ready, _) => Err(Fault::zygote_died("jailer answered out of turn")),
        }
    }

    /// The process id of the outer jailer.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Jailer {
    fn drop(&mut self) {
        // The inner jailer ends at the end of its socket, and the outer one with it.
        let ended = nix::sys::socket::shutdown(self.control.as_raw_fd(), nix::sys::socket::Shutdown::Both)
            .map_err(io::Error::from)
            .and_then(|()| self.child.wait());
        if let Err(error) = ended {
            tracing::warn!(%error, "the jailer's end was not seen");
        }
    }
}

async fn send(control: &AsyncFd<OwnedFd>, message: &[u8], fds: &[BorrowedFd<'_>]) -> io::Result<()> {
    loop {
        let mut ready = control.writable().await?;
        match ready.try_io(|socket| socket::send(socket.as_fd(), message, fds)) {
            Ok(result) => return result,
            Err(_would_block) => {}
        }
    }
}

async fn receive(control: &AsyncFd<OwnedFd>) -> io::Result<(SpawnReply, Vec<OwnedFd>)> {
    let mut buffer = [0; REPLY_MAX];
    loop {
        let mut ready = control.readable().await?;
        match ready.try_io(|socket| socket::receive(socket.as_fd(), &mut buffer)) {
            Ok(Ok((0, _))) => return Err(io::Error::from_raw_os_error(libc::EPIPE)),
            Ok(Ok((length, fds))) => {
                let reply = serde_json::from_slice(buffer.get(..length).unwrap_or_default())?;
                return Ok((reply, fds));
            }
            Ok(Err(error)) => return Err(error),
            Err(_would_block) => {}
        }
    }
}
