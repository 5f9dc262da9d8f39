//! A warmed interpreter that forks slots, and never runs a program itself.

use std::fs::File;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::Jailer;
use super::control::{Control, at_cgroup, at_fds, failed, notice};
use super::entered::has_ended;
use super::leaves::OwnedLeaf;
use super::profile::Profile;
use super::users::User;
use super::warm::{Process, Warm};
use crate::jail::filter::ForkFilters;
use crate::jail::{JailerRequest, TemplateRequest};
use crate::job::{Fault, Stage};
use crate::sys::native::{self, Notice};
use crate::sys::{fd, process, socket};

/// How long a template may take to load what it preloads, on a loaded host too.
const READY_DEADLINE: Duration = Duration::from_secs(60);

/// How long a survey may take, while everything else goes first.
const SURVEY_DEADLINE: Duration = Duration::from_secs(300);

/// How long a slot may take to be forked.
const SLOT_DEADLINE: Duration = Duration::from_secs(10);

/// Jobs of a template after which a survey, which takes as long as some hundred jobs, is likely to pay.
pub const JOBS_BEFORE_SURVEY: u64 = 200;

/// A template. Its slots and their jobs end with it; dropped, it is killed.
#[derive(Debug)]
pub(super) struct Template {
    /// Held by who asks for a slot: the answers carry no name.
    control: tokio::sync::Mutex<Control>,
    pidfd: OwnedFd,
    /// Jobs that were forked from it.
    jobs: AtomicU64,
    /// Whether somebody has seen that a survey would be worth it.
    was_due: AtomicBool,
}

impl Template {
    /// Starts a template and waits until it has loaded everything.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed, or `boot` with what the interpreter said.
    pub(super) async fn start(jailer: &Jailer, request: TemplateRequest, profile: &Profile) -> Result<Self, Fault> {
        let file = profile.file().map_err(at_fds)?;
        let (template, mut said) = Self::spawn(jailer, request, file).await?;
        let came = {
            let control = template.control.lock().await;
            timeout(READY_DEADLINE, notice(&control)).await
        };
        match came.map_err(|_| Fault::setup(Stage::Boot, "template was not ready in time"))? {
            Ok((Notice::Ready, _)) => Ok(template),
            Ok((Notice::Failed { stage, errno }, _)) => Err(failed(stage, errno)),
            Ok(_) => Err(Fault::setup(Stage::Boot, "template spoke out of turn")),
            Err(_) => Err(Fault::setup(Stage::Boot, format!("template ended: {}", last_words(&mut said).await))),
        }
    }

    /// Starts one that serves nobody, for the sake of a profile.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) async fn survey(jailer: &Jailer, request: TemplateRequest) -> Result<Profile, Fault> {
        let (list, given) = io::pipe().map_err(at_fds)?;
        let (survey, _said) = Self::spawn(jailer, request, given.into()).await?;
        let list = pipe::Receiver::from_owned_fd(list.into()).map_err(at_fds)?;
        let profile = timeout(SURVEY_DEADLINE, Profile::read(list)).await;
        drop(survey);
        profile.map_err(|_| Fault::setup(Stage::Boot, "survey was not over in time"))?.map_err(at_fds)
    }

    /// Its process, and what that says on standard error.
    async fn spawn(
        jailer: &Jailer,
        request: TemplateRequest,
        profile: OwnedFd,
    ) -> Result<(Self, pipe::Receiver), Fault> {
        let (ours, theirs) = socket::pair().map_err(at_fds)?;
        let (said, stderr) = io::pipe().map_err(at_fds)?;
        let proc = File::open("/proc").map_err(at_fds)?;
        let fds = [theirs.as_fd(), stderr.as_fd(), proc.as_fd(), profile.as_fd()];
        let pidfd = jailer.spawn(&JailerRequest::Template(request), &fds).await?;
        fd::set_nonblocking(ours.as_fd()).map_err(at_fds)?;
        let control = tokio::sync::Mutex::new(fd::watch(ours).map_err(at_fds)?);
        let said = pipe::Receiver::from_owned_fd(said.into()).map_err(at_fds)?;
        Ok((Self { control, pidfd, jobs: AtomicU64::new(0), was_due: AtomicBool::new(false) }, said))
    }

    /// Forks a slot, whose jobs have this uid and filters. `leaf` is the cgroup that the slot lives in, where one is given.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed; `zygote_died` when the template is gone.
    pub(super) async fn fork(
        self: &std::sync::Arc<Self>,
        leaf: Option<OwnedLeaf>,
        user: User,
        filters: &ForkFilters,
    ) -> Result<Warm, Fault> {
        let gone = |error: io::Error| Fault::zygote_died(format!("template does not answer: {error}"));
        let (ours, theirs) = socket::pair().map_err(at_fds)?;
        let entries = leaf.as_ref().map(|leaf| leaf.entries()).transpose().map_err(at_cgroup)?.unwrap_or_default();
        let sent: Vec<BorrowedFd<'_>> =
            std::iter::once(theirs.as_fd()).chain(entries.iter().map(AsFd::as_fd)).collect();
        let pidfd = {
            let control = self.control.lock().await;
            socket::send(
                control.get_ref().as_fd(),
                &native::encode_slot(user.uid().0, &filters.slot, &filters.job),
                &sent,
            )
            .map_err(gone)?;
            match timeout(SLOT_DEADLINE, notice(&control)).await {
                Ok(Ok((Notice::Started, mut fds))) => {
                    fds.pop().ok_or_else(|| gone(io::ErrorKind::InvalidData.into()))?
                }
                Ok(Ok((Notice::Failed { stage, errno }, _))) => {
                    return Err(failed(stage, errno));
                }
                Ok(Ok(_)) => return Err(self.give_up("template spoke out of turn")),
                Ok(Err(error)) => return Err(gone(error)),
                Err(_) => return Err(self.give_up("template does not fork")),
            }
        };
        drop(theirs);
        fd::set_nonblocking(ours.as_fd()).map_err(at_fds)?;
        let control = fd::watch(ours).map_err(at_fds)?;
        let pidfd = fd::watch(pidfd).map_err(at_fds)?;
        let process = Process::new(control, pidfd);
        match timeout(SLOT_DEADLINE, notice(process.control())).await {
            Ok(Ok((Notice::Listener, mut fds))) => {
                let listener = fds.pop().ok_or_else(|| gone(io::ErrorKind::InvalidData.into()))?;
                let listener = fd::watch(listener).map_err(at_fds)?;
                process.goes_first();
                Ok(Warm::new(std::sync::Arc::clone(self), process, listener, leaf, user))
            }
            Ok(Ok((Notice::Failed { stage, errno }, _))) => Err(failed(stage, errno)),
            Ok(Ok(_)) => Err(Fault::setup(Stage::Boot, "slot spoke out of turn")),
            Ok(Err(error)) => Err(gone(error)),
            Err(_) => Err(Fault::setup(Stage::Boot, "slot was not ready in time")),
        }
    }

    /// Whether it has not ended.
    pub(super) fn is_alive(&self) -> bool {
        !has_ended(&self.pidfd)
    }

    /// A job is forked from it.
    pub(super) fn count_job(&self) {
        self.jobs.fetch_add(1, Ordering::Relaxed);
    }

    /// Jobs that were forked from it.
    pub(super) fn jobs(&self) -> u64 {
        self.jobs.load(Ordering::Relaxed)
    }

    /// Whether it has forked so many jobs that more are likely to come; once.
    pub(super) fn is_due_for_survey(&self) -> bool {
        self.jobs() >= JOBS_BEFORE_SURVEY && !self.was_due.swap(true, Ordering::Relaxed)
    }

    /// Its answers can no longer be told apart.
    fn give_up(&self, why: &str) -> Fault {
        self.kill();
        Fault::zygote_died(why)
    }

    fn kill(&self) {
        if let Err(error) = process::kill(self.pidfd.as_fd()) {
            tracing::error!(%error, "failed to kill a template");
        }
    }
}

impl Drop for Template {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What it said on standard error before it ended, at most.
async fn last_words(said: &mut pipe::Receiver) -> String {
    let mut text = vec![0; 4096];
    let length = timeout(Duration::from_secs(2), said.read(&mut text)).await;
    text.truncate(length.ok().and_then(Result::ok).unwrap_or(0));
    String::from_utf8_lossy(&text).trim().to_owned()
}
