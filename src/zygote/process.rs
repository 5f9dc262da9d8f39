//! One interpreter that serves one job, from its spawn to its end.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::time::Duration;

use nix::libc;
use tokio::io::AsyncReadExt;
use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::Jailer;
use super::control::{Control, at_cgroup, at_fds, failed, notice};
use super::entered::{END_DEADLINE, Entered, Kind, Remains, Streams, goes_first, known};
use super::leaves::OwnedLeaf;
use super::users::User;
use crate::jail::cgroup::LeafLimits;
use crate::jail::{JailerRequest, Report, SpawnFlags, SpawnRequest};
use crate::job::{Fault, Stage};
use crate::lang::Preload;
use crate::sys::native::{self, Instruction, Notice, Rlimit};
use crate::sys::{fd, process, socket};

/// How long an interpreter may take to become ready, on a loaded host too.
const BOOT_DEADLINE: Duration = Duration::from_secs(30);

/// How long the last steps may take.
const ENTER_DEADLINE: Duration = Duration::from_secs(10);

/// What has to be known when an interpreter is started. Zygotes of equal specs are interchangeable.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SpawnSpec {
    /// What the program asks of the interpreter itself.
    pub flags: SpawnFlags,
    /// Size of the writable directory, in bytes.
    pub scratch_bytes: u64,
    /// What should be loaded already.
    pub preload: Preload,
}

impl SpawnSpec {
    /// Whether a job of it can be forked: a scratch directory is mounted when its slot is built.
    #[must_use]
    pub(super) const fn can_fork(&self) -> bool {
        self.scratch_bytes == 0
    }
}

/// What is decided when the job is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EntryPlan {
    /// The cgroup leaf's limits.
    pub leaf: LeafLimits,
    /// Processor time after which the kernel stops the process, in whole seconds: the backstop behind the
    /// worker's own clock.
    pub cpu_backstop_s: u64,
}

/// The parts that every stage of the life has. Dropped, it kills the slot; its leaf goes as soon as it is empty.
#[derive(Debug)]
pub(super) struct Body {
    pidfd: AsyncFd<OwnedFd>,
    leaf: OwnedLeaf,
    /// Whom it runs as.
    _user: User,
}

/// An interpreter that boots for one job.
#[derive(Debug)]
pub(super) struct OneShot {
    body: Body,
    control: Control,
    job: pipe::Sender,
    result: pipe::Receiver,
    stdout: pipe::Receiver,
    stderr: pipe::Receiver,
    report: pipe::Receiver,
}

impl OneShot {
    /// Starts an interpreter in a new slot; it boots on its own from here.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) async fn spawn(jailer: &Jailer, leaf: OwnedLeaf, spec: &SpawnSpec, user: User) -> Result<Self, Fault> {
        let (job_read, job) = io::pipe().map_err(at_fds)?;
        let (result, result_write) = io::pipe().map_err(at_fds)?;
        let (stdout, stdout_write) = io::pipe().map_err(at_fds)?;
        let (stderr, stderr_write) = io::pipe().map_err(at_fds)?;
        let (report, report_write) = io::pipe().map_err(at_fds)?;
        let (control, control_theirs) = socket::pair().map_err(at_fds)?;
        let entries = leaf.entries().map_err(at_cgroup)?;
        let mut fds = vec![
            job_read.as_fd(),
            result_write.as_fd(),
            control_theirs.as_fd(),
            stdout_write.as_fd(),
            stderr_write.as_fd(),
            report_write.as_fd(),
        ];
        fds.extend(entries.iter().map(AsFd::as_fd));
        let request = SpawnRequest { uid: user.uid(), scratch_bytes: spec.scratch_bytes, flags: spec.flags.clone() };
        let pidfd = jailer.spawn(&JailerRequest::Spawn(request), &fds).await?;
        leaf.watch(pidfd.as_fd()).map_err(at_cgroup)?;
        let pidfd = fd::watch(pidfd).map_err(at_fds)?;
        let body = Body { pidfd, leaf, _user: user };
        fd::set_nonblocking(control.as_fd()).map_err(at_fds)?;
        let receiver = |pipe: io::PipeReader| pipe::Receiver::from_owned_fd(pipe.into()).map_err(at_fds);
        Ok(Self {
            body,
            control: fd::watch(control).map_err(at_fds)?,
            job: pipe::Sender::from_owned_fd(job.into()).map_err(at_fds)?,
            result: receiver(result)?,
            stdout: receiver(stdout)?,
            stderr: receiver(stderr)?,
            report: receiver(report)?,
        })
    }

    /// Gives the interpreter once it is ready.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed, or `boot` when it died or took too long.
    pub(super) async fn ready(mut self) -> Result<Self, Fault> {
        let came = timeout(BOOT_DEADLINE, notice(&self.control)).await;
        match came.map_err(|_| Fault::setup(Stage::Boot, "interpreter was not ready in time"))? {
            Ok((Notice::Ready, _)) => {
                goes_first(self.body.pidfd.get_ref().as_fd());
                Ok(self)
            }
            Ok(_) => Err(Fault::setup(Stage::Boot, "interpreter spoke out of turn")),
            Err(error) => Err(self.autopsy(&error).await),
        }
    }

    /// Whether its slot has not ended.
    #[must_use]
    pub(super) fn is_alive(&self) -> bool {
        !fd::is_readable(self.body.pidfd.get_ref().as_fd())
    }

    /// Sets the job's limits and has the interpreter take the last steps.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) async fn enter(mut self, plan: EntryPlan, filter: &[Instruction]) -> Result<Entered, Fault> {
        self.body.leaf.limit(plan.leaf).map_err(at_cgroup)?;
        let cpu = Rlimit {
            resource: libc::RLIMIT_CPU,
            soft: plan.cpu_backstop_s,
            hard: plan.cpu_backstop_s.saturating_add(1),
        };
        let message = native::encode_plan(&[cpu], filter);
        let at_plan = |error: io::Error| Fault::setup(Stage::Plan, error.to_string());
        socket::send(self.control.get_ref().as_fd(), &message, &[]).map_err(at_plan)?;
        let came = timeout(ENTER_DEADLINE, notice(&self.control)).await;
        match came.map_err(|_| Fault::setup(Stage::Listener, "interpreter did not enter the jail in time"))? {
            Ok((Notice::Listener, mut fds)) => {
                let listener = fds.pop().ok_or_else(|| Fault::setup(Stage::Listener, "no listener came"))?;
                let listener = fd::watch(listener).map_err(at_plan)?;
                let Self { body, job, result, stdout, stderr, report, .. } = self;
                let streams = Streams { job, result, stdout, stderr };
                Ok(Entered::new(streams, std::sync::Arc::new(listener), Kind::OneShot { body, report }))
            }
            Ok((Notice::Failed { stage, errno }, _)) => Err(failed(stage, errno)),
            Ok((Notice::Ready | Notice::Started | Notice::Entered | Notice::Ended(_), _)) => {
                Err(Fault::setup(Stage::Boot, "interpreter spoke out of turn"))
            }
            Err(error) => Err(self.autopsy(&error).await),
        }
    }

    /// Why it died before it had a job: what its init reports, and what it said on standard error.
    async fn autopsy(&mut self, seen: &io::Error) -> Fault {
        let mut report = [0; Report::LENGTH];
        let mut said = vec![0; 2048];
        let read = timeout(Duration::from_secs(2), async {
            let report_read = self.report.read_exact(&mut report).await;
            let length = self.stderr.read(&mut said).await.unwrap_or(0);
            said.truncate(length);
            report_read
        });
        let has_report = matches!(read.await, Ok(Ok(_)));
        let said = String::from_utf8_lossy(&said);
        match has_report.then(|| Report::decode(report)) {
            Some(Ok(Report::SetupFailed { stage, errno })) => failed(stage, errno),
            Some(Ok(Report::Ended { status, .. })) => {
                Fault::setup(Stage::Boot, format!("interpreter ended with wait status {status:#x}: {}", said.trim()))
            }
            Some(Err(_)) | None => Fault::zygote_died(format!("interpreter is gone: {seen}")),
        }
    }
}

impl Body {
    pub(super) fn leaf(&self) -> &OwnedLeaf {
        &self.leaf
    }

    pub(super) fn kill(&self) {
        if let Err(error) = process::kill(self.pidfd.get_ref().as_fd()) {
            tracing::error!(%error, "failed to kill a slot");
        }
    }

    /// Waits for the end and reads the counters.
    pub(super) async fn close(&mut self) -> Remains {
        if timeout(END_DEADLINE, self.pidfd.readable()).await.is_err() {
            tracing::error!("a killed slot did not end in time");
        }
        Remains { usage: known(self.leaf.usage()), warm: None }
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.kill();
    }
}
