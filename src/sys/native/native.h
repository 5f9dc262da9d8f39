/* What the parts of the native library share. The layouts and numbers mirror src/sys/native.rs. */
#ifndef CELLBLOCK_NATIVE_H
#define CELLBLOCK_NATIVE_H

#define _GNU_SOURCE
#include <linux/filter.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { MSG_READY = 1, MSG_LISTENER = 2, MSG_FAILED = 3, MSG_STARTED = 4, MSG_ENDED = 5, MSG_ENTERED = 6 };

/* job::Stage */
enum {
    STAGE_PLAN = 1,
    STAGE_NAMESPACES = 6,
    STAGE_CGROUP = 7,
    STAGE_DESCRIPTORS = 9,
    STAGE_RLIMITS = 10,
    STAGE_IDENTITY = 11,
    STAGE_NO_NEW_PRIVS = 12,
    STAGE_LANDLOCK = 13,
    STAGE_BOOT = 15,
    STAGE_SECCOMP = 16,
    STAGE_LISTENER = 17
};

/* Where every jailed program finds its descriptors; where a one-shot process finds its control socket, and where a template
 * has nothing; where the control socket is in slots, and for the last step. */
enum { STDIN_AT = 0, STDOUT_AT = 1, STDERR_AT = 2, JOB_AT = 3, RESULT_AT = 4, CONTROL_FROM = 5, FIRST_OTHER = 6, CONTROL_AT = 255 };

/* Where a template has what is known of its jobs' writes, a file; or, if it is to find that out, a pipe (profile.c). */
enum { PROFILE_AT = 8 };

/* In the sixth argument of a call that has fewer: a zygote makes it. The filter of a slot allows it; the one that a job has
 * besides ends the process (jail::filter). */
#define ZYGOTE_TAG 0x7465676f79677a01L

/* Tells the worker which step failed, and ends this process. */
_Noreturn void fail(int control, uint8_t stage, int error);

/* Puts the control socket where the filter allows sendmsg, and lowers the limit on open files to that number: what the
 * program opens later, or duplicates, never comes to be there. */
void put_out_of_reach(int control);

/* Installs a filter for all threads of this process; gives its listener. */
int install_filter(int control, struct sock_fprog *program);

/* Sends one byte with descriptors; whether that worked. */
int send_with(int control, uint8_t kind, const int *fds, int count);

/* libuv's: there in Node only. */
extern int uv_loop_fork(void *) __attribute__((weak));

/* A system call with six arguments; gives a negative errno where it fails. */
long call_kernel(long number, const long *arguments);

/* The same as libc has it: -1 and errno. */
long call_with_errno(long number, const long *arguments);

/* Has a fork of this template, which has only one thread that runs, find out which pages a job writes to, and which code it
 * runs. Not 0 in that fork, which is to run a program. `proc` is the host's /proc. */
int rehearse(int proc);

/* Before every end of a process: in a rehearsal, looks at its pages. */
void end_rehearsal(void);

/* Has forks of this slot copy those pages. They count towards what this user may lock. */
void pin_written_pages(uid_t owner);

/* Of x86-64, and of aarch64 with pages of 4 KiB: elsewhere nothing is aligned as the kernel wants it, and it declines. */
#define LARGE_PAGE ((uintptr_t)2 << 20)

/* The first multiple of `unit` that is not below. */
static inline uintptr_t round_up(uintptr_t value, uintptr_t unit) {
    return (value + unit - 1) / unit * unit;
}

/* Whole large pages: makes them of data, whether it could; puts a copy of code in its place. */
int enlarge_data(uintptr_t from, uintptr_t to);
void enlarge_code(uintptr_t from, uintptr_t to);

enum { GRAIN = 16, LARGEST_BLOCK = 8192 };

/* Memory in which Python's objects are blocks of whole grains. */
struct region {
    unsigned char *blocks;
    size_t used, size;
    uint16_t *grains; /* for each grain: of the block that begins there, how many */
    uint32_t *marks;  /* and its mark, in a survey */
};

/* From a template's first allocation on: notes the mark of each block; has those that jobs write to side by side. */
void survey_allocations(void);
void place_allocations(void);

/* From a template's first allocation on: has the arenas of Python's allocator side by side, until it is ended: later ones may be
 * given back. */
void gather_arenas(void);
void end_arenas(void);

/* Prepares the template's allocators for being forked; gives what it has allocated of the region. */
struct region serve_allocations(void);

/* The mark of the next allocation: the same one in each start of an interpreter that allocates the same. Not 0. */
uint32_t next_mark(size_t size);

/* Whether jobs write to a block of this mark. */
int is_written(uint32_t mark);

/* Whether this template has nothing to do but that: it is to run a program, and end. */
int is_survey(void);

/* Has a survey follow what is written to blocks of the region. */
void follow_writes(struct region);

/* At the end of a survey: hands over the list, and ends the process. Elsewhere it does nothing. */
void end_survey(void);

#endif
