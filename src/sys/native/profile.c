/*
 * Which of a template's blocks its jobs write to.
 *
 * Interpreters that start alike make the same allocations in the same order, though at other addresses. So a block is known
 * by its mark, a rolling hash over the sizes of the last allocations up to its own: it differs for few blocks from one start to
 * the next, and after a difference the marks are soon the same again.
 *
 * A survey is a template's start for the sake of a list. It allocates all blocks in one region and notes their marks, runs the
 * rehearsal's program as a job would run, follows its writes to that region, and hands over the marks of the blocks that were written
 * to. A template that is started with this list has blocks with such marks side by side (nursery.c). Neither has seen a job.
 *
 * Writes are followed by faults: the region is read-only. A write to one of its pages is let through by a single step
 * (x86-64 has them for a process of its own), after which the page is read-only again; one that is written to all the time stays
 * writable after some such steps. Elsewhere the list is empty.
 */
#include "native.h"

#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <ucontext.h>
#include <unistd.h>

/* Allocations that a mark is made of: with fewer, more blocks have the same. */
enum { WINDOW = 32 };

enum { MOST_WRITTEN = 1 << 15, TABLE = 2 * MOST_WRITTEN };

#define FACTOR 0x9e3779b97f4a7c15u
#define SQUARE(x) ((uint64_t)(x) * (x))
#define FACTOR_TO_WINDOW SQUARE(SQUARE(SQUARE(SQUARE(SQUARE((uint64_t)FACTOR)))))

static uint32_t written[TABLE]; /* by the mark's hash, or behind that place */
static uint32_t written_count;
static int surveys;

uint32_t next_mark(size_t size) {
    static uint16_t window[WINDOW];
    static unsigned at;
    static uint64_t rolling;
    /* Python's integers grow by 4 bytes for each 30 bits, and addresses and times are not of the same length in each start. */
    if (size >= 24 && size <= 40)
        size = 28;
    uint16_t code = (uint16_t)(size < UINT16_MAX ? size + 1 : UINT16_MAX);
    rolling = rolling * FACTOR + code - window[at] * FACTOR_TO_WINDOW;
    window[at] = code;
    at = (at + 1) % WINDOW;
    return (uint32_t)(rolling >> 32) | 1;
}

/* Where the mark is, or is to be. */
static uint32_t *place_of(uint32_t mark) {
    uint32_t at = mark * 2654435761u / (UINT32_MAX / TABLE + 1);
    while (written[at] != 0 && written[at] != mark)
        at = (at + 1) % TABLE;
    return &written[at];
}

int is_written(uint32_t mark) {
    return *place_of(mark) != 0;
}

static void add(uint32_t mark) {
    uint32_t *place = place_of(mark);
    if (*place != 0 || written_count == MOST_WRITTEN)
        return;
    *place = mark;
    written_count++;
}

static void read_list(void) {
    uint32_t part[1024];
    ssize_t got;
    for (off_t at = 0; (got = pread(PROFILE_AT, part, sizeof part, at)) > 0; at += got)
        for (size_t i = 0; i < (size_t)got / sizeof *part; i++)
            if (part[i] != 0)
                add(part[i]);
}

/* Before the interpreter's own start. libc hands a constructor the arguments of main. */
__attribute__((constructor)) static void choose(int argc, char **argv) {
    static const char flag[] = "--template=";
    struct stat about;
    if (argc < 1 || strncmp(argv[argc - 1], flag, sizeof flag - 1) != 0 || fstat(PROFILE_AT, &about) != 0)
        return;
    if (S_ISREG(about.st_mode)) {
        read_list();
        place_allocations();
    }
    if (S_ISFIFO(about.st_mode)) {
        surveys = 1;
        setpriority(PRIO_PROCESS, 0, 10); /* nobody waits for it */
        survey_allocations();
    }
}

int is_survey(void) {
    return surveys;
}

#if defined(__x86_64__)

/* Writes after which a page stays writable; pages that one instruction may write to. */
enum { MOST_STEPS = 100, MOST_OPEN = 8, MOST_PAGES = 1 << 15 };

/* Of EFLAGS: SIGTRAP after the next instruction. */
enum { TRAP_FLAG = 0x100 };

static struct region followed;
static uintptr_t page_bytes;
static unsigned char steps[MOST_PAGES];
static uintptr_t open_pages[MOST_OPEN];
static int open_count;

static int protect(uintptr_t page, int rights) {
    return mprotect((void *)page, page_bytes, rights);
}

/* Notes the block that is at this address. */
static void note(uintptr_t address) {
    size_t grain = (address - (uintptr_t)followed.blocks) / GRAIN;
    size_t first = grain < LARGEST_BLOCK / GRAIN ? 0 : grain - LARGEST_BLOCK / GRAIN;
    while (grain > first && followed.grains[grain] == 0)
        grain--;
    if (followed.marks[grain] != 0)
        add(followed.marks[grain]);
}

static void on_write(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    uintptr_t address = (uintptr_t)info->si_addr, offset = address - (uintptr_t)followed.blocks;
    uintptr_t page = address / page_bytes * page_bytes;
    /* Any other fault is the program's own. */
    if (offset >= followed.used || open_count == MOST_OPEN || protect(page, PROT_READ | PROT_WRITE) != 0)
        _exit(128 + number);
    note(address);
    if (offset / page_bytes < MOST_PAGES && ++steps[offset / page_bytes] < MOST_STEPS)
        open_pages[open_count++] = page;
    registers[REG_EFL] |= TRAP_FLAG;
}

static void on_step(int number, siginfo_t *info, void *context) {
    greg_t *registers = ((ucontext_t *)context)->uc_mcontext.gregs;
    (void)number;
    (void)info;
    while (open_count > 0)
        protect(open_pages[--open_count], PROT_READ);
    registers[REG_EFL] &= ~(greg_t)TRAP_FLAG;
}

void follow_writes(struct region region) {
    struct sigaction action = {.sa_sigaction = on_write, .sa_flags = SA_SIGINFO};
    sigset_t both;
    followed = region;
    page_bytes = (uintptr_t)sysconf(_SC_PAGESIZE);
    if (followed.marks == NULL)
        return;
    sigaction(SIGSEGV, &action, NULL);
    action.sa_sigaction = on_step;
    sigaction(SIGTRAP, &action, NULL);
    sigemptyset(&both);
    sigaddset(&both, SIGSEGV);
    sigaddset(&both, SIGTRAP);
    if (sigprocmask(SIG_UNBLOCK, &both, NULL) == 0)
        mprotect(followed.blocks, followed.used, PROT_READ);
}

#else

void follow_writes(struct region region) {
    (void)region;
}

#endif

void end_survey(void) {
    if (!surveys)
        return;
    uint32_t count = 0;
    for (uint32_t at = 0; at < TABLE; at++)
        if (written[at] != 0)
            written[count++] = written[at];
    const char *rest = (const char *)written;
    for (size_t left = count * sizeof *written; left > 0;) {
        ssize_t done = write(PROFILE_AT, rest, left);
        if (done <= 0)
            break;
        rest += done;
        left -= (size_t)done;
    }
    _exit(0);
}
