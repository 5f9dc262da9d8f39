/*
 * The pages that every job needs, had from the fork.
 *
 * A page that is shared with a fork is copied by a fault, once either side writes to it. One that is pinned, as for a device, is
 * copied by the fork itself (since Linux 5.10), at less than half the cost, and its owner goes on writing to it. Code, which is a
 * file's, is mapped by faults, unless it is in large pages (large.c).
 *
 * So a template has a fork of it run a program as a job does, a rehearsal. Code that this one ran gets large pages. What it wrote to
 * the template's slots pin: they register it as buffers of an io_uring that is never enabled. Where there is no io_uring, or no
 * more memory may be locked (RLIMIT_MEMLOCK), the rest is copied by faults. The limit is one for all processes of a user, so a
 * slot has its ring as the user of its jobs, whom no other slot shares.
 */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/io_uring.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

/* Entries of /proc/self/pagemap, from Linux' Documentation/admin-guide/mm/pagemap.rst. */
#define PRESENT (1ull << 63)
#define OF_A_FILE (1ull << 61)
#define IN_NO_OTHER_PROCESS (1ull << 56)

enum { MOST_RANGES = 2048, ENTRIES = 1024 };

/* Memory that a slot has of its own for this, and once more the job that waits in it. */
enum { MOST_PINNED_BYTES = 2 << 20 };

/* How many of a file a fault maps. What a large page costs each fork is about what a fault costs. */
enum { PAGES_A_FAULT = 16 };

/* How many of a large page have to be there before it is made: the others are memory for nothing. */
enum { LEAST_PRESENT = 256 };

struct range {
    uintptr_t start, end;
};

struct ranges {
    struct range at[MOST_RANGES];
    int count;
};

/* What a template and its rehearsal share. */
struct notes {
    struct ranges writable, code; /* private mappings; of files */
    struct ranges written;        /* pages */
    struct ranges full, run;      /* large pages, to be: of what is writable, of code */
    uint64_t entries[ENTRIES];
};

static struct notes *notes;
static int pagemap = -1; /* open in a rehearsal only */
static struct iovec written[MOST_RANGES];
static int written_count;

/* Neighbours are one range. */
static void add(struct ranges *ranges, uintptr_t start, uintptr_t end) {
    if (ranges->count > 0 && ranges->at[ranges->count - 1].end == start)
        ranges->at[ranges->count - 1].end = end;
    else if (ranges->count < MOST_RANGES)
        ranges->at[ranges->count++] = (struct range){start, end};
}

/* The template's own mappings; 0 where they cannot be read. */
static int note_mappings(int proc) {
    char line[4096], rights[5];
    uintptr_t start, end;
    unsigned long inode;
    int fd = openat(proc, "self/maps", O_RDONLY | O_CLOEXEC);
    FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
    if (maps == NULL)
        return 0;
    while (fgets(line, sizeof line, maps) != NULL) {
        if (sscanf(line, "%lx-%lx %4s %*s %*s %lu", &start, &end, rights, &inode) != 4 || rights[3] != 'p')
            continue;
        if (rights[1] == 'w')
            add(&notes->writable, start, end);
        else if (rights[0] == 'r' && rights[2] == 'x' && inode != 0)
            add(&notes->code, start, end);
    }
    fclose(maps);
    return 1;
}

static int by_size(const void *one, const void *other) {
    const struct range *a = one, *b = other;
    uintptr_t first = a->end - a->start, second = b->end - b->start;
    return first < second ? 1 : first > second ? -1 : a->start < b->start ? -1 : a->start > b->start;
}

int rehearse(int proc) {
    notes = mmap(NULL, sizeof *notes, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (notes == MAP_FAILED)
        return 0;
    pid_t pid = note_mappings(proc) ? fork() : -1;
    if (pid == 0) {
        pagemap = openat(proc, "self/pagemap", O_RDONLY | O_CLOEXEC);
        return 1;
    }
    while (pid > 0 && waitpid(pid, NULL, 0) < 0 && errno == EINTR) {
    }
    for (int i = 0; i < notes->full.count; i++)
        enlarge_data(notes->full.at[i].start, notes->full.at[i].end);
    for (int i = 0; i < notes->run.count; i++)
        enlarge_code(notes->run.at[i].start, notes->run.at[i].end);
    /* Where there are more than may be pinned, the long runs: what every job writes to is side by side. */
    qsort(notes->written.at, (size_t)notes->written.count, sizeof notes->written.at[0], by_size);
    size_t left = MOST_PINNED_BYTES;
    for (; written_count < notes->written.count; written_count++) {
        const struct range *range = &notes->written.at[written_count];
        size_t size = range->end - range->start;
        if (size > left)
            break;
        left -= size;
        written[written_count] = (struct iovec){(void *)range->start, size};
    }
    munmap(notes, sizeof *notes);
    return 0;
}

/* Reads the entries of some of the pages from `start` on; gives how many. */
static size_t read_entries(uintptr_t start, uintptr_t end, uintptr_t page) {
    uintptr_t wanted = (end - start) / page * sizeof notes->entries[0];
    if (wanted > sizeof notes->entries)
        wanted = sizeof notes->entries;
    ssize_t got = pread(pagemap, notes->entries, wanted, (off_t)(start / page * sizeof notes->entries[0]));
    return got < 0 ? 0 : (size_t)got / sizeof notes->entries[0];
}

static void note_written(struct range writable, uintptr_t page) {
    size_t count;
    for (uintptr_t at = writable.start; at < writable.end; at += count * page) {
        count = read_entries(at, writable.end, page);
        if (count == 0)
            return;
        for (size_t i = 0; i < count; i++)
            if ((notes->entries[i] & (PRESENT | OF_A_FILE | IN_NO_OTHER_PROCESS)) == (PRESENT | IN_NO_OTHER_PROCESS))
                add(&notes->written, at + i * page, at + (i + 1) * page);
    }
}

/* Adds what of a range may be a large page, and has so many pages in this process. */
static void note_large(struct ranges *into, struct range range, size_t least, uintptr_t page) {
    for (uintptr_t at = round_up(range.start, LARGE_PAGE); at + LARGE_PAGE <= range.end; at += LARGE_PAGE) {
        size_t present = 0;
        for (size_t i = read_entries(at, at + LARGE_PAGE, page); i > 0; i--)
            present += (notes->entries[i - 1] & PRESENT) != 0;
        if (present >= least)
            add(into, at, at + LARGE_PAGE);
    }
}

void end_rehearsal(void) {
    if (pagemap < 0)
        return;
    uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < notes->writable.count; i++) {
        note_written(notes->writable.at[i], page);
        note_large(&notes->full, notes->writable.at[i], LEAST_PRESENT, page);
    }
    /* What a fork has of a file's mapping, it has touched itself. */
    for (int i = 0; i < notes->code.count; i++)
        note_large(&notes->run, notes->code.at[i], PAGES_A_FAULT + 1, page);
}

/* The kernel counts what a ring pins for the real user of the process that made it. */
static int make_ring_as(uid_t owner) {
    struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED};
    const long setup[6] = {1, (long)&params}, as_owner[6] = {owner, -1, -1}, as_before[6] = {getuid(), -1, -1};
    /* Not libc's, which would have threads follow that a fork does not have. */
    call_kernel(SYS_setresuid, as_owner);
    int ring = (int)call_kernel(SYS_io_uring_setup, setup);
    call_kernel(SYS_setresuid, as_before);
    return ring;
}

void pin_written_pages(uid_t owner) {
    struct io_uring_rsrc_register table = {.nr = (uint32_t)written_count, .flags = IORING_RSRC_REGISTER_SPARSE};
    int ring = written_count == 0 ? -1 : make_ring_as(owner);
    if (ring < 0)
        return;
    if (syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS2, &table, sizeof table) != 0) {
        close(ring);
        return;
    }
    /* The ring stays open as long as the slot lives. Its jobs close it with what else is not theirs. A call ends at the first run
     * that cannot be pinned, and the one after it says why. */
    for (int i = 0; i < written_count;) {
        struct io_uring_rsrc_update2 rest = {
            .offset = (uint32_t)i, .data = (uint64_t)(uintptr_t)&written[i], .nr = (uint32_t)(written_count - i)};
        long done = syscall(SYS_io_uring_register, ring, IORING_REGISTER_BUFFERS_UPDATE, &rest, sizeof rest);
        if (done < 0 && errno == ENOMEM)
            return;
        i += done > 0 ? (int)done : 1;
    }
}
