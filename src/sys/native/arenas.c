/*
 * What a template's jobs only read, in large pages.
 *
 * A fork copies an entry for each page that the template has, and an end takes it away, unless neighbours belong to one large
 * page: these are counted together, also where a job has its own copy of one of them. So the arenas of Python's allocator are
 * side by side, and they and malloc's heap are made large pages once nothing is added to them. Where what jobs write to is not
 * elsewhere (nursery.c), copies of single pages leave little of it. Linux does it on demand since 6.1; else all stays as it was.
 */
#include "native.h"

#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

/* Of x86-64, and of aarch64 with pages of 4 KiB: elsewhere nothing is aligned as the kernel wants it, and it declines. */
#define LARGE_PAGE ((uintptr_t)2 << 20)

enum { MOST_ARENA_BYTES = 512 << 20 };

/* Python's PyObjectArenaAllocator. */
struct arena_allocator {
    void *context;
    void *(*allocate)(void *, size_t);
    void (*release)(void *, void *, size_t);
};
extern void PyObject_SetArenaAllocator(struct arena_allocator *) __attribute__((weak));

static uintptr_t first, end, last; /* of the arenas; of the addresses for more */
static uintptr_t heap;

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
    heap = (uintptr_t)sbrk(0);
    void *addresses = mmap(NULL, MOST_ARENA_BYTES, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (addresses == MAP_FAILED)
        return;
    last = (uintptr_t)addresses + MOST_ARENA_BYTES;
    first = end = ((uintptr_t)addresses + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    if (first > (uintptr_t)addresses)
        munmap(addresses, first - (uintptr_t)addresses);
    struct arena_allocator ours = {NULL, allocate, release};
    PyObject_SetArenaAllocator(&ours);
}

/* Those that are in the range as a whole. */
static void make_large(uintptr_t from, uintptr_t to) {
    from = (from + LARGE_PAGE - 1) / LARGE_PAGE * LARGE_PAGE;
    for (; from + LARGE_PAGE <= to; from += LARGE_PAGE)
        madvise((void *)from, LARGE_PAGE, MADV_COLLAPSE);
}

void enlarge_pages(void) {
    if (first == 0)
        return;
    make_large(first, end);
    make_large(heap, (uintptr_t)sbrk(0) - mallinfo2().keepcost);
    munmap((void *)end, last - end); /* later arenas may be given back */
    last = end;
}
