/*
 * What a template's jobs only read, in large pages.
 *
 * A fork copies an entry for each page that the template has, and an end takes it away, unless neighbours belong to one large
 * page: these are counted together, also where a job has its own copy of one of them. So what a template has allocated is made
 * large pages once it has loaded everything, and the arenas of Python's allocator are side by side for it. V8's heap is, too
 * (spaces.c).
 *
 * A file's pages a fork does not copy: a job takes a fault for every sixteen of them that it runs code of. So the code that jobs run
 * is copied into large pages, which take the place of the file's.
 *
 * Linux does it on demand since 6.1; else all stays as it was.
 */
#include "native.h"

#include <string.h>
#include <sys/mman.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { MOST_ARENA_BYTES = 512 << 20 };

/* Python's PyObjectArenaAllocator. */
struct arena_allocator {
    void *context;
    void *(*allocate)(void *, size_t);
    void (*release)(void *, void *, size_t);
};
extern void PyObject_SetArenaAllocator(struct arena_allocator *) __attribute__((weak));

static uintptr_t end, last; /* of the arenas; of the addresses for more */

/* Called with Python's lock held, or before there is one. */
static void *allocate(void *context, size_t size) {
    (void)context;
    if (size <= last - end && mprotect((void *)end, size, PROT_READ | PROT_WRITE) == 0) {
        void *arena = (void *)end;
        end += size;
        return arena;
    }
    void *arena = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return arena == MAP_FAILED ? NULL : arena;
}

static void release(void *context, void *arena, size_t size) {
    (void)context;
    munmap(arena, size);
}

void gather_arenas(void) {
    if (PyObject_SetArenaAllocator == NULL)
        return;
    void *addresses = mmap(NULL, MOST_ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (addresses == MAP_FAILED)
        return;
    last = (uintptr_t)addresses + MOST_ARENA_BYTES;
    end = round_up((uintptr_t)addresses, LARGE_PAGE);
    if (end > (uintptr_t)addresses)
        munmap(addresses, end - (uintptr_t)addresses);
    struct arena_allocator ours = {NULL, allocate, release};
    PyObject_SetArenaAllocator(&ours);
}

void end_arenas(void) {
    if (last > end)
        munmap((void *)end, last - end);
    last = end;
}

int enlarge_data(uintptr_t from, uintptr_t to) {
    int all = 1;
    for (; from < to; from += LARGE_PAGE)
        all &= madvise((void *)from, LARGE_PAGE, MADV_COLLAPSE) == 0;
    return all;
}

void enlarge_code(uintptr_t from, uintptr_t to) {
    size_t size = to - from, reserved = size + LARGE_PAGE;
    void *addresses = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (addresses == MAP_FAILED)
        return;
    uintptr_t copy = round_up((uintptr_t)addresses, LARGE_PAGE);
    memcpy((void *)copy, (const void *)from, size);
    /* The code in use may be this; it is the same before and after. */
    if (enlarge_data(copy, copy + size) && mprotect((void *)copy, size, PROT_READ | PROT_EXEC) == 0)
        mremap((void *)copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from);
    munmap(addresses, reserved);
}
