/*
 * The pages that every job writes to, copied by the fork. A page that is shared with a fork is copied by a fault, once either
 * side writes to it. One that is pinned, as for a device, is copied by the fork itself (since Linux 5.10), at less than half the
 * cost, and its owner goes on writing to it.
 *
 * So a template has a fork of it run a program as a job does, a rehearsal, and its slots pin the pages that this one wrote to:
 * they register them as buffers of an io_uring that is never enabled. Where there is no io_uring, or no more memory may be
 * locked (RLIMIT_MEMLOCK, one for all processes of a user), the rest is copied by faults.
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

enum { MOST_RANGES = 1024, MOST_RUNS = 2048, ENTRIES = 1024 };

/* Memory that a slot has of its own for this, and once more the job that waits in it. */
enum { MOST_PINNED_BYTES = 2 << 20 };

struct range {
    uintptr_t start, end;
};

/* What a template and its rehearsal share. */
struct notes {
    struct range writable[MOST_RANGES]; /* private mappings */
    struct range written[MOST_RUNS];    /* pages, in a row each */
    uint64_t entries[ENTRIES];
    int writable_count, written_count;
};

static struct notes *notes;
static int pagemap = -1; /* open in a rehearsal only */
static struct iovec written[MOST_RUNS];
static int written_count;

/* The template's own mappings; 0 where they cannot be read. */
static int note_mappings(int proc) {
    char line[4096], flags[5];
    int fd = openat(proc, "self/maps", O_RDONLY | O_CLOEXEC);
    FILE *maps = fd < 0 ? NULL : fdopen(fd, "r");
    if (maps == NULL)
        return 0;
    while (notes->writable_count < MOST_RANGES && fgets(line, sizeof line, maps) != NULL) {
        struct range *range = &notes->writable[notes->writable_count];
        if (sscanf(line, "%lx-%lx %4s", &range->start, &range->end, flags) == 3 && flags[1] == 'w' && flags[3] == 'p')
            notes->writable_count++;
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
    /* Where there are more than may be pinned, the long runs: what every job writes to is side by side. */
    qsort(notes->written, (size_t)notes->written_count, sizeof *notes->written, by_size);
    size_t left = MOST_PINNED_BYTES;
    for (; written_count < notes->written_count; written_count++) {
        const struct range *run = &notes->written[written_count];
        size_t size = run->end - run->start;
        if (size > left)
            break;
        left -= size;
        written[written_count] = (struct iovec){(void *)run->start, size};
    }
    munmap(notes, sizeof *notes);
    return 0;
}

static void note_written(uintptr_t page, uintptr_t size) {
    int count = notes->written_count;
    if (count > 0 && notes->written[count - 1].end == page)
        notes->written[count - 1].end += size;
    else if (count < MOST_RUNS)
        notes->written[notes->written_count++] = (struct range){page, page + size};
}

void end_rehearsal(void) {
    if (pagemap < 0)
        return;
    uintptr_t size = (uintptr_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < notes->writable_count; i++)
        for (uintptr_t page = notes->writable[i].start; page < notes->writable[i].end;) {
            uintptr_t wanted = (notes->writable[i].end - page) / size * sizeof notes->entries[0];
            if (wanted > sizeof notes->entries)
                wanted = sizeof notes->entries;
            ssize_t got = pread(pagemap, notes->entries, wanted, (off_t)(page / size * sizeof notes->entries[0]));
            if (got < (ssize_t)sizeof notes->entries[0])
                return;
            for (size_t k = 0; k < (size_t)got / sizeof notes->entries[0]; k++, page += size)
                if ((notes->entries[k] & (PRESENT | OF_A_FILE | IN_NO_OTHER_PROCESS)) == (PRESENT | IN_NO_OTHER_PROCESS))
                    note_written(page, size);
        }
}

void pin_written_pages(void) {
    struct io_uring_params params = {.flags = IORING_SETUP_R_DISABLED};
    struct io_uring_rsrc_register table = {.nr = (uint32_t)written_count, .flags = IORING_RSRC_REGISTER_SPARSE};
    if (written_count == 0)
        return;
    const long setup[6] = {1, (long)&params};
    int ring = (int)call_kernel(SYS_io_uring_setup, setup);
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
