//! The jailer's two processes: the outer one builds, the inner one forks slots.

use std::fs;
use std::io::{self, Read, Write};
use std::os::fd::{AsFd, AsRawFd, OwnedFd};
use std::path::Path;

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::resource::{RLIM_INFINITY, Resource, setrlimit};
use nix::sys::signal::Signal;
use nix::unistd::{Gid, Uid, getegid, geteuid, setgroups, setresgid, setresuid};
use serde::{Deserialize, Serialize};

use super::plan::{IdMap, JailPlan, SlotUid};
use super::{root, slot, template};
use crate::job::Stage;
use crate::sys::process::{self, Forked};
use crate::sys::{fd, privilege, socket};

/// Largest message between worker and jailer: the plan with its harness.
const MESSAGE_MAX: usize = 192 << 10;

/// What the worker may ask for. Each message carries the socket for its answer first.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum JailerRequest {
    /// An interpreter in a new slot.
    Spawn(SpawnRequest),
    /// An interpreter that forks.
    Template(TemplateRequest),
}

/// What one start of the interpreter is told besides [`JailPlan::argv`] and [`JailPlan::env`]. Starts with equal flags are
/// interchangeable.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Default, Serialize, Deserialize)]
pub struct SpawnFlags {
    /// Arguments put right behind the interpreter's own name.
    pub arguments: Vec<String>,
    /// More of its environment.
    pub env: Vec<(String, String)>,
}

/// Asks for a template. Carries descriptors in this order: the socket for the answer, the template's own socket, the
/// write end of its standard error, the host's `/proc`, which it closes before it serves anybody.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct TemplateRequest {
    /// What this start differs in.
    pub flags: SpawnFlags,
    /// Arguments put behind the harness's.
    pub arguments: Vec<String>,
}

/// Asks for an interpreter in a new slot. Carries descriptors in this order: the socket for the answer, the job pipe's read end, the result
/// pipe's write end, the control socket, stdout, stderr, the report pipe's write end, then one entry file
/// for each hierarchy, opened for writing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct SpawnRequest {
    /// The job's uid.
    pub uid: SlotUid,
    /// Size of `/tmp`; 0 for none.
    pub scratch_bytes: u64,
    /// What this start differs in.
    pub flags: SpawnFlags,
}

/// The answer. `Started` carries the pidfd of the slot's init; what fails later comes over the report pipe.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpawnReply {
    /// The root is built; the first message of a jailer's life.
    Ready,
    /// The slot's init runs.
    Started,
    /// Building failed.
    Failed {
        /// Which step.
        stage: Stage,
        /// What the system said.
        message: String,
    },
}

type Failure = (Stage, io::Error);

fn at(stage: Stage) -> impl Fn(io::Error) -> Failure {
    move |error| (stage, error)
}

fn at_nix(stage: Stage) -> impl Fn(nix::errno::Errno) -> Failure {
    move |errno| (stage, errno.into())
}

/// The jailer's life. The worker starts it with a [`socket::pair`] end as standard input and sends a
/// [`JailPlan`]. Returns when it is over.
///
/// # Errors
/// When the socket is not usable; every other failure is told to the worker over it.
pub fn run() -> io::Result<()> {
    let control = fd::take_stdin()?;
    let mut buffer = vec![0; MESSAGE_MAX];
    let (length, _) = socket::receive(control.as_fd(), &mut buffer)?;
    if length == 0 {
        // The worker was gone before it had told anything.
        return Ok(());
    }
    let message = buffer.get(..length).unwrap_or_default();
    let plan: JailPlan = serde_json::from_slice(message)?;
    match build(&plan, &control) {
        Ok(Outer { pid }) => {
            drop(control);
            privilege::seal()?;
            privilege::clear_capabilities()?;
            process::reap(pid).map(drop)
        }
        Err((stage, error)) => answer(&control, &SpawnReply::Failed { stage, message: error.to_string() }, None),
    }
}

struct Outer {
    pid: i32,
}

fn build(plan: &JailPlan, control: &OwnedFd) -> Result<Outer, Failure> {
    go_before_the_worker(plan.ids).map_err(at(Stage::Plan))?;
    let_slots_lock_memory().map_err(at_nix(Stage::Rlimits))?;
    let proc = fs::File::open("/proc").map_err(at(Stage::Plan))?;
    let mut namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    match plan.ids {
        IdMap::Range { .. } => namespaces |= CloneFlags::CLONE_NEWUSER,
        // Without privileges the user namespace comes first: it gives the right to build the root.
        IdMap::Single => enter_single_id_namespace().map_err(at(Stage::UserNamespace))?,
    }
    unshare(CloneFlags::CLONE_NEWNS).map_err(at_nix(Stage::MountNamespace))?;
    root::build_and_pivot(&plan.root).map_err(at(Stage::Root))?;

    let (mut mapped, mut map_written) = io::pipe().map_err(at(Stage::Namespaces))?;
    match process::fork_into(namespaces).map_err(at(Stage::Namespaces))? {
        Forked::Child => {
            drop(map_written);
            drop(proc);
            let code = match inner(plan, control, &mut mapped) {
                Ok(()) => 0,
                Err((stage, error)) => {
                    let told = answer(control, &SpawnReply::Failed { stage, message: error.to_string() }, None);
                    if told.is_ok() { 1 } else { 2 }
                }
            };
            process::exit_now(code)
        }
        Forked::Parent { pid, pidfd } => {
            drop(mapped);
            if let IdMap::Range { host_base, count } = plan.ids {
                let written = write_range_map(&proc, pid, host_base, count);
                if written.is_err() {
                    process::kill(pidfd.as_fd()).map_err(at(Stage::UserNamespace))?;
                }
                written.map_err(at(Stage::UserNamespace))?;
            }
            map_written.write_all(&[1]).map_err(at(Stage::UserNamespace))?;
            Ok(Outer { pid })
        }
    }
}

/// Slots pin what their jobs write to (`sys/native/pages.c`). Without CAP_SYS_RESOURCE the limit stays what it is, and slots pin
/// what they may.
fn let_slots_lock_memory() -> nix::Result<()> {
    match setrlimit(Resource::RLIMIT_MEMLOCK, RLIM_INFINITY, RLIM_INFINITY) {
        Err(Errno::EPERM) => Ok(()),
        done => done,
    }
}

/// The kernel's memory killer, out of memory on the host, takes a job before a template, and a template before a worker.
/// Inherited by everything below; the worker raises slots to 1000 ([`process::let_go_first`]), which it may not where they
/// are out of its reach: there, all of the jail is at 1000, and the kernel takes what is largest. Lowering a value that was
/// inherited would need CAP_SYS_RESOURCE.
fn go_before_the_worker(ids: IdMap) -> io::Result<()> {
    const PATH: &str = "/proc/self/oom_score_adj";
    let inherited: i32 = fs::read_to_string(PATH)?.trim().parse().map_err(io::Error::other)?;
    let score = match ids {
        IdMap::Range { .. } => inherited.max(500),
        IdMap::Single => 1000,
    };
    fs::write(PATH, score.to_string())
}

fn enter_single_id_namespace() -> io::Result<()> {
    let (uid, gid) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{} {uid} 1", IdMap::SINGLE_ID))?;
    fs::write("/proc/self/gid_map", format!("{} {gid} 1", IdMap::SINGLE_ID))
}

fn write_range_map(proc: &fs::File, pid: i32, host_base: u32, count: u32) -> io::Result<()> {
    for name in ["uid_map", "gid_map"] {
        // The host's /proc is gone with the host's root; this descriptor of it stays until the jailer is built.
        let path = Path::new("/proc/self/fd").join(proc.as_raw_fd().to_string());
        let file = nix::fcntl::openat(
            proc,
            Path::new(&pid.to_string()).join(name).as_path(),
            nix::fcntl::OFlag::O_WRONLY | nix::fcntl::OFlag::O_CLOEXEC,
            nix::sys::stat::Mode::empty(),
        )
        .map_err(|errno| io::Error::other(format!("{}: {errno}", path.display())))?;
        fs::File::from(file).write_all(format!("0 {host_base} {count}").as_bytes())?;
    }
    Ok(())
}

fn inner(plan: &JailPlan, control: &OwnedFd, mapped: &mut io::PipeReader) -> Result<(), Failure> {
    mapped.read_exact(&mut [0]).map_err(at(Stage::UserNamespace))?;
    if let IdMap::Range { .. } = plan.ids {
        let (uid, gid) = (Uid::from_raw(0), Gid::from_raw(0));
        setgroups(&[]).map_err(at_nix(Stage::Identity))?;
        setresgid(gid, gid, gid).map_err(at_nix(Stage::Identity))?;
        setresuid(uid, uid, uid).map_err(at_nix(Stage::Identity))?;
    }
    prctl::set_dumpable(false).map_err(at_nix(Stage::Identity))?;
    prctl::set_pdeathsig(Signal::SIGKILL).map_err(at_nix(Stage::Identity))?;
    let launch = slot::Launch::of(plan).map_err(at(Stage::Plan))?;
    answer(control, &SpawnReply::Ready, None).map_err(at(Stage::Plan))?;
    serve(control, &launch).map_err(at(Stage::Plan))
}

/// Answers spawn requests and reaps slots until the worker is gone.
fn serve(control: &OwnedFd, launch: &slot::Launch) -> io::Result<()> {
    let mut slots: Vec<(i32, OwnedFd)> = Vec::new();
    let mut buffer = vec![0; MESSAGE_MAX];
    loop {
        let mut polled = vec![PollFd::new(control.as_fd(), PollFlags::POLLIN)];
        polled.extend(slots.iter().map(|(_, pidfd)| PollFd::new(pidfd.as_fd(), PollFlags::POLLIN)));
        match poll(&mut polled, PollTimeout::NONE) {
            Ok(_) | Err(nix::errno::Errno::EINTR) => {}
            Err(errno) => return Err(errno.into()),
        }
        let ready: Vec<bool> = polled.iter().map(|fd| fd.any().unwrap_or(true)).collect();
        drop(polled);
        let mut ended = ready.iter().skip(1).copied();
        let mut kept = Vec::with_capacity(slots.len());
        for (pid, pidfd) in slots {
            if ended.next().unwrap_or(false) {
                process::reap(pid)?;
            } else {
                kept.push((pid, pidfd));
            }
        }
        slots = kept;
        if ready.first().copied().unwrap_or(false) {
            let (length, fds) = socket::receive(control.as_fd(), &mut buffer)?;
            if length == 0 {
                return Ok(());
            }
            let request: JailerRequest = serde_json::from_slice(buffer.get(..length).unwrap_or_default())?;
            slots.extend(start_and_answer(launch, &request, fds)?);
        }
    }
}

/// Starts a slot and answers on the socket that came with the request. That the asker has stopped waiting is no
/// failure: its end of the slot's descriptors is closed then, and the interpreter ends by itself.
fn start_and_answer(
    launch: &slot::Launch,
    request: &JailerRequest,
    mut fds: Vec<OwnedFd>,
) -> io::Result<Option<(i32, OwnedFd)>> {
    if fds.is_empty() {
        return Err(io::Error::other("a spawn request has nowhere to be answered"));
    }
    let asker = fds.remove(0);
    let started = match request {
        JailerRequest::Spawn(request) => start_slot(launch, request, fds),
        JailerRequest::Template(request) => start_template(launch, request, fds),
    };
    let told = match &started {
        Ok((_, pidfd)) => answer(&asker, &SpawnReply::Started, Some(pidfd)),
        Err((stage, error)) => answer(&asker, &SpawnReply::Failed { stage: *stage, message: error.to_string() }, None),
    };
    match told {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error),
        Ok(()) | Err(_) => Ok(started.ok()),
    }
}

fn start_slot(launch: &slot::Launch, request: &SpawnRequest, fds: Vec<OwnedFd>) -> Result<(i32, OwnedFd), Failure> {
    let channels = slot::Channels::from_fds(fds).map_err(at(Stage::Descriptors))?;
    let namespaces = CloneFlags::CLONE_NEWNS
        | CloneFlags::CLONE_NEWPID
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS;
    match process::fork_into(namespaces).map_err(at(Stage::Namespaces))? {
        Forked::Child => slot::run_init(launch, request, channels),
        Forked::Parent { pid, pidfd } => Ok((pid, pidfd)),
    }
}

/// Pid 1 of a pid namespace of its own: with a template end its slots, and with them their jobs.
fn start_template(
    launch: &slot::Launch,
    request: &TemplateRequest,
    fds: Vec<OwnedFd>,
) -> Result<(i32, OwnedFd), Failure> {
    let channels = template::Channels::from_fds(fds).map_err(at(Stage::Descriptors))?;
    match process::fork_into(CloneFlags::CLONE_NEWPID).map_err(at(Stage::Namespaces))? {
        Forked::Child => template::become_template(launch, request, channels),
        Forked::Parent { pid, pidfd } => Ok((pid, pidfd)),
    }
}

fn answer(control: &OwnedFd, reply: &SpawnReply, pidfd: Option<&OwnedFd>) -> io::Result<()> {
    let fds: Vec<_> = pidfd.iter().map(|fd| fd.as_fd()).collect();
    socket::send(control.as_fd(), &serde_json::to_vec(reply)?, &fds)
}
