/*
 * Makes a zygote of the interpreter that it is loaded into: a process that never runs user code, and forks.
 *
 *   template   the warmed interpreter, pid 1 of its pid namespace; calls cellblock_zygote, which returns in jobs, and once
 *      |        in a fork that rehearses one (pages.c), or itself where it is a survey (profile.c). For each SLOT message it
 *      |        clones itself into the namespaces of a new slot.
 *   slot       pid 1 of its own pid namespace; enters its cgroup if it has one, then waits for JOB messages on its own socket, one at a
 *      |        time. While a job lives, it is suspended (CLONE_VFORK).
 *   init       pid 1 of the job's own pid namespace. It shares memory and descriptors with the suspended slot (CLONE_VM,
 *      |        CLONE_FILES), so it costs next to nothing; forks the job, waits for it, leaves its status in memory.
 *   job        pid 2, a fork of the slot's memory: takes the last steps, and returns into the interpreter.
 *
 * A job can leave no process behind, and none of its process ids are seen by the next one: its namespace ends with init.
 * What happens between the return of cellblock_zygote and the first byte that is read from the job's descriptor is the
 * harness's. Up to there nothing depends on the job but its resource limits.
 *
 * Messages, each whole, on sockets of type SOCK_SEQPACKET:
 *
 *   worker -> template   SLOT: slot_head, filters     + the slot's socket, an entry file of each cgroup hierarchy
 *   template -> worker   READY once; STARTED          + a pidfd of the slot
 *   slot -> worker       LISTENER once                + its filter's listener
 *   worker -> slot       JOB: job_head                + job, result, stdout, stderr, perhaps a cgroup directory
 *   job -> worker        ENTERED                      + a pidfd of init
 *   slot -> worker       ENDED, always
 *   anybody -> worker    FAILED with stage and errno
 *
 * The library decides nothing and parses nothing of the job. A slot asserts that it is single-threaded: a lock that another
 * thread held would never be released in a job. A template may have threads that only wait, as Node's do.
 */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define SLOT_MAGIC 0x43425354u
#define JOB_MAGIC 0x43424a42u
#define MOST_FDS 8
#define LOCKED_BYTES (64 << 10) /* jail::slot has the same for a process that was started for its job */
#define MOST_OWN_FDS CONTROL_AT /* RLIMIT_NOFILE of every interpreter is greater by one */

/* Whose process cellblock_zygote returns in. */
enum { JOB = 0, REHEARSAL = 1 };

struct slot_head {
    uint32_t magic;
    uint32_t id;               /* uid and gid of the slot's jobs */
    uint32_t instructions;     /* count of struct sock_filter that follow: the filter of the slot */
    uint32_t job_instructions; /* and of those behind them: what a job has besides */
};

struct job_head {
    uint32_t magic;
    uint32_t into_cgroup; /* whether the fifth descriptor is a cgroup to be born in */
    uint64_t cpu_soft_s;
    uint64_t cpu_hard_s;
};

struct ended {
    uint8_t kind;
    uint8_t has_job; /* whether init saw the job's end */
    uint16_t reserved;
    int32_t init_status;
    int32_t job_status;
    uint32_t reserved2;
    uint64_t cpu_us;
};

/* Python's own halves of a fork; not there in Node. The first is called once, by the template, which never runs Python
 * again; the second in each job. */
extern void PyOS_BeforeFork(void) __attribute__((weak));
extern void PyOS_AfterFork_Child(void) __attribute__((weak));

/* glibc's, from 2.35 on: rseq(2), and the signature that it uses. */
extern const unsigned int __rseq_size __attribute__((weak));
extern const ptrdiff_t __rseq_offset __attribute__((weak));
#if defined(__aarch64__)
#define RSEQ_SIG 0xd428bc00
#else
#define RSEQ_SIG 0x53053053
#endif

static _Alignas(8) char message[65536];
static struct sock_filter filters[2 * BPF_MAXINSNS]; /* the slot's, then the job's */
static struct slot_head slot;
static struct job_head job;
static sigset_t signals; /* the interpreter's own mask: zygotes block everything */
static unsigned char own_fds[MOST_OWN_FDS];

/* Where libc keeps the id of the thread that forks, and its list of robust locks. */
static int *own_tid;
static void *robust_list;
static size_t robust_size;

/* Written by init, read by the slot that shares its memory. */
static volatile struct {
    int has_job;
    int job_status;
    int fork_error;
    uint64_t cpu_us;
} seen;

struct received {
    ssize_t length;
    int count;
    int fds[MOST_FDS];
};

/* A call that only a zygote may make, under the filter of its slot. */
static long call_as_zygote(long number, long first, long second, long third) {
    const long arguments[6] = {first, second, third, 0, 0, ZYGOTE_TAG};
    return call_with_errno(number, arguments);
}

static struct received receive(int control) {
    struct iovec part = {message, sizeof message};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(MOST_FDS * sizeof(int))];
    } space;
    struct msghdr head = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = space.bytes, .msg_controllen = sizeof space.bytes};
    struct received got = {0};
    do
        got.length = call_as_zygote(SYS_recvmsg, control, (long)&head, MSG_CMSG_CLOEXEC);
    while (got.length < 0 && errno == EINTR);
    if (got.length <= 0)
        _exit(0); /* the worker is gone, or has no use for this process */
    if (head.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
        fail(control, STAGE_PLAN, EMSGSIZE);
    struct cmsghdr *header = CMSG_FIRSTHDR(&head);
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        got.count = (int)((header->cmsg_len - CMSG_LEN(0)) / sizeof(int));
        memcpy(got.fds, CMSG_DATA(header), (size_t)got.count * sizeof(int));
    }
    return got;
}

static void say(int control, uint8_t kind) {
    if (send(control, &kind, 1, MSG_NOSIGNAL) != 1)
        _exit(125);
}

static void close_all(const int *fds, int count) {
    for (int i = 0; i < count; i++)
        close(fds[i]);
}

/* CLONE_THREAD means something only among several threads; alone, the call is allowed and does nothing. */
static void assert_alone(int control) {
    if (syscall(SYS_unshare, CLONE_THREAD) != 0)
        fail(control, STAGE_BOOT, errno);
}

/* The system call, as a zygote's, without a return address of its own: with CLONE_VM two processes come back from it on one
 * stack, the second when the first one is gone. */
static inline __attribute__((always_inline)) long raw_clone3(struct clone_args *arguments) {
    long result;
#if defined(__x86_64__)
    register long sixth __asm__("r9") = ZYGOTE_TAG;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(SYS_clone3), "D"(arguments), "S"(sizeof *arguments), "r"(sixth)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = SYS_clone3;
    register long x0 __asm__("x0") = (long)arguments;
    register long x1 __asm__("x1") = sizeof *arguments;
    register long x5 __asm__("x5") = ZYGOTE_TAG;
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x5) : "memory");
    result = x0;
#else
#error "no clone3 for this architecture"
#endif
    return result;
}

/* ------------------------------------------------------------------------------------------------------------- job */

static void drop_identity(int control) {
    struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
    struct __user_cap_data_struct none[2];
    memset(none, 0, sizeof none);
    /* The bounding set is empty and the securebits are locked since before the interpreter's start. */
    if (call_as_zygote(SYS_setresgid, slot.id, slot.id, slot.id) != 0 ||
        call_as_zygote(SYS_setresuid, slot.id, slot.id, slot.id) != 0 ||
        call_as_zygote(SYS_capset, (long)&header, (long)none, 0) != 0)
        fail(control, STAGE_IDENTITY, errno);
}

/* A process of CLONE_VM starts without the registration that its forks would inherit, and libc believes in its own. */
static void register_rseq(void) {
    if (&__rseq_size == NULL || __rseq_size == 0)
        return;
    /* Where it fails, libc reads a processor number that does not change any more. */
    syscall(SYS_rseq, (char *)__builtin_thread_pointer() + __rseq_offset, __rseq_size < 32 ? 32 : __rseq_size, 0, RSEQ_SIG);
}

/* Closes all but the places of a job's descriptors and what the interpreter itself had open. */
static void close_others(int control) {
    unsigned from = FIRST_OTHER;
    for (unsigned fd = FIRST_OTHER; fd < MOST_OWN_FDS; fd++) {
        if (!own_fds[fd])
            continue;
        if (fd > from && syscall(SYS_close_range, from, fd - 1, 0) != 0)
            fail(control, STAGE_DESCRIPTORS, errno);
        from = fd + 1;
    }
    if (syscall(SYS_close_range, from, ~0u, 0) != 0)
        fail(control, STAGE_DESCRIPTORS, errno);
}

/* In a slot: what is done at libc's fork may have given the interpreter others than the template has (libuv has a pipe). */
static void note_own_fds(int control, const int *entries, int count) {
    for (int fd = FIRST_OTHER; fd < MOST_OWN_FDS; fd++)
        own_fds[fd] = fd != control && fcntl(fd, F_GETFD) >= 0;
    for (int i = 0; i < count; i++)
        if (entries[i] < MOST_OWN_FDS)
            own_fds[entries[i]] = 0;
}

/* Puts `null` in the place of what the interpreter has open besides files, such as its event loops' descriptors: all jobs
 * would share them, and with them what they say to the kernel. The numbers stay taken, since their owners close them. */
static void replace_own_fds(int control, int null) {
    for (int fd = FIRST_OTHER; fd < MOST_OWN_FDS; fd++) {
        struct stat about;
        if (!own_fds[fd])
            continue;
        if (fstat(fd, &about) != 0)
            fail(control, STAGE_DESCRIPTORS, errno);
        if (!S_ISREG(about.st_mode) && dup3(null, fd, O_CLOEXEC) < 0)
            fail(control, STAGE_DESCRIPTORS, errno);
    }
}

/* Opens /dev/null anew: its status flags belong to the open file, and what one job set all later ones would find. */
static void open_null(int control) {
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null < 0 || dup2(null, STDIN_AT) < 0)
        fail(control, STAGE_DESCRIPTORS, errno);
    close(null);
    replace_own_fds(control, STDIN_AT);
}

/* The last steps, in an order in which nothing given up is needed again. */
static void become_job(int control, const int *fds, int init) {
    const int places[] = {STDOUT_AT, STDERR_AT, JOB_AT, RESULT_AT};
    const int sources[] = {fds[2], fds[3], fds[0], fds[1]};
    for (int i = 0; i < 4; i++)
        if (dup2(sources[i], places[i]) < 0)
            fail(control, STAGE_DESCRIPTORS, errno);
    open_null(control);
    if (call_as_zygote(SYS_setsid, 0, 0, 0) < 0)
        fail(control, STAGE_DESCRIPTORS, errno);
    struct rlimit limit = {job.cpu_soft_s, job.cpu_hard_s};
    if (setrlimit(RLIMIT_CPU, &limit) != 0)
        fail(control, STAGE_RLIMITS, errno);
    register_rseq();
    if (job.into_cgroup && call_as_zygote(SYS_unshare, CLONE_NEWCGROUP, 0, 0) != 0)
        fail(control, STAGE_CGROUP, errno);
    drop_identity(control);
    if (call_as_zygote(SYS_prctl, PR_SET_DUMPABLE, 0, 0) != 0)
        fail(control, STAGE_NO_NEW_PRIVS, errno);
    if (sigprocmask(SIG_SETMASK, &signals, NULL) != 0)
        fail(control, STAGE_DESCRIPTORS, errno);
    struct sock_fprog program = {(unsigned short)slot.job_instructions, filters + slot.instructions};
    if (call_as_zygote(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, (long)&program) != 0)
        fail(control, STAGE_SECCOMP, errno);
    /* The filter allows sendmsg on this one descriptor number; it is closed before any user code runs. */
    if (!send_with(CONTROL_AT, MSG_ENTERED, &init, 1))
        _exit(125);
    close_others(CONTROL_AT);
    close(CONTROL_FROM);
}

/* ------------------------------------------------------------------------------------------------------ init, slot */

/* fork(2) as a zygote's call, which libc's own cannot be: with what that does in the child of a process with one thread. */
static pid_t fork_job(void) {
    struct clone_args arguments = {
        .flags = CLONE_CHILD_SETTID | CLONE_CHILD_CLEARTID,
        .child_tid = (uint64_t)(uintptr_t)own_tid,
        .exit_signal = SIGCHLD,
    };
    long pid = raw_clone3(&arguments);
    if (pid == 0)
        syscall(SYS_set_robust_list, robust_list, robust_size);
    return (pid_t)pid;
}

/* Runs in the slot's memory, on its stack. Returns in the job only. */
static __attribute__((noinline)) void init(int control, const int *fds, int count, int own) {
    pid_t pid = fork_job();
    if (pid == 0) {
        become_job(control, fds, own);
        return;
    }
    close_all(fds, count); /* the slot's too: the descriptors are shared, and a reader is to see the job's end */
    if (pid < 0) {
        seen.fork_error = -pid;
    } else {
        int status;
        struct rusage usage;
        pid_t ended;
        do
            ended = wait4(pid, &status, 0, &usage);
        while (ended < 0 && errno == EINTR);
        if (ended == pid) {
            seen.job_status = status;
            seen.cpu_us = (uint64_t)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1000000u +
                          (uint64_t)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
            seen.has_job = 1;
        }
    }
    for (;;)
        syscall(SYS_exit_group, 0);
}

/* Whether this is the job. */
static __attribute__((noinline)) int run_job(int control, const int *fds, int count) {
    static struct clone_args arguments; /* not on the stack, which two processes use */
    static int pidfd;
    static long pid;
    memset(&arguments, 0, sizeof arguments);
    memset((void *)&seen, 0, sizeof seen);
    pidfd = -1;
    arguments.flags = CLONE_VM | CLONE_VFORK | CLONE_FILES | CLONE_NEWPID | CLONE_PIDFD;
    arguments.pidfd = (uint64_t)(uintptr_t)&pidfd;
    arguments.exit_signal = SIGCHLD;
    if (job.into_cgroup) {
        arguments.flags |= CLONE_INTO_CGROUP;
        arguments.cgroup = (uint64_t)fds[4];
    }
    pid = raw_clone3(&arguments);
    if (pid == 0) {
        init(control, fds, count, pidfd);
        return 1;
    }
    if (pid < 0)
        fail(control, STAGE_NAMESPACES, (int)-pid);
    struct ended end = {.kind = MSG_ENDED};
    while (waitpid((pid_t)pid, &end.init_status, 0) < 0)
        if (errno != EINTR)
            fail(control, STAGE_NAMESPACES, errno);
    close(pidfd);
    close_all(fds, count); /* where init was killed before it could */
    if (seen.fork_error != 0)
        fail(control, STAGE_NAMESPACES, seen.fork_error);
    end.has_job = seen.has_job != 0;
    end.job_status = seen.job_status;
    end.cpu_us = seen.cpu_us;
    if (send(control, &end, sizeof end, MSG_NOSIGNAL) != (ssize_t)sizeof end)
        _exit(0);
    return 0;
}

/* Returns in jobs only. */
static void serve_slot(int control, const int *entries, int count) {
    signal(SIGCHLD, SIG_DFL);
    note_own_fds(control, entries, count);
    pin_written_pages(slot.id); /* before it is in a cgroup, which counts what is its jobs' */
    struct rlimit locked = {LOCKED_BYTES, LOCKED_BYTES};
    if (setrlimit(RLIMIT_MEMLOCK, &locked) != 0)
        fail(control, STAGE_RLIMITS, errno);
    replace_own_fds(control, JOB_AT);
    for (int i = 0; i < count; i++) {
        /* "0" is the writing process itself; the right to move it is that of whoever opened the file. */
        if (write(entries[i], "0", 1) != 1)
            fail(control, STAGE_CGROUP, errno);
        close(entries[i]);
    }
    /* Jobs with a cgroup of their own hide it themselves: from inside a namespace that begins at the slot's cgroup, none
     * could be born in another one. */
    if (count > 0 && unshare(CLONE_NEWCGROUP) != 0)
        fail(control, STAGE_CGROUP, errno);
    if (sethostname("cell", 4) != 0)
        fail(control, STAGE_NAMESPACES, errno);
    if (prctl(PR_SET_DUMPABLE, 0) != 0)
        fail(control, STAGE_IDENTITY, errno);
    assert_alone(control);
    put_out_of_reach(control);
    close(control);
    control = CONTROL_AT;
    struct sock_fprog program = {(unsigned short)slot.instructions, filters};
    int listener = install_filter(control, &program);
    if (!send_with(control, MSG_LISTENER, &listener, 1))
        _exit(125);
    close(listener);
    for (;;) {
        struct received got = receive(control);
        if ((size_t)got.length != sizeof job)
            fail(control, STAGE_PLAN, EBADMSG);
        memcpy(&job, message, sizeof job);
        if (job.magic != JOB_MAGIC || got.count != (job.into_cgroup ? 5 : 4))
            fail(control, STAGE_PLAN, EBADMSG);
        if (run_job(control, got.fds, got.count))
            return;
    }
}

/* ------------------------------------------------------------------------------------------------------- template */

static void read_slot(int control, const struct received *got) {
    if ((size_t)got->length < sizeof slot || got->count < 1)
        fail(control, STAGE_PLAN, EBADMSG);
    memcpy(&slot, message, sizeof slot);
    size_t size = ((size_t)slot.instructions + slot.job_instructions) * sizeof(struct sock_filter);
    if (slot.magic != SLOT_MAGIC || slot.instructions > BPF_MAXINSNS || slot.job_instructions > BPF_MAXINSNS ||
        (size_t)got->length != sizeof slot + size)
        fail(control, STAGE_PLAN, EBADMSG);
    memcpy(filters, message + sizeof slot, size);
}

/* Whether this is a slot: then with nothing of the template's. Between the two is a process that libc's own fork(2) makes, for
 * the sake of what libraries want done at a fork (pthread_atfork(3)); it ends at once. */
static int start_slot(int control, const struct received *got) {
    pid_t between = fork();
    if (between < 0)
        fail(control, STAGE_NAMESPACES, errno);
    if (between > 0) {
        close_all(got->fds, got->count);
        return 0;
    }
    static struct clone_args arguments;
    static int pidfd;
    memset(&arguments, 0, sizeof arguments);
    arguments.flags =
        CLONE_PARENT | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_PIDFD;
    arguments.pidfd = (uint64_t)(uintptr_t)&pidfd;
    long pid = raw_clone3(&arguments);
    if (pid == 0) {
        close(control);
        return 1;
    }
    if (pid < 0)
        fail(control, STAGE_NAMESPACES, (int)-pid);
    send_with(control, MSG_STARTED, &pidfd, 1);
    _exit(0);
}

void settle(int control, int proc);

static void after_fork(void) {
    if (PyOS_AfterFork_Child != NULL)
        PyOS_AfterFork_Child();
}

__attribute__((visibility("default"))) int cellblock_zygote(int control, int proc, int ruleset) {
    sigset_t all;
    sigfillset(&all);
    if (sigprocmask(SIG_SETMASK, &all, &signals) != 0)
        fail(control, STAGE_BOOT, errno);
    if (prctl(PR_GET_TID_ADDRESS, &own_tid) != 0 || syscall(SYS_get_robust_list, 0, &robust_list, &robust_size) != 0)
        fail(control, STAGE_BOOT, errno);
    settle(control, proc);
    if (PyOS_BeforeFork != NULL && PyOS_AfterFork_Child != NULL) {
        /* Once for nothing: what it does the first time is then done for all. */
        PyOS_BeforeFork();
        PyOS_AfterFork_Child();
        struct region own = serve_allocations();
        PyOS_BeforeFork();
        if (is_survey()) {
            follow_writes(own);
            after_fork();
            return REHEARSAL;
        }
    }
    close(PROFILE_AT);
    if (rehearse(proc)) {
        after_fork();
        return REHEARSAL;
    }
    close(proc);
    if (ruleset >= 0) {
        if (syscall(SYS_landlock_restrict_self, ruleset, 0) != 0)
            fail(control, STAGE_LANDLOCK, errno);
        close(ruleset);
    }
    signal(SIGCHLD, SIG_IGN); /* slots that end are nobody's zombies */
    say(control, MSG_READY);
    for (;;) {
        struct received got = receive(control);
        read_slot(control, &got);
        if (start_slot(control, &got)) {
            serve_slot(got.fds[0], got.fds + 1, got.count - 1);
            after_fork();
            return JOB;
        }
    }
}

/* The end of a job. Found in this library, at a template's start: a call of libc's own would be looked up in every job. */
__attribute__((visibility("default"))) void cellblock_leave(void) {
    end_survey();
    end_rehearsal();
    for (;;)
        syscall(SYS_exit_group, 0);
}
