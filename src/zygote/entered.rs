//! An interpreter that has taken the last steps.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;

use super::process::Body;
use super::warm::{Forked, Warm};
use crate::jail::Report;
use crate::jail::cgroup::LeafUsage;
use crate::sys::process;

/// How long the kernel may take to end a killed slot or job.
pub(super) const END_DEADLINE: Duration = Duration::from_secs(10);

/// An interpreter that has entered the jail for good and reads its program now. Dropped, it is killed.
#[derive(Debug)]
pub struct Entered {
    /// Where frames for the harness go.
    pub job: pipe::Sender,
    /// Where frames of the harness, or of a hostile program, come from.
    pub result: pipe::Receiver,
    /// Raw standard output.
    pub stdout: pipe::Receiver,
    /// Raw standard error.
    pub stderr: pipe::Receiver,
    /// Calls that the filter did not allow. A warm slot has one for all its jobs.
    pub listener: Arc<AsyncFd<OwnedFd>>,
    /// Its process.
    pub life: Life,
}

/// The worker's ends of an interpreter's pipes.
#[derive(Debug)]
pub(super) struct Streams {
    pub(super) job: pipe::Sender,
    pub(super) result: pipe::Receiver,
    pub(super) stdout: pipe::Receiver,
    pub(super) stderr: pipe::Receiver,
}

/// The process of an [`Entered`].
#[derive(Debug)]
pub struct Life(pub(super) Kind);

/// Where the process came from.
#[derive(Debug)]
pub(super) enum Kind {
    /// Started for this job, in a slot of its own.
    OneShot { body: Body, report: pipe::Receiver },
    /// Forked from a warm slot.
    Forked(Box<Forked>),
}

/// What is left of an interpreter that has ended.
#[derive(Debug, Default)]
pub struct Remains {
    /// What it used.
    pub usage: LeafUsage,
    /// Its slot, when it is fit for another job.
    pub(super) warm: Option<Warm>,
}

impl Entered {
    pub(super) fn new(streams: Streams, listener: Arc<AsyncFd<OwnedFd>>, kind: Kind) -> Self {
        let Streams { job, result, stdout, stderr } = streams;
        Self { job, result, stdout, stderr, listener, life: Life(kind) }
    }

    /// Kills everything that the job has. Idempotent.
    pub fn kill(&self) {
        match &self.life.0 {
            Kind::OneShot { body, .. } => body.kill(),
            Kind::Forked(forked) => forked.kill(),
        }
    }

    /// Whether it was forked, and not started.
    #[must_use]
    pub const fn is_forked(&self) -> bool {
        matches!(self.life.0, Kind::Forked(_))
    }

    /// Processor time so far in microseconds, from an arbitrary start; 0 when it cannot be read.
    #[must_use]
    pub fn cpu_us(&self) -> u64 {
        match &self.life.0 {
            Kind::OneShot { body, .. } => body.leaf().cpu_us().unwrap_or(0),
            Kind::Forked(forked) => forked.cpu_us(),
        }
    }

    /// What it has used so far.
    #[must_use]
    pub fn usage(&self) -> LeafUsage {
        let usage = match &self.life.0 {
            Kind::OneShot { body, .. } => body.leaf().usage(),
            Kind::Forked(forked) => forked.usage(),
        };
        known(usage)
    }

    /// Whether a watchdog sees more memory in use than is allowed.
    #[must_use]
    pub fn is_overdrawn(&self) -> bool {
        match &self.life.0 {
            Kind::OneShot { body, .. } => body.leaf().is_overdrawn(),
            Kind::Forked(forked) => forked.is_overdrawn(),
        }
    }

    /// Waits for the end and reads the counters. Kills what is left: at once, or a moment later when the process has
    /// answered everything and `is_leaving`.
    pub async fn close(self, is_leaving: bool) -> Remains {
        let Self { job, result, stdout, stderr, listener, life } = self;
        // The end of its input is what it waits for; no call of a process that leaves is answered any more.
        drop((job, listener));
        let remains = match life.0 {
            Kind::OneShot { mut body, .. } => {
                body.kill();
                body.close().await
            }
            Kind::Forked(forked) => forked.close(is_leaving).await,
        };
        drop((result, stdout, stderr));
        remains
    }
}

impl Life {
    /// The raw status of wait(2) once the process has ended; `None` when nobody saw it, because its whole slot was killed.
    /// Cancelling it loses nothing. To be called until it answers.
    pub async fn ended(&mut self) -> Option<i32> {
        match &mut self.0 {
            Kind::OneShot { report, .. } => {
                let mut bytes = [0; Report::LENGTH];
                // Written at once, and shorter than what a pipe writes in one piece.
                let length = report.read(&mut bytes).await.unwrap_or(0);
                match Report::decode(bytes) {
                    Ok(Report::Ended { status, .. }) if length == Report::LENGTH => Some(status),
                    Ok(_) | Err(_) => None,
                }
            }
            Kind::Forked(forked) => forked.ended().await,
        }
    }
}

/// What a leaf has counted; nothing where it cannot be read.
pub(super) fn known(usage: io::Result<LeafUsage>) -> LeafUsage {
    usage.unwrap_or_else(|error| {
        tracing::warn!(%error, "failed to read a cgroup leaf");
        LeafUsage::default()
    })
}

/// Readable when its process has ended.
pub(super) fn has_ended(pidfd: &OwnedFd) -> bool {
    crate::sys::fd::is_readable(pidfd.as_fd())
}

/// Out of memory, the kernel is to take this process and its children before templates and jailers. Where it is out of the
/// worker's reach, all of them have one rank.
pub(super) fn goes_first(pidfd: BorrowedFd<'_>) {
    if let Err(error) = process::let_go_first(pidfd) {
        tracing::debug!(%error, "a slot has the rank of its jailer for the kernel's memory killer");
    }
}
