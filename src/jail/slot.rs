//! One slot: its init, and the interpreter's process up to the exec.

use std::ffi::CString;
use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::os::fd::OwnedFd;
use std::path::Path;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{Resource, setrlimit};
use nix::unistd::{Gid, Uid, chdir, setgroups, sethostname, setresgid, setresuid, setsid};

use super::jailer::{SpawnFlags, SpawnRequest};
use super::landlock;
use super::plan::{IdMap, JailPlan};
use crate::job::Stage;
use crate::sys::process::{self, Forked};
use crate::sys::{fd, privilege};

/// Every jail has this host name.
const HOST_NAME: &str = "cell";

/// Where a job has its scratch directory, and another one nothing.
pub const SCRATCH: &str = "/tmp";

/// Status of a slot's process that could not be set up; the report says why.
const SETUP_FAILED: i32 = 125;

pub(super) type Failure = (Stage, io::Error);

pub(super) fn at(stage: Stage) -> impl Fn(io::Error) -> Failure {
    move |error| (stage, error)
}

pub(super) fn at_nix(stage: Stage) -> impl Fn(nix::errno::Errno) -> Failure {
    move |errno| (stage, errno.into())
}

/// What comes over the report pipe: 16 bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Report {
    /// A step of the set-up failed.
    SetupFailed {
        /// Which.
        stage: Stage,
        /// The system's error number, 0 where there was none.
        errno: i32,
    },
    /// The interpreter's process ended.
    Ended {
        /// The raw status of wait(2).
        status: i32,
        /// Its processor time in microseconds.
        cpu_us: u64,
    },
}

/// Bytes that are no report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("slot sent a report of an unknown form")]
pub struct ReportError;

impl Report {
    /// Length of a report in bytes.
    pub const LENGTH: usize = 16;

    /// The report's bytes.
    #[must_use]
    pub fn encode(self) -> [u8; Self::LENGTH] {
        let (kind, stage, value, cpu_us) = match self {
            Self::SetupFailed { stage, errno } => (1, stage as u8, errno, 0),
            Self::Ended { status, cpu_us } => (2, 0, status, cpu_us),
        };
        let [a, b, c, d] = value.to_le_bytes();
        let [e, f, g, h, i, j, k, l] = cpu_us.to_le_bytes();
        [kind, stage, 0, 0, a, b, c, d, e, f, g, h, i, j, k, l]
    }

    /// Reads a report's bytes.
    ///
    /// # Errors
    /// [`ReportError`] for an unknown kind or stage.
    pub fn decode(bytes: [u8; Self::LENGTH]) -> Result<Self, ReportError> {
        let [kind, stage, _, _, a, b, c, d, e, f, g, h, i, j, k, l] = bytes;
        let value = i32::from_le_bytes([a, b, c, d]);
        match kind {
            1 => Ok(Self::SetupFailed { stage: Stage::from_code(stage).ok_or(ReportError)?, errno: value }),
            2 => Ok(Self::Ended { status: value, cpu_us: u64::from_le_bytes([e, f, g, h, i, j, k, l]) }),
            _ => Err(ReportError),
        }
    }
}

/// What every slot of a runtime starts, in the form that exec wants: made once, before any fork.
#[derive(Debug)]
pub(super) struct Launch {
    program: CString,
    argv: Vec<CString>,
    env: Vec<CString>,
    ids: IdMap,
}

impl Launch {
    pub(super) fn of(plan: &JailPlan) -> io::Result<Self> {
        let text = |text: &String| CString::new(text.as_str()).map_err(io::Error::other);
        Ok(Self {
            program: text(&plan.program)?,
            argv: plan.argv.iter().map(text).collect::<io::Result<_>>()?,
            env: env_texts(&plan.env)?,
            ids: plan.ids,
        })
    }

    /// What is started under these flags, with some arguments at the end.
    pub(super) fn under(&self, flags: &SpawnFlags, more: &[String]) -> io::Result<Started> {
        let texts = |texts: &[String]| {
            let texts = texts.iter().map(|text| CString::new(text.as_str()).map_err(io::Error::other));
            texts.collect::<io::Result<Vec<_>>>()
        };
        let mut argv: Vec<CString> = self.argv.clone();
        argv.splice(1..1, texts(&flags.arguments)?);
        argv.extend(texts(more)?);
        let env = self.env.iter().cloned().chain(env_texts(&flags.env)?).collect();
        Ok(Started { argv, env })
    }

    /// Becomes the interpreter. Returns only on failure.
    pub(super) fn exec(&self, started: &Started) -> io::Error {
        process::exec(&self.program, &started.argv, &started.env)
    }
}

/// Arguments and environment of one start.
#[derive(Debug)]
pub(super) struct Started {
    argv: Vec<CString>,
    env: Vec<CString>,
}

fn env_texts(env: &[(String, String)]) -> io::Result<Vec<CString>> {
    env.iter().map(|(name, value)| CString::new(format!("{name}={value}")).map_err(io::Error::other)).collect()
}

/// The descriptors of a [`SpawnRequest`].
#[derive(Debug)]
pub(super) struct Channels {
    job: OwnedFd,
    result: OwnedFd,
    control: OwnedFd,
    stdout: OwnedFd,
    stderr: OwnedFd,
    report: OwnedFd,
    leaves: Vec<OwnedFd>,
}

impl Channels {
    pub(super) fn from_fds(fds: Vec<OwnedFd>) -> io::Result<Self> {
        let mut fds = fds.into_iter();
        let mut next = || fds.next().ok_or_else(|| io::Error::other("a spawn request lacks descriptors"));
        Ok(Self {
            job: next()?,
            result: next()?,
            control: next()?,
            stdout: next()?,
            stderr: next()?,
            report: next()?,
            leaves: fds.collect(),
        })
    }
}

/// The init of a slot: forks the interpreter's process, gives up everything, waits, reports.
pub(super) fn run_init(launch: &Launch, request: &SpawnRequest, channels: Channels) -> ! {
    let report = match channels.report.try_clone() {
        Ok(report) => report,
        Err(_) => process::exit_now(SETUP_FAILED),
    };
    let pid = match prepare_slot(request).and_then(|()| fork_program(launch, request, channels)) {
        Ok(pid) => pid,
        Err(failure) => give_up(&report, &failure),
    };
    let end = wait_as_nobody(&report, pid);
    match end {
        Ok(()) => process::exit_now(0),
        Err(failure) => give_up(&report, &failure),
    }
}

fn give_up(report: &OwnedFd, (stage, error): &Failure) -> ! {
    let message = Report::SetupFailed { stage: *stage, errno: error.raw_os_error().unwrap_or(0) };
    // Nobody is left to tell when this fails too; the worker sees the pipe's end without a report.
    let written = nix::unistd::write(report, &message.encode());
    process::exit_now(if written.is_ok() { SETUP_FAILED } else { SETUP_FAILED + 1 })
}

fn prepare_slot(request: &SpawnRequest) -> Result<(), Failure> {
    sethostname(HOST_NAME).map_err(at_nix(Stage::Namespaces))?;
    if request.scratch_bytes > 0 {
        let uid = request.uid.0;
        // An inode for each 4 KiB and some for directories: a job cannot fill the kernel with empty files.
        let inodes = 64 + request.scratch_bytes / 4096;
        let options = format!("mode=0700,uid={uid},gid={uid},size={},nr_inodes={inodes}", request.scratch_bytes);
        let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
        mount(Some("scratch"), SCRATCH, Some("tmpfs"), flags, Some(options.as_str()))
            .map_err(at_nix(Stage::Scratch))?;
    }
    Ok(())
}

fn fork_program(launch: &Launch, request: &SpawnRequest, channels: Channels) -> Result<i32, Failure> {
    match process::fork_into(CloneFlags::empty()).map_err(at(Stage::Namespaces))? {
        Forked::Parent { pid, .. } => Ok(pid),
        Forked::Child => become_program(launch, request, channels),
    }
}

/// The interpreter's process.
fn become_program(launch: &Launch, request: &SpawnRequest, channels: Channels) -> ! {
    let Channels { job, result, control, stdout, stderr, report, leaves } = channels;
    let null = match enter_cgroup(leaves).and_then(|()| open_null()) {
        Ok(null) => null,
        Err(failure) => give_up(&report, &failure),
    };
    let placed = vec![null, stdout, stderr, job, result, control];
    let Some(report) = fd::install(placed, vec![report]).ok().and_then(|mut kept| kept.pop()) else {
        process::exit_now(SETUP_FAILED)
    };
    let ready = launch.under(&request.flags, &[]).map_err(at(Stage::Exec)).and_then(|started| {
        give_everything_up(launch.ids, request)?;
        Ok(started)
    });
    let failure = match ready {
        Ok(started) => (Stage::Exec, launch.exec(&started)),
        Err(failure) => failure,
    };
    give_up(&report, &failure)
}

/// Each step gives something up; none can be undone by what follows.
fn give_everything_up(ids: IdMap, request: &SpawnRequest) -> Result<(), Failure> {
    start_session()?;
    set_limits(request.scratch_bytes, LOCKED_BYTES)?;
    drop_identity(ids, request)?;
    prctl::set_no_new_privs().map_err(at_nix(Stage::NoNewPrivs))?;
    restrict(request)
}

fn enter_cgroup(leaves: Vec<OwnedFd>) -> Result<(), Failure> {
    for leaf in leaves {
        // "0" is the writing process itself; the right to move it is that of whoever opened the file.
        fs::File::from(leaf).write_all(b"0").map_err(at(Stage::Cgroup))?;
    }
    unshare(CloneFlags::CLONE_NEWCGROUP).map_err(at_nix(Stage::Cgroup))
}

fn open_null() -> Result<OwnedFd, Failure> {
    let null = OpenOptions::new().read(true).open("/dev/null").map_err(at(Stage::Descriptors))?;
    Ok(null.into())
}

fn start_session() -> Result<(), Failure> {
    process::reset_signals();
    setsid().map_err(at_nix(Stage::Descriptors))?;
    Ok(())
}

/// What a job may lock. `sys/native/zygote.c` has the same for one that is forked.
const LOCKED_BYTES: u64 = 64 << 10;

/// Limits that are the same for every job. Those that depend on the job follow with the plan (`sys::native`).
pub(super) fn set_limits(file_bytes: u64, locked_bytes: u64) -> Result<(), Failure> {
    let rows = [
        (Resource::RLIMIT_CORE, 0),
        (Resource::RLIMIT_NOFILE, 256),
        (Resource::RLIMIT_FSIZE, file_bytes),
        (Resource::RLIMIT_MEMLOCK, locked_bytes),
        (Resource::RLIMIT_MSGQUEUE, 0),
        (Resource::RLIMIT_SIGPENDING, 128),
        (Resource::RLIMIT_STACK, 8 << 20),
        (Resource::RLIMIT_RTPRIO, 0),
        (Resource::RLIMIT_NICE, 0),
    ];
    rows.into_iter().try_for_each(|(resource, value)| setrlimit(resource, value, value)).map_err(at_nix(Stage::Rlimits))
}

/// Order matters: emptying the bounding set needs a capability; the locked securebits then keep the change of
/// uid from touching capabilities, and the last step clears them all.
fn drop_identity(ids: IdMap, request: &SpawnRequest) -> Result<(), Failure> {
    let stage = Stage::Identity;
    let (uid, gid) = (Uid::from_raw(request.uid.0), Gid::from_raw(request.uid.0));
    if let IdMap::Range { .. } = ids {
        setgroups(&[]).map_err(at_nix(stage))?;
    }
    setresgid(gid, gid, gid).map_err(at_nix(stage))?;
    privilege::seal().map_err(at(stage))?;
    setresuid(uid, uid, uid).map_err(at_nix(stage))?;
    privilege::clear_capabilities().map_err(at(stage))
}

fn restrict(request: &SpawnRequest) -> Result<(), Failure> {
    let scratch = (request.scratch_bytes > 0).then(|| Path::new(SCRATCH));
    chdir(scratch.unwrap_or(Path::new("/"))).map_err(at_nix(Stage::Landlock))?;
    landlock::restrict(scratch).map_err(at(Stage::Landlock))
}

/// Holds nothing but the report pipe and the right to wait.
fn wait_as_nobody(report: &OwnedFd, pid: i32) -> Result<(), Failure> {
    let report = report.try_clone().map_err(at(Stage::Descriptors))?;
    let mut kept = fd::install(Vec::new(), vec![report]).map_err(at(Stage::Descriptors))?;
    let report = kept.pop().ok_or((Stage::Descriptors, io::Error::other("the report pipe is gone")))?;
    prctl::set_dumpable(false).map_err(at_nix(Stage::Identity))?;
    privilege::seal().and_then(|()| privilege::clear_capabilities()).map_err(at(Stage::Identity))?;
    let end = process::reap(pid).map_err(at(Stage::Exec))?;
    let message = Report::Ended { status: end.status, cpu_us: end.cpu_us };
    nix::unistd::write(&report, &message.encode()).map_err(at_nix(Stage::Exec))?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_survive_the_pipe() {
        for report in [
            Report::SetupFailed { stage: Stage::Landlock, errno: 95 },
            Report::Ended { status: 0x8b, cpu_us: u64::MAX },
        ] {
            assert_eq!(Report::decode(report.encode()), Ok(report));
        }
        assert_eq!(Report::decode([9; 16]), Err(ReportError));
        assert_eq!(Report::decode([0xff; 16]), Err(ReportError));
    }
}
