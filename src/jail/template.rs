//! A template's process up to the exec.
//!
//! It is root of the jailer's user namespace with three capabilities, those that its forks need to build slots and to take
//! on a job's identity; none of them reaches beyond that namespace. The bounding set is empty, the securebits are locked
//! and `no_new_privs` is set, so no exec and no change of uid brings more. Landlock's rules are made here and enforced by
//! the native library, once the template has looked at its own mappings.
//!
//! Its descriptors: 0, 1, 3, 4 and 5 `/dev/null`, so that a job's places are taken, 2 standard error until a job has its own,
//! 6 its socket, 7 the host's `/proc`, 8 its profile (`native/profile.c`), 9 Landlock's rules where the kernel has them.

use std::fs::OpenOptions;
use std::io;
use std::os::fd::{AsFd, OwnedFd};

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{chdir, setsid};

use super::jailer::TemplateRequest;
use super::landlock;
use super::slot::{Failure, Launch, at, at_nix, set_limits};
use crate::job::Stage;
use crate::sys::privilege::{self, Capability};
use crate::sys::{fd, native, process, socket};

/// New namespaces; a job's uid and gid.
const KEPT: [Capability; 3] = [Capability::SYS_ADMIN, Capability::SETUID, Capability::SETGID];

/// Status of a template that could not be set up; a message says why.
const SETUP_FAILED: i32 = 125;

/// The descriptors of a [`TemplateRequest`].
#[derive(Debug)]
pub(super) struct Channels {
    control: OwnedFd,
    stderr: OwnedFd,
    proc: OwnedFd,
    profile: OwnedFd,
}

impl Channels {
    pub(super) fn from_fds(fds: Vec<OwnedFd>) -> io::Result<Self> {
        match <[OwnedFd; 4]>::try_from(fds) {
            Ok([control, stderr, proc, profile]) => Ok(Self { control, stderr, proc, profile }),
            Err(_) => Err(io::Error::other("a template's request has other descriptors")),
        }
    }
}

/// The new process. It becomes the interpreter.
pub(super) fn become_template(launch: &Launch, request: &TemplateRequest, channels: Channels) -> ! {
    // A copy stays until the exec, to say on what failed.
    let Ok(told) = channels.control.try_clone() else { process::exit_now(SETUP_FAILED) };
    let (told, (stage, error)) = prepare(launch, request, channels, told);
    let message = native::encode_failure(stage, error.raw_os_error().unwrap_or(0));
    // Nobody is left to tell when this fails: the worker sees the end of the socket.
    let was_told = told.is_some_and(|told| socket::send(told.as_fd(), &message, &[]).is_ok());
    process::exit_now(if was_told { SETUP_FAILED } else { SETUP_FAILED + 1 })
}

/// Returns only on failure: whom to tell, and what.
fn prepare(
    launch: &Launch,
    request: &TemplateRequest,
    channels: Channels,
    told: OwnedFd,
) -> (Option<OwnedFd>, Failure) {
    let Channels { control, stderr, proc, profile } = channels;
    let placed = open_nulls().and_then(|[a, b, c, d, e]| {
        let ruleset = landlock::rules(None).map_err(at(Stage::Landlock))?;
        let fixed = [a, b, stderr, c, d, e, control, proc, profile];
        Ok(fixed.into_iter().chain(ruleset).collect::<Vec<_>>())
    });
    let placed = match placed {
        Ok(placed) => placed,
        Err(failure) => return (Some(told), failure),
    };
    let told = match fd::install(placed, vec![told]) {
        Ok(mut kept) => kept.pop(),
        Err(error) => return (None, (Stage::Descriptors, error)),
    };
    let started = launch.under(&request.flags, &request.arguments).map_err(at(Stage::Exec));
    let started = started.and_then(|started| give_up_the_rest().map(|()| started));
    let failure = match started {
        Ok(started) => (Stage::Exec, launch.exec(&started)),
        Err(failure) => failure,
    };
    (told, failure)
}

fn open_nulls() -> Result<[OwnedFd; 5], Failure> {
    let open = || OpenOptions::new().read(true).write(true).open("/dev/null").map(OwnedFd::from);
    let all = || Ok([open()?, open()?, open()?, open()?, open()?]);
    all().map_err(at(Stage::Descriptors))
}

fn give_up_the_rest() -> Result<(), Failure> {
    process::reset_signals();
    setsid().map_err(at_nix(Stage::Descriptors))?;
    let (_, may_lock) = getrlimit(Resource::RLIMIT_MEMLOCK).map_err(at_nix(Stage::Rlimits))?;
    set_limits(0, may_lock)?;
    chdir("/").map_err(at_nix(Stage::Descriptors))?;
    privilege::keep_only(&KEPT).map_err(at(Stage::Identity))?;
    prctl::set_no_new_privs().map_err(at_nix(Stage::NoNewPrivs))?;
    prctl::set_dumpable(false).map_err(at_nix(Stage::Identity))
}
