//! A slot that forks jobs, one at a time.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::time::Duration;

use tokio::io::unix::AsyncFd;
use tokio::net::unix::pipe;
use tokio::time::timeout;

use super::control::{Control, at_cgroup, at_fds, failed, notice};
use super::entered::{END_DEADLINE, Entered, Kind, Remains, Streams, goes_first, has_ended};
use super::leaves::{Leaves, OwnedLeaf};
use super::process::EntryPlan;
use super::template::Template;
use super::users::User;
use crate::jail::cgroup::{Group, LeafLimits, LeafUsage};
use crate::job::{Fault, Stage};
use crate::sys::native::{self, JobEnd, Notice};
use crate::sys::{process, socket};

/// How long a job may take to be forked and to take the last steps.
const ENTER_DEADLINE: Duration = Duration::from_secs(10);

/// How long a job that has answered everything may take to leave. Longer, it costs its slot.
const LEAVE_DEADLINE: Duration = Duration::from_millis(250);

/// Tasks in a leaf that are none of a job's: the slot, and the job's init.
const TASKS_OF_SLOT: u32 = 2;

/// The same where each job is born in a leaf of its own, beside its slot: the job's init.
const TASKS_OF_INIT: u32 = 1;

/// Memory that may stay charged to a slot's leaf when a job has ended: what it brought into the kernel's caches. The next job's
/// limit would have to reclaim it, and its usage would count it.
const MOST_LEFT: u64 = 4 << 20;

/// The process of a warm slot. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Process {
    control: Control,
    pidfd: AsyncFd<OwnedFd>,
}

/// A warm slot between two jobs. Dropped, it is killed.
#[derive(Debug)]
pub(super) struct Warm {
    template: Arc<Template>,
    process: Process,
    /// Calls of its jobs that its filter did not allow.
    listener: Arc<AsyncFd<OwnedFd>>,
    /// The cgroup in which the slot and its jobs live, one after the other; `None` where each job is born in one of its own.
    leaf: Option<Kept>,
    /// Whom its jobs run as.
    _user: User,
}

/// A leaf that serves one job after the other.
#[derive(Debug)]
struct Kept {
    leaf: OwnedLeaf,
    /// What it is limited to.
    limits: Option<LeafLimits>,
    /// What was charged to it before its first job.
    own_bytes: u64,
}

/// A job that a slot was asked to fork. Dropped, its slot is killed, and it with it.
#[derive(Debug)]
pub(super) struct Asked {
    warm: Warm,
    /// The job's own cgroup, where it has one.
    own_leaf: Option<OwnedLeaf>,
    streams: Streams,
    plan: EntryPlan,
}

/// A job that was forked.
#[derive(Debug)]
pub(super) struct Forked {
    warm: Warm,
    init: OwnedFd,
    /// The job's own cgroup, where it has one.
    own_leaf: Option<OwnedLeaf>,
    cpu_start_us: u64,
    end: Option<JobEnd>,
    /// The slot said something that it had no reason to say, or nothing any more.
    is_doubtful: bool,
    was_killed: std::sync::atomic::AtomicBool,
}

impl Process {
    pub(super) const fn new(control: Control, pidfd: AsyncFd<OwnedFd>) -> Self {
        Self { control, pidfd }
    }

    pub(super) const fn control(&self) -> &Control {
        &self.control
    }

    /// Out of memory, the kernel is to take its jobs, and it, before its template.
    pub(super) fn goes_first(&self) {
        goes_first(self.pidfd.get_ref().as_fd());
    }

    fn kill(&self) {
        if let Err(error) = process::kill(self.pidfd.get_ref().as_fd()) {
            tracing::error!(%error, "failed to kill a slot");
        }
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

impl Warm {
    pub(super) fn new(
        template: Arc<Template>,
        process: Process,
        listener: AsyncFd<OwnedFd>,
        leaf: Option<OwnedLeaf>,
        user: User,
    ) -> Self {
        let leaf = leaf.map(|leaf| Kept { leaf, limits: None, own_bytes: 0 });
        Self { template, process, listener: Arc::new(listener), leaf, _user: user }
    }

    /// The template that it was forked from.
    pub(super) const fn template(&self) -> &Arc<Template> {
        &self.template
    }

    /// Whether it can fork another job.
    pub(super) fn is_alive(&self) -> bool {
        !has_ended(self.process.pidfd.get_ref())
    }

    /// Asks for a job with these limits, to be forked while nobody waits. `group` and `leaves` are where its own cgroup is
    /// made, where it needs one.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) fn ask(
        mut self,
        plan: EntryPlan,
        (leaves, group, number): (&Leaves, &dyn Group, u64),
    ) -> Result<Asked, Fault> {
        let own_leaf = match &mut self.leaf {
            Some(kept) => {
                kept.prepare(plan.leaf.beside(TASKS_OF_SLOT)).map_err(at_cgroup)?;
                None
            }
            None => {
                let leaf = leaves.make(group, number)?;
                leaf.limit(plan.leaf.beside(TASKS_OF_INIT)).map_err(at_cgroup)?;
                Some(leaf)
            }
        };
        let directory = own_leaf.as_ref().map(|leaf| leaf.directory()).transpose().map_err(at_cgroup)?;
        let (job_read, job) = io::pipe().map_err(at_fds)?;
        let (result, result_write) = io::pipe().map_err(at_fds)?;
        let (stdout, stdout_write) = io::pipe().map_err(at_fds)?;
        let (stderr, stderr_write) = io::pipe().map_err(at_fds)?;
        let theirs = [job_read.as_fd(), result_write.as_fd(), stdout_write.as_fd(), stderr_write.as_fd()];
        let sent: Vec<BorrowedFd<'_>> = theirs.into_iter().chain(directory.as_ref().map(AsFd::as_fd)).collect();
        let cpu_s = plan.cpu_backstop_s;
        let message = native::encode_job(directory.is_some(), cpu_s, cpu_s.saturating_add(1));
        socket::send(self.process.control.get_ref().as_fd(), &message, &sent).map_err(gone)?;
        let receiver = |pipe: io::PipeReader| pipe::Receiver::from_owned_fd(pipe.into()).map_err(at_fds);
        let streams = Streams {
            job: pipe::Sender::from_owned_fd(job.into()).map_err(at_fds)?,
            result: receiver(result)?,
            stdout: receiver(stdout)?,
            stderr: receiver(stderr)?,
        };
        Ok(Asked { warm: self, own_leaf, streams, plan })
    }

    /// Kills it and waits until it is gone, so that its leaf can be removed.
    async fn end(self) {
        self.process.kill();
        if timeout(END_DEADLINE, self.process.pidfd.readable()).await.is_err() {
            tracing::error!("a killed slot did not end in time");
        }
    }
}

impl Asked {
    /// What it was asked for with.
    pub(super) const fn plan(&self) -> &EntryPlan {
        &self.plan
    }

    /// The slot that forks it.
    pub(super) const fn warm(&self) -> &Warm {
        &self.warm
    }

    /// Waits until it has taken the last steps.
    ///
    /// # Errors
    /// [`Fault`] with the stage that failed.
    pub(super) async fn entered(self) -> Result<Entered, Fault> {
        let Self { warm, own_leaf, streams, .. } = self;
        let came = timeout(ENTER_DEADLINE, notice(&warm.process.control)).await;
        let init = match came.map_err(|_| Fault::setup(Stage::Seccomp, "job was not forked in time"))? {
            Ok((Notice::Entered, fds)) => {
                let [init] = <[OwnedFd; 1]>::try_from(fds)
                    .map_err(|_| Fault::setup(Stage::Seccomp, "job came with other descriptors"))?;
                init
            }
            Ok((Notice::Failed { stage, errno }, _)) => {
                return Err(failed(stage, errno));
            }
            Ok((Notice::Ended(_), _)) => return Err(Fault::setup(Stage::Boot, "job ended before it was one")),
            Ok((Notice::Ready | Notice::Listener | Notice::Started, _)) => {
                return Err(Fault::setup(Stage::Boot, "slot spoke out of turn"));
            }
            Err(error) => return Err(gone(error)),
        };
        // Forked ahead, it may have died before it knew of any program, which is not to be blamed.
        if has_ended(&init) {
            return Err(Fault::zygote_died("a job's process ended before it had a program"));
        }
        if let Some(kept) = &warm.leaf {
            kept.leaf.watch(init.as_fd()).map_err(at_cgroup)?;
        }
        warm.template.count_job();
        let listener = Arc::clone(&warm.listener);
        Ok(Entered::new(streams, listener, Kind::Forked(Box::new(Forked::new(warm, init, own_leaf)))))
    }

    /// Has it leave without a program. The slot, where it is fit for another job.
    pub(super) async fn recall(self) -> Option<Warm> {
        let entered = self.entered().await;
        entered
            .inspect_err(|fault| tracing::debug!(%fault, "a job's process could not be recalled"))
            .ok()?
            .close(true)
            .await
            .warm
    }
}

/// The slot's socket failed.
fn gone(error: io::Error) -> Fault {
    Fault::zygote_died(format!("slot does not answer: {error}"))
}

impl Kept {
    /// Has the leaf count anew, under these limits.
    fn prepare(&mut self, limits: LeafLimits) -> io::Result<()> {
        if self.limits.is_none() {
            self.own_bytes = self.leaf.charged_bytes()?;
        }
        if self.limits != Some(limits) {
            self.leaf.limit(limits)?;
            self.limits = Some(limits);
        }
        self.leaf.restart()
    }

    /// Whether little is charged to it that a job has left.
    fn is_clean(&self) -> io::Result<bool> {
        Ok(self.leaf.charged_bytes()? <= self.own_bytes + MOST_LEFT)
    }
}

impl Forked {
    fn new(warm: Warm, init: OwnedFd, own_leaf: Option<OwnedLeaf>) -> Self {
        let mut forked = Self {
            warm,
            init,
            own_leaf,
            cpu_start_us: 0,
            end: None,
            is_doubtful: false,
            was_killed: std::sync::atomic::AtomicBool::new(false),
        };
        forked.cpu_start_us = forked.leaf_cpu_us();
        forked
    }

    fn leaf(&self) -> Option<&OwnedLeaf> {
        self.own_leaf.as_ref().or_else(|| self.warm.leaf.as_ref().map(|kept| &kept.leaf))
    }

    fn leaf_cpu_us(&self) -> u64 {
        self.leaf().and_then(|leaf| leaf.cpu_us().ok()).unwrap_or(0)
    }

    /// Ends the job's init, and with it whatever is in its pid namespace.
    pub(super) fn kill(&self) {
        if self.end.is_some() || self.was_killed.swap(true, std::sync::atomic::Ordering::Relaxed) {
            return;
        }
        if let Err(error) = process::kill(self.init.as_fd()) {
            tracing::error!(%error, "failed to kill a job");
        }
    }

    pub(super) fn is_overdrawn(&self) -> bool {
        self.leaf().is_some_and(|leaf| leaf.is_overdrawn())
    }

    pub(super) fn cpu_us(&self) -> u64 {
        self.leaf_cpu_us().saturating_sub(self.cpu_start_us)
    }

    /// What it has used so far. A slot that saw a kill for memory serves no other job, so what its leaf has counted is this one's.
    pub(super) fn usage(&self) -> io::Result<LeafUsage> {
        let usage = self.leaf().map(|leaf| leaf.usage()).transpose()?.unwrap_or_default();
        Ok(LeafUsage { cpu_us: usage.cpu_us.saturating_sub(self.cpu_start_us), ..usage })
    }

    /// See [`super::entered::Life::ended`].
    pub(super) async fn ended(&mut self) -> Option<i32> {
        if self.end.is_none() && !self.is_doubtful {
            match notice(&self.warm.process.control).await {
                Ok((Notice::Ended(end), _)) => self.end = Some(end),
                Ok(_) | Err(_) => self.is_doubtful = true,
            }
        }
        self.end.and_then(|end| end.status)
    }

    /// A counter of its leaf cannot be read.
    fn doubt(&mut self, error: &io::Error) {
        tracing::warn!(%error, "failed to read a cgroup leaf");
        self.is_doubtful = true;
    }

    /// Waits for the end; a process that is not leaving is killed. The slot is given back when nothing about that was out
    /// of the ordinary: the job had answered everything, ended with status 0, and has left nothing.
    pub(super) async fn close(mut self: Box<Self>, is_leaving: bool) -> Remains {
        if !is_leaving || timeout(LEAVE_DEADLINE, self.ended()).await.is_err() {
            self.kill();
        }
        if timeout(END_DEADLINE, self.ended()).await.is_err() {
            tracing::error!("a killed job did not end in time");
        }
        let mut usage = self.usage().unwrap_or_else(|error| {
            self.doubt(&error);
            LeafUsage::default()
        });
        let is_clean = self.warm.leaf.as_ref().map_or(Ok(true), Kept::is_clean).unwrap_or_else(|error| {
            self.doubt(&error);
            false
        });
        let has_ended_well = self.end.is_some_and(|end| end.status == Some(0));
        let is_fit = is_leaving && has_ended_well && is_clean && !self.is_doubtful && usage.oom_kills == 0;
        // Where somebody waited for it.
        if let Some(JobEnd { status: Some(_), cpu_us }) = self.end {
            usage.cpu_us = cpu_us;
        }
        let Self { warm, own_leaf, .. } = *self;
        drop(own_leaf);
        if is_fit {
            return Remains { usage, warm: Some(warm) };
        }
        warm.end().await;
        Remains { usage, warm: None }
    }
}
