/* The last steps of entering the jail, done inside the interpreter.
 *
 * The filter that a job runs under must not allow execve or open-ended set-up calls, so it cannot be installed
 * before the interpreter has started. This library is what the interpreter calls once, when it is ready and
 * before it knows anything of the job:
 *
 *   1. say READY on the control socket;
 *   2. wait for the plan: resource limits and a compiled filter, decided by the worker;
 *   3. set the limits, become undumpable, set no_new_privs, install the filter for all threads (TSYNC);
 *   4. hand the filter's listener to the worker and close both descriptors.
 *
 * The library decides nothing and parses nothing of the job. Every failure is reported with the stage and errno
 * and ends the process, so no interpreter goes on half jailed.
 *
 * This is for an interpreter that serves one job and was started for it; zygote.c has the one that forks.
 */
#include "native.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PLAN_MAGIC 0x4342504cu
#define PLAN_MAX 65536

struct plan_head {
    uint32_t magic;
    uint32_t rlimits;      /* count of struct plan_rlimit that follow */
    uint32_t instructions; /* count of struct sock_filter after them */
    uint32_t reserved;
};

struct plan_rlimit {
    uint32_t resource;
    uint32_t reserved;
    uint64_t soft;
    uint64_t hard;
};

struct failure {
    uint8_t kind;
    uint8_t stage;
    uint16_t reserved;
    int32_t error;
};

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif

static _Alignas(8) char plan[PLAN_MAX];

_Noreturn void fail(int control, uint8_t stage, int error) {
    struct failure message = {MSG_FAILED, stage, 0, error};
    ssize_t sent = send(control, &message, sizeof message, MSG_NOSIGNAL);
    (void)sent;
    _exit(125);
}

static void set_limits(int control, const struct plan_rlimit *limits, uint32_t count) {
    for (uint32_t i = 0; i < count; i++) {
        struct rlimit limit = {limits[i].soft, limits[i].hard};
        if (setrlimit((int)limits[i].resource, &limit) != 0)
            fail(control, STAGE_RLIMITS, errno);
    }
}

void put_out_of_reach(int control) {
    struct rlimit limit = {CONTROL_AT, CONTROL_AT};
    if (dup2(control, CONTROL_AT) < 0 || setrlimit(RLIMIT_NOFILE, &limit) != 0)
        fail(control, STAGE_DESCRIPTORS, errno);
}

int install_filter(int control, struct sock_fprog *program) {
    unsigned long flags =
        SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_TSYNC_ESRCH;
    /* Before 5.19 there is no WAIT_KILLABLE_RECV; without it a signal may restart a refused call, no more. */
    long listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV,
                            program);
    if (listener < 0 && errno == EINVAL)
        listener = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, program);
    if (listener < 0)
        fail(control, STAGE_SECCOMP, errno);
    return (int)listener;
}

int send_with(int control, uint8_t kind, const int *fds, int count) {
    struct iovec part = {&kind, 1};
    union {
        struct cmsghdr align;
        char bytes[CMSG_SPACE(2 * sizeof(int))];
    } space;
    struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
    size_t size = (size_t)count * sizeof(int);
    memset(&space, 0, sizeof space);
    message.msg_control = space.bytes;
    message.msg_controllen = CMSG_SPACE(size);
    struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    header->cmsg_level = SOL_SOCKET;
    header->cmsg_type = SCM_RIGHTS;
    header->cmsg_len = CMSG_LEN(size);
    memcpy(CMSG_DATA(header), fds, size);
    return sendmsg(control, &message, MSG_NOSIGNAL) == 1;
}

__attribute__((visibility("default"))) int cellblock_enter(int control) {
    char ready = MSG_READY;
    if (send(control, &ready, 1, MSG_NOSIGNAL) != 1)
        _exit(125);
    ssize_t length = recv(control, plan, sizeof plan, MSG_TRUNC);
    if (length <= 0)
        _exit(0); /* the worker is gone, or has no use for this process */
    struct plan_head head;
    if ((size_t)length > sizeof plan || (size_t)length < sizeof head)
        fail(control, STAGE_PLAN, EMSGSIZE);
    memcpy(&head, plan, sizeof head);
    size_t expected = sizeof head + (size_t)head.rlimits * sizeof(struct plan_rlimit) +
                      (size_t)head.instructions * sizeof(struct sock_filter);
    if (head.magic != PLAN_MAGIC || head.rlimits > 16 || head.instructions > BPF_MAXINSNS ||
        (size_t)length != expected)
        fail(control, STAGE_PLAN, EBADMSG);

    struct plan_rlimit *limits = (struct plan_rlimit *)(plan + sizeof head);
    set_limits(control, limits, head.rlimits);
    put_out_of_reach(control);
    if (prctl(PR_SET_DUMPABLE, 0) != 0 || prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        fail(control, STAGE_NO_NEW_PRIVS, errno);

    struct sock_fprog program = {(unsigned short)head.instructions, (struct sock_filter *)(limits + head.rlimits)};
    int listener = install_filter(control, &program);
    /* The filter allows sendmsg on this one descriptor number; it is closed before any user code runs. */
    if (!send_with(CONTROL_AT, MSG_LISTENER, &listener, 1))
        _exit(125);
    close(listener);
    close(CONTROL_AT);
    close(control);
    return 0;
}
