//! Making, watching and ending processes.

use std::ffi::CString;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::os::fd::{AsRawFd, BorrowedFd, FromRawFd, OwnedFd, RawFd};
use std::os::unix::process::CommandExt;
use std::path::Path;

use nix::libc;
use nix::sched::CloneFlags;

/// Which side of [`fork_into`] this is.
#[derive(Debug)]
pub enum Forked {
    /// The new process.
    Child,
    /// The caller, with the new process's id and a descriptor that stands for it.
    Parent {
        /// Process id in the caller's pid namespace.
        pid: i32,
        /// Readable when the process has ended; never refers to another process.
        pidfd: OwnedFd,
    },
}

/// Forks into new namespaces, like fork(2) with the `CLONE_NEW*` flags given.
///
/// # Errors
/// The system's error. `InvalidInput` when this process has more than one thread: the child would inherit
/// locks that no thread of it will ever release.
pub fn fork_into(namespaces: CloneFlags) -> io::Result<Forked> {
    if thread_count()? != 1 {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "only a single-threaded process may fork"));
    }
    let mut pidfd: RawFd = -1;
    // SAFETY: clone_args is plain data for which all zeros is valid.
    let mut args: libc::clone_args = unsafe { std::mem::zeroed() };
    let flags = u64::from(namespaces.bits().cast_unsigned()) | libc::CLONE_PIDFD.cast_unsigned() as u64;
    args.flags = flags;
    args.pidfd = (&raw mut pidfd) as u64;
    args.exit_signal = libc::SIGCHLD.cast_unsigned().into();
    // SAFETY: without CLONE_VM this is fork: the child gets a copy of this address space and its stack. The
    // process is single-threaded (checked above), so no lock is held by a thread that the child lacks. `args`
    // and the `pidfd` that it points to live through the call.
    let pid = unsafe { libc::syscall(libc::SYS_clone3, &raw mut args, size_of::<libc::clone_args>()) };
    match pid {
        0 => Ok(Forked::Child),
        1.. => {
            // SAFETY: the kernel stored a new descriptor in `pidfd`; nobody else owns it.
            let pidfd = unsafe { OwnedFd::from_raw_fd(pidfd) };
            Ok(Forked::Parent { pid: i32::try_from(pid).map_err(io::Error::other)?, pidfd })
        }
        _ => Err(io::Error::last_os_error()),
    }
}

fn thread_count() -> io::Result<u64> {
    // In the jail there is no /proc; the jailer checks once before it leaves the host's root and starts no
    // threads afterwards.
    match std::fs::read_dir("/proc/self/task") {
        Ok(tasks) => Ok(tasks.count() as u64),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(1),
        Err(error) => Err(error),
    }
}

/// How a child ended, with what it used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reaped {
    /// The raw status of wait(2).
    pub status: i32,
    /// User and system time of the child and its reaped children, in microseconds.
    pub cpu_us: u64,
}

/// Waits for a child to end.
///
/// # Errors
/// The system's error; `ECHILD` when it is not a child of this process.
pub fn reap(pid: i32) -> io::Result<Reaped> {
    let mut status = 0;
    // SAFETY: rusage is plain data for which all zeros is valid.
    let mut usage: libc::rusage = unsafe { std::mem::zeroed() };
    loop {
        // SAFETY: both pointers are to live locals of the right types.
        let result = unsafe { libc::wait4(pid, &raw mut status, 0, &raw mut usage) };
        if result >= 0 {
            break;
        }
        let error = io::Error::last_os_error();
        if error.kind() != io::ErrorKind::Interrupted {
            return Err(error);
        }
    }
    let us = |time: libc::timeval| time.tv_sec.cast_unsigned() * 1_000_000 + time.tv_usec.cast_unsigned();
    Ok(Reaped { status, cpu_us: us(usage.ru_utime) + us(usage.ru_stime) })
}

/// Sends SIGKILL to the process that the descriptor stands for. Of a process that has ended it is a no-op.
///
/// # Errors
/// `EPERM` when the process belongs to somebody else.
pub fn kill(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    // SAFETY: pidfd_send_signal with a null siginfo takes no other pointer.
    let result = unsafe {
        libc::syscall(libc::SYS_pidfd_send_signal, pidfd.as_raw_fd(), libc::SIGKILL, std::ptr::null::<()>(), 0)
    };
    if result < 0 {
        let error = io::Error::last_os_error();
        if error.raw_os_error() != Some(libc::ESRCH) {
            return Err(error);
        }
    }
    Ok(())
}

/// Leaves without running destructors, exit handlers or flushing: for forked children.
pub fn exit_now(status: i32) -> ! {
    // SAFETY: _exit takes no pointer and does not return.
    unsafe { libc::_exit(status) }
}

/// Resets every signal to its default action and unblocks all: exec keeps ignored and blocked ones.
pub fn reset_signals() {
    for signal in 1..=64 {
        // SAFETY: SIG_DFL installs no code. SIGKILL, SIGSTOP and the two numbers that libc reserves are refused
        // with EINVAL, which is right.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
    // SAFETY: sigset_t is plain data; sigemptyset initialises it, and sigprocmask reads it.
    unsafe {
        let mut none: libc::sigset_t = std::mem::zeroed();
        libc::sigemptyset(&raw mut none);
        libc::sigprocmask(libc::SIG_SETMASK, &raw const none, std::ptr::null_mut());
    }
}

/// Becomes another program. Returns only on failure.
pub fn exec(path: &CString, argv: &[CString], env: &[CString]) -> io::Error {
    match nix::unistd::execve(path, argv, env) {
        Ok(never) => match never {},
        Err(errno) => errno.into(),
    }
}

/// The binary that this process runs, whatever became of its name since.
pub const OWN_BINARY: &str = "/proc/self/exe";

/// Starts a binary with these arguments, an empty environment, `stdin` as its standard input and standard error
/// shared, in a process group of its own: Ctrl-C at a terminal is sent to the whole group of its foreground process,
/// and it is that process alone that decides what stops.
///
/// # Errors
/// The system's error.
#[allow(clippy::disallowed_methods, reason = "this module owns the starting of processes")]
pub fn spawn(binary: &Path, args: &[&str], stdin: OwnedFd) -> io::Result<std::process::Child> {
    std::process::Command::new(binary)
        .args(args)
        .env_clear()
        .stdin(stdin)
        .stdout(std::process::Stdio::null())
        .process_group(0)
        .spawn()
}

/// The process that a pidfd stands for; `None` when it is not seen from here or has ended.
///
/// # Errors
/// The system's error.
pub fn pid_of(pidfd: BorrowedFd<'_>) -> io::Result<Option<u32>> {
    // proc_pid_fdinfo(5): 0 or -1 for one that is not seen or has ended.
    let info = std::fs::read_to_string(format!("/proc/self/fdinfo/{}", pidfd.as_raw_fd()))?;
    let pid = info.lines().find_map(|line| line.strip_prefix("Pid:")).and_then(|text| text.trim().parse().ok());
    Ok(pid.filter(|pid| *pid > 0))
}

/// The children of a process that has one thread.
///
/// # Errors
/// The system's error.
pub fn children(pid: u32) -> io::Result<Vec<u32>> {
    let text = std::fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    Ok(text.split_whitespace().filter_map(|pid| pid.parse().ok()).collect())
}

/// Has the kernel take this process, its children and all that they fork from here on before everybody else, when it is
/// out of memory.
///
/// # Errors
/// The system's error: a user may not say that of a process that is out of its reach.
pub fn let_go_first(pidfd: BorrowedFd<'_>) -> io::Result<()> {
    let Some(pid) = pid_of(pidfd)? else { return Err(io::ErrorKind::NotFound.into()) };
    let open = |pid: u32| OpenOptions::new().write(true).open(format!("/proc/{pid}/oom_score_adj"));
    let mut own = open(pid)?;
    // What is open is a process's, whoever gets its number next: it only has to be the right one now.
    if pid_of(pidfd)? != Some(pid) {
        return Err(io::ErrorKind::NotFound.into());
    }
    own.write_all(b"1000")?;
    let of_children: Vec<_> = children(pid)?.into_iter().map(|child| (child, open(child))).collect();
    let still = children(pid)?;
    for (_, file) in of_children.into_iter().filter(|(child, _)| still.contains(child)) {
        file?.write_all(b"1000")?;
    }
    Ok(())
}

/// Characters that are kept of what a program said before it failed: it may repeat all that it was given.
const SAID: usize = 200;

/// Runs a trusted program of the host to its end with an empty environment but for `LANG=C.UTF-8`, and gives
/// its standard output.
///
/// # Errors
/// The system's error, or `Other` with the program's status and the beginning of its standard error, in one line.
#[allow(clippy::disallowed_methods, reason = "this module owns the starting of processes")]
pub fn output_of(program: &Path, args: &[&str]) -> io::Result<String> {
    let output = std::process::Command::new(program)
        .args(args)
        .env_clear()
        .env("LANG", "C.UTF-8")
        .stdin(std::process::Stdio::null())
        .output()?;
    if !output.status.success() {
        return Err(io::Error::other(format!("{}: {}", output.status, in_a_line(&output.stderr))));
    }
    String::from_utf8(output.stdout).map_err(io::Error::other)
}

fn in_a_line(said: &[u8]) -> String {
    let said = String::from_utf8_lossy(said).replace(|c: char| c.is_control(), " ");
    let line = said.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(SAID).and_then(|(end, _)| line.get(..end)) {
        Some(beginning) => format!("{beginning}…"),
        None => line,
    }
}
