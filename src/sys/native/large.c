/*
 * What a template's jobs only read, in large pages.
 *
 * A fork copies an entry for each page that the template has, and an end takes it away, unless neighbours belong to one large
 * page: these are counted together, also where a job has its own copy of one of them. So the arenas of Python's allocator are
 * side by side, and they and malloc's heap are made large pages once nothing is added to them. Where what jobs write to is not
 * elsewhere (nursery.c), copies of single pages leave little of it.
 *
 * A file's pages a fork does not copy: a job takes a fault for every sixteen of them that it runs code of. So the code that jobs run
 * is copied into large pages, which take the place of the file's.
 *
 * Linux does it on demand since 6.1; else all stays as it was.
 */
#include "native.h"

#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

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
    first = end = large_page_from((uintptr_t)addresses);
    if (first > (uintptr_t)addresses)
        munmap(addresses, first - (uintptr_t)addresses);
    struct arena_allocator ours = {NULL, allocate, release};
    PyObject_SetArenaAllocator(&ours);
}

/* Those that are in the range as a whole; whether all of them are. */
static int make_large(uintptr_t from, uintptr_t to) {
    int all = 1;
    for (from = large_page_from(from); from + LARGE_PAGE <= to; from += LARGE_PAGE)
        all &= madvise((void *)from, LARGE_PAGE, MADV_COLLAPSE) == 0;
    return all;
}

void enlarge_code(uintptr_t from, uintptr_t to) {
    size_t size = to - from, reserved = size + LARGE_PAGE;
    void *addresses = mmap(NULL, reserved, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (addresses == MAP_FAILED)
        return;
    uintptr_t copy = large_page_from((uintptr_t)addresses);
    memcpy((void *)copy, (const void *)from, size);
    /* The code in use may be this; it is the same before and after. */
    if (make_large(copy, copy + size) && mprotect((void *)copy, size, PROT_READ | PROT_EXEC) == 0)
        mremap((void *)copy, size, size, MREMAP_MAYMOVE | MREMAP_FIXED, (void *)from);
    munmap(addresses, reserved);
}

void enlarge_pages(void) {
    if (first == 0)
        return;
    make_large(first, end);
    make_large(heap, (uintptr_t)sbrk(0) - mallinfo2().keepcost);
    munmap((void *)end, last - end); /* later arenas may be given back */
    last = end;
}
