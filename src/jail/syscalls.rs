//! The system-call policy as three tables, each row with its reason.
//!
//! What [`ALLOWED`] does not match is suspended and shown to the worker, which looks the number up: a call of
//! [`ATTACKS`] ends the process as `syscall_denied`; any other is answered with an errno, listed in the result,
//! and the program goes on. Names rather than numbers, so that one table serves every architecture; a name that
//! an architecture does not have is left out there.

use std::str::FromStr;

use nix::libc;
use syscalls::Sysno;

use crate::sys::notify::{self, Notification};

/// When an allowed call is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum When {
    /// With any arguments.
    Always,
    /// When the argument at `index` is one of `values`, compared as 32 bits.
    ArgIs {
        /// Which argument, from 0.
        index: u8,
        /// What it may be.
        values: &'static [u64],
    },
    /// When the bits of `mask` in the argument at `index` are exactly `value`.
    Masked {
        /// Which argument, from 0.
        index: u8,
        /// Which bits.
        mask: u64,
        /// What they are.
        value: u64,
    },
    /// Not at all: it is answered with success at once.
    Skipped,
}

/// A row of [`ALLOWED`].
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// The call's name.
    pub name: &'static str,
    /// When.
    pub when: When,
    /// What needs it, or why it can do no harm.
    pub reason: &'static str,
}

const fn always(name: &'static str, reason: &'static str) -> Row {
    Row { name, when: When::Always, reason }
}

const fn arg(name: &'static str, index: u8, values: &'static [u64], reason: &'static str) -> Row {
    Row { name, when: When::ArgIs { index, values }, reason }
}

/// The pid of the program inside its namespace: its init is 1.
const OWN_PID: u64 = 2;

/// The control socket's number while the native library still has it: one that no descriptor of a job can have, since the
/// limit on open files is lowered to it (`sys/native/enter.c`).
pub const CONTROL_FD: u64 = 255;

const THREAD: u64 = (libc::CLONE_VM | libc::CLONE_SIGHAND | libc::CLONE_THREAD) as u64;
const NAMESPACES: u64 = (libc::CLONE_NEWNS
    | libc::CLONE_NEWCGROUP
    | libc::CLONE_NEWUTS
    | libc::CLONE_NEWIPC
    | libc::CLONE_NEWUSER
    | libc::CLONE_NEWPID
    | libc::CLONE_NEWNET) as u64;
const NOT_A_THREAD: u64 =
    NAMESPACES | (libc::CLONE_PTRACE | libc::CLONE_VFORK | libc::CLONE_PIDFD | libc::CLONE_PARENT) as u64;

/// Terminal and buffer queries; nothing that sets, and no TIOCSTI.
const IOCTLS: &[u64] = &[libc::TCGETS, libc::TIOCGWINSZ, libc::FIONREAD, libc::FIONBIO, libc::FIOCLEX, libc::FIONCLEX];

/// Duplication and flags; no locks and no leases, which would be a channel between jobs over shared inodes.
const FCNTLS: &[u64] = &[
    libc::F_DUPFD as u64,
    libc::F_DUPFD_CLOEXEC as u64,
    libc::F_GETFD as u64,
    libc::F_SETFD as u64,
    libc::F_GETFL as u64,
    libc::F_SETFL as u64,
];

/// Flags of a message. No MSG_OOB, which for sockets of this family has had a use after free (CVE-2025-38236).
const SENDS: &[u64] = &[0, NOSIGNAL, DONTWAIT, NOSIGNAL | DONTWAIT];
const RECEIVES: &[u64] = &[0, DONTWAIT, PEEK, PEEK | DONTWAIT, libc::MSG_WAITALL as u64];
const NOSIGNAL: u64 = libc::MSG_NOSIGNAL as u64;
const DONTWAIT: u64 = libc::MSG_DONTWAIT as u64;
const PEEK: u64 = libc::MSG_PEEK as u64;

/// What is going to be read, and how. DONTNEED would drop pages of files that all jobs share, and a fault would then tell
/// whether another job had read them.
const ADVICE: &[u64] = &[
    libc::POSIX_FADV_NORMAL as u64,
    libc::POSIX_FADV_RANDOM as u64,
    libc::POSIX_FADV_SEQUENTIAL as u64,
    libc::POSIX_FADV_WILLNEED as u64,
];

/// What is said of the process's own memory. Not MERGEABLE: pages that are found equal to a guess, in any process of the host,
/// are written to more slowly. Not PAGEOUT, which may drop what [`ADVICE`] keeps; not the tests of broken memory.
const MEMORY_ADVICE: &[u64] = &[
    libc::MADV_NORMAL as u64,
    libc::MADV_RANDOM as u64,
    libc::MADV_SEQUENTIAL as u64,
    libc::MADV_WILLNEED as u64,
    libc::MADV_DONTNEED as u64,
    libc::MADV_FREE as u64,
    libc::MADV_REMOVE as u64,
    libc::MADV_DONTFORK as u64,
    libc::MADV_DOFORK as u64,
    libc::MADV_HUGEPAGE as u64,
    libc::MADV_NOHUGEPAGE as u64,
    libc::MADV_DONTDUMP as u64,
    libc::MADV_DODUMP as u64,
    libc::MADV_WIPEONFORK as u64,
    libc::MADV_KEEPONFORK as u64,
    libc::MADV_POPULATE_READ as u64,
    libc::MADV_POPULATE_WRITE as u64,
];

/// Thread names, names of anonymous mappings, and reads of flags.
const PR_SET_VMA: u64 = 0x5356_4d41;
const PRCTLS: &[u64] = &[
    libc::PR_SET_NAME as u64,
    libc::PR_GET_NAME as u64,
    libc::PR_GET_DUMPABLE as u64,
    libc::PR_GET_NO_NEW_PRIVS as u64,
    libc::PR_GET_SECCOMP as u64,
    PR_SET_VMA,
];

const fn skipped(name: &'static str, reason: &'static str) -> Row {
    Row { name, when: When::Skipped, reason }
}

const MEMORY: &str = "memory of the process itself, charged to its cgroup";
const DESCRIPTORS: &str = "works on descriptors that the process has";
const FILES: &str = "import of modules and data files; the tree is read-only and Landlock holds";
const SCRATCH: &str = "files in the scratch directory; elsewhere the tree is read-only";
const FLUSH: &str = "scratch is memory, with nothing to flush; on a library's file it would flush the host's disks";
const EVENTS: &str = "event loops: asyncio, libuv, selectors";
const TIME: &str = "reads or waits on clocks; cannot set them";
const SIGNALS: &str = "handlers and masks of the process itself";
const THREADS: &str = "threading, thread pools, V8's workers";
const IDENTITY: &str = "reads ids, which say nothing of the host";
const LOOPBACK: &str = "asyncio's self-pipe: a pair of connected AF_UNIX sockets of the process itself";

/// What a program may call.
pub const ALLOWED: &[Row] = &[
    always("read", DESCRIPTORS),
    always("write", DESCRIPTORS),
    always("readv", DESCRIPTORS),
    always("writev", DESCRIPTORS),
    always("pread64", DESCRIPTORS),
    always("pwrite64", DESCRIPTORS),
    always("preadv", DESCRIPTORS),
    always("pwritev", DESCRIPTORS),
    always("close", DESCRIPTORS),
    always("close_range", DESCRIPTORS),
    always("lseek", DESCRIPTORS),
    always("dup", DESCRIPTORS),
    always("dup2", DESCRIPTORS),
    always("dup3", DESCRIPTORS),
    always("pipe", "os.pipe, libuv's wake-up"),
    always("pipe2", "os.pipe, libuv's wake-up"),
    arg("fcntl", 1, FCNTLS, "flags and duplication of descriptors"),
    arg("ioctl", 1, IOCTLS, "isatty, non-blocking mode"),
    Row {
        name: "mmap",
        when: When::Masked { index: 3, mask: libc::MAP_HUGETLB as u64, value: 0 },
        reason: "memory of the process itself; huge pages would come from a reserve of the host, which no limit counts",
    },
    always("munmap", MEMORY),
    always("mprotect", "V8 compiles; a jail does not rest on W^X"),
    always("pkey_mprotect", "V8 keeps compiled WebAssembly under a protection key where the processor has them"),
    always("mremap", MEMORY),
    arg("madvise", 2, MEMORY_ADVICE, MEMORY),
    always("brk", MEMORY),
    skipped("msync", FLUSH),
    always("openat", FILES),
    always("open", FILES),
    always("stat", FILES),
    always("lstat", FILES),
    always("fstat", FILES),
    always("newfstatat", FILES),
    always("statx", FILES),
    always("access", FILES),
    always("faccessat", FILES),
    always("faccessat2", FILES),
    always("readlink", FILES),
    always("readlinkat", FILES),
    always("getdents64", FILES),
    always("getcwd", FILES),
    always("chdir", FILES),
    always("fchdir", FILES),
    arg("fadvise64", 3, ADVICE, "hints on how a file will be read"),
    always("umask", SCRATCH),
    always("mkdir", SCRATCH),
    always("mkdirat", SCRATCH),
    always("unlink", SCRATCH),
    always("unlinkat", SCRATCH),
    always("rmdir", SCRATCH),
    always("rename", SCRATCH),
    always("renameat", SCRATCH),
    always("renameat2", SCRATCH),
    always("ftruncate", SCRATCH),
    always("truncate", SCRATCH),
    always("fallocate", SCRATCH),
    skipped("fsync", FLUSH),
    skipped("fdatasync", FLUSH),
    always("chmod", SCRATCH),
    always("fchmod", SCRATCH),
    always("fchmodat", SCRATCH),
    always("utimensat", SCRATCH),
    always("poll", EVENTS),
    always("ppoll", EVENTS),
    always("select", EVENTS),
    always("pselect6", EVENTS),
    always("epoll_create", EVENTS),
    always("epoll_create1", EVENTS),
    always("epoll_ctl", EVENTS),
    always("epoll_wait", EVENTS),
    always("epoll_pwait", EVENTS),
    always("epoll_pwait2", EVENTS),
    always("eventfd2", EVENTS),
    always("timerfd_create", EVENTS),
    always("timerfd_settime", EVENTS),
    always("timerfd_gettime", EVENTS),
    arg("socketpair", 0, &[libc::AF_UNIX as u64], LOOPBACK),
    arg("sendto", 3, SENDS, LOOPBACK),
    arg("recvfrom", 3, RECEIVES, LOOPBACK),
    always("getsockname", LOOPBACK),
    always("getpeername", LOOPBACK),
    always("getsockopt", LOOPBACK),
    always("shutdown", LOOPBACK),
    arg("sendmsg", 0, &[CONTROL_FD], "hands over this filter's listener; the socket is closed before user code"),
    always("nanosleep", TIME),
    always("clock_nanosleep", TIME),
    always("clock_gettime", TIME),
    always("clock_getres", TIME),
    always("gettimeofday", TIME),
    always("time", TIME),
    always("times", TIME),
    always("getitimer", TIME),
    always("setitimer", "signal.setitimer, for the process itself"),
    always("alarm", "signal.alarm, for the process itself"),
    always("pause", TIME),
    always("rt_sigaction", SIGNALS),
    always("rt_sigprocmask", SIGNALS),
    always("rt_sigreturn", SIGNALS),
    always("rt_sigpending", SIGNALS),
    always("rt_sigsuspend", SIGNALS),
    always("rt_sigtimedwait", SIGNALS),
    always("sigaltstack", SIGNALS),
    arg("kill", 0, &[OWN_PID], "a program may signal itself, and nobody else"),
    arg("tgkill", 0, &[OWN_PID], "abort(), pthread_kill within the process"),
    Row {
        name: "clone",
        when: When::Masked { index: 0, mask: THREAD | NOT_A_THREAD, value: THREAD },
        reason: "threads of the process itself; pids.max counts them",
    },
    always("futex", THREADS),
    always("futex_waitv", THREADS),
    always("set_robust_list", THREADS),
    always("set_tid_address", THREADS),
    always("rseq", THREADS),
    always("sched_yield", THREADS),
    always("sched_getaffinity", "thread pools size themselves by it"),
    always("sched_getparam", "pthread_getschedparam; reads"),
    always("sched_getscheduler", "pthread_getschedparam; reads"),
    always("sched_get_priority_max", "thread libraries read it; a constant"),
    always("sched_get_priority_min", "thread libraries read it; a constant"),
    always("getcpu", "reads"),
    always("getpid", IDENTITY),
    always("getppid", IDENTITY),
    always("gettid", IDENTITY),
    always("getuid", IDENTITY),
    always("geteuid", IDENTITY),
    always("getgid", IDENTITY),
    always("getegid", IDENTITY),
    always("getresuid", IDENTITY),
    always("getresgid", IDENTITY),
    always("getgroups", IDENTITY),
    always("getpgrp", IDENTITY),
    always("getpgid", IDENTITY),
    always("getsid", IDENTITY),
    always("uname", "platform; the host name is the jail's"),
    always("getrandom", "random numbers"),
    always("getrusage", "time.process_time, resource; of the process itself"),
    always("getrlimit", "resource; reads"),
    arg("prlimit64", 0, &[0], "resource; may lower limits of the process itself, never raise them"),
    always("getpriority", "reads"),
    arg("prctl", 0, PRCTLS, "thread names"),
    always("wait4", "there is no child to wait for; answers ECHILD"),
    always("waitid", "there is no child to wait for; answers ECHILD"),
    always("restart_syscall", "the kernel's own way to resume a sleep"),
    always("exit", "a thread ends"),
    always("exit_group", "the process ends"),
];

/// What a zygote calls besides, with its tag in the sixth argument, which the kernel does not look at for any of these: its
/// job does the last steps under the filter of the slot.
pub const ZYGOTE: &[Attack] = &[
    ("recvmsg", "a slot is asked for a job"),
    ("clone3", "forks a job, and its init"),
    ("setsid", STEPS),
    ("unshare", STEPS),
    ("setresgid", STEPS),
    ("setresuid", STEPS),
    ("capset", STEPS),
    ("prctl", STEPS),
    ("seccomp", "installs the filter that ends all of this"),
];

const STEPS: &str = "one of a job's last steps";

/// A row without conditions: name and reason.
pub type Attack = (&'static str, &'static str);

const TREE: &str = "changes the file tree";
const PROGRAMS: &str = "starts another program; one that cannot fork first would become it";
const OTHERS: &str = "reaches into other processes";
const KERNEL: &str = "changes the kernel or the machine";
const KEYS: &str = "kernel memory that outlives and crosses jobs";

/// What no honest program calls: it ends the process.
pub const ATTACKS: &[Attack] = &[
    ("io_uring_setup", "a second way into the kernel, past this filter"),
    ("io_uring_enter", "a second way into the kernel, past this filter"),
    ("io_uring_register", "a second way into the kernel, past this filter"),
    ("bpf", KERNEL),
    ("userfaultfd", "holds kernel threads at a page fault: the classic exploit aid"),
    ("perf_event_open", "large attack surface, side channels"),
    ("ptrace", OTHERS),
    ("process_vm_readv", OTHERS),
    ("process_vm_writev", OTHERS),
    ("process_madvise", OTHERS),
    ("pidfd_getfd", OTHERS),
    ("kcmp", OTHERS),
    ("keyctl", KEYS),
    ("add_key", KEYS),
    ("request_key", KEYS),
    ("memfd_secret", KEYS),
    ("mount", TREE),
    ("umount2", TREE),
    ("pivot_root", TREE),
    ("chroot", TREE),
    ("fsopen", TREE),
    ("fsconfig", TREE),
    ("fsmount", TREE),
    ("fspick", TREE),
    ("move_mount", TREE),
    ("open_tree", TREE),
    ("open_tree_attr", TREE),
    ("mount_setattr", TREE),
    ("open_by_handle_at", "opens files by inode, past every path"),
    ("quotactl", TREE),
    ("quotactl_fd", TREE),
    ("unshare", "new namespaces open attack surface"),
    ("setns", "new namespaces open attack surface"),
    ("execve", PROGRAMS),
    ("execveat", PROGRAMS),
    ("init_module", KERNEL),
    ("finit_module", KERNEL),
    ("delete_module", KERNEL),
    ("kexec_load", KERNEL),
    ("kexec_file_load", KERNEL),
    ("reboot", KERNEL),
    ("swapon", KERNEL),
    ("swapoff", KERNEL),
    ("acct", KERNEL),
    ("syslog", KERNEL),
    ("settimeofday", KERNEL),
    ("clock_settime", KERNEL),
    ("clock_adjtime", KERNEL),
    ("adjtimex", KERNEL),
    ("sethostname", KERNEL),
    ("setdomainname", KERNEL),
    ("iopl", KERNEL),
    ("ioperm", KERNEL),
    ("modify_ldt", "segment tricks of 32-bit code"),
    ("personality", "turns off address randomisation"),
    ("seccomp", "a filter of its own could answer for ours"),
    ("lookup_dcookie", KERNEL),
    ("vhangup", KERNEL),
];

/// Answered with ENOSYS, so that libc takes the older way; not worth a line in the result.
const QUIET: &[Attack] = &[
    ("clone3", "its flags lie in memory, out of a filter's sight; libc falls back to clone"),
    ("membarrier", "libraries probe for it"),
    ("mincore", "libraries probe for it"),
    ("get_mempolicy", "OpenBLAS probes for it"),
    ("mbind", "OpenBLAS spreads its buffers over memory nodes; without it they stay where they are used first"),
    ("pkey_alloc", "V8 probes for it"),
    ("sysinfo", "load and uptime of the host; libc falls back"),
    ("statfs", "free space of the host's file systems; glibc probes it for pipes"),
    ("fstatfs", "free space of the host's file systems"),
];

/// Answered with ENOSYS and listed: a program that asks for them has another way.
pub const ABSENT: &[&str] =
    &["memfd_create", "inotify_init", "inotify_init1", "fanotify_init", "copy_file_range", "splice"];

/// What the supervisor does with a suspended call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Fails with this errno; the program goes on.
    Refuse {
        /// The errno.
        errno: i32,
        /// Whether the result lists it.
        listed: bool,
    },
    /// The process ends as `syscall_denied`.
    Kill,
}

/// Decides on a suspended call. The first argument is looked at for clone(2) only: fork, vfork and a plain clone are
/// refused and the program goes on, because honest libraries try them and cope (`platform.uname` runs `uname -p`,
/// `ctypes.util.find_library` runs `ldconfig`, Debian's pandas does the former at import); with a namespace flag it
/// is an attack.
#[must_use]
pub fn answer(call: &Notification) -> Answer {
    let Some(name) = native_name(call.number, call.arch) else {
        // Another architecture's table, the x32 table, or a number above the table.
        return if is_foreign(call.number, call.arch) {
            Answer::Kill
        } else {
            Answer::Refuse { errno: libc::ENOSYS, listed: true }
        };
    };
    let [flags, ..] = call.args;
    let makes_namespaces = name == "clone" && flags & NAMESPACES != 0;
    if makes_namespaces || ATTACKS.iter().any(|(attack, _)| *attack == name) {
        Answer::Kill
    } else if QUIET.iter().any(|(quiet, _)| *quiet == name) {
        Answer::Refuse { errno: libc::ENOSYS, listed: false }
    } else if ABSENT.contains(&name) {
        Answer::Refuse { errno: libc::ENOSYS, listed: true }
    } else {
        Answer::Refuse { errno: libc::EPERM, listed: true }
    }
}

/// The call's name, `syscall_<number>` where the native table has none, with the table's name before it when
/// that is not the native one.
#[must_use]
pub fn name(number: i64, arch: u32) -> String {
    match native_name(number, arch) {
        Some(name) => name.to_owned(),
        None if arch != notify::native_arch() => format!("foreign_syscall_{number}"),
        None if number & X32_BIT != 0 && number > 0 => format!("x32_syscall_{}", number & !X32_BIT),
        None => format!("syscall_{number}"),
    }
}

/// Bit of `__X32_SYSCALL_BIT`, asm/unistd.h.
const X32_BIT: i64 = 0x4000_0000;

fn is_foreign(number: i64, arch: u32) -> bool {
    arch != notify::native_arch() || (cfg!(target_arch = "x86_64") && number > 0 && number & X32_BIT != 0)
}

fn native_name(number: i64, arch: u32) -> Option<&'static str> {
    if is_foreign(number, arch) {
        return None;
    }
    usize::try_from(number).ok().and_then(Sysno::new).map(|call| call.name())
}

/// The number of a call on this architecture, if it has it.
#[must_use]
pub fn number(name: &str) -> Option<i64> {
    Sysno::from_str(name).ok().map(|call| i64::from(call.id()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_name_is_a_call_and_stands_once() {
        let mut seen = BTreeSet::new();
        for row in ALLOWED {
            assert!(seen.insert(row.name), "{} stands twice", row.name);
            assert!(!row.reason.is_empty());
        }
        let others = ATTACKS.iter().chain(QUIET).map(|(name, _)| *name).chain(ABSENT.iter().copied());
        let mut refused = BTreeSet::new();
        for name in others {
            assert!(refused.insert(name), "{name} stands twice");
            let partly = ALLOWED.iter().any(|row| row.name == name && row.when != When::Always);
            assert!(partly || !seen.contains(name), "{name} is allowed and refused");
        }
        #[cfg(target_arch = "x86_64")]
        for name in seen.iter().chain(&refused) {
            assert!(number(name).is_some(), "{name} is no system call");
        }
    }

    #[test]
    fn attacks_kill_and_the_rest_is_refused() {
        let native = notify::native_arch();
        let call = |number, arch, first| Notification { id: 0, number, arch, args: [first, 0, 0, 0, 0, 0] };
        let of = |name, first| answer(&call(number(name).unwrap(), native, first));
        let listed = |errno| Answer::Refuse { errno, listed: true };
        assert_eq!(of("ptrace", 0), Answer::Kill);
        assert_eq!(of("execve", 0), Answer::Kill);
        assert_eq!(of("clone", libc::SIGCHLD as u64), listed(libc::EPERM));
        assert_eq!(of("clone", libc::CLONE_NEWUSER as u64), Answer::Kill);
        assert_eq!(of("socket", 0), listed(libc::EPERM));
        assert_eq!(of("clone3", 0), Answer::Refuse { errno: libc::ENOSYS, listed: false });
        assert_eq!(answer(&call(100_000, native, 0)), listed(libc::ENOSYS));
        assert_eq!(answer(&call(1, 0x4000_0003, 0)), Answer::Kill);
        #[cfg(target_arch = "x86_64")]
        {
            assert_eq!(answer(&call(X32_BIT | 1, native, 0)), Answer::Kill);
            assert_eq!(name(X32_BIT | 1, native), "x32_syscall_1");
        }
        assert_eq!(name(100_000, native), "syscall_100000");
    }
}
