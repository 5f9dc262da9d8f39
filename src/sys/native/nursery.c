/*
 * Where Python allocates in a template and in its jobs.
 *
 * A page that template and job share is copied once the job writes to it. What the template's allocators have free lies between
 * its objects: each block taken from there would copy a page, some hundred for the smallest program. So the template takes and
 * leaks what malloc has free, which leaves its untouched end, and small objects of jobs come from a region of their own that no
 * template has written to, one beside the other whatever their sizes; when it is used up, from Python's allocator as ever.
 *
 * What jobs write to of the template's own is mostly reference counts, one or two on a page. Where a template was started with
 * a list of such blocks (profile.c), it has them side by side at the beginning of that region.
 */
#include "native.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

enum { LARGEST_OF_JOBS = 512, BYTES_OF_JOBS = 256 << 10 };

/* The most that a template has side by side, and the most that it allocates while it is surveyed. */
enum { MOST_PLACED_BYTES = 16 << 20, MOST_SURVEYED_BYTES = 128 << 20 };

/* Python's PyMemAllocatorEx, and its allocator domains; not there in Node. */
struct allocator {
    void *context;
    void *(*allocate)(void *, size_t);
    void *(*allocate_zeroed)(void *, size_t, size_t);
    void *(*resize)(void *, void *, size_t);
    void (*release)(void *, void *);
};
enum { DOMAIN_MEMORY = 1, DOMAIN_OBJECTS = 2 };
extern void PyMem_GetAllocator(int domain, struct allocator *) __attribute__((weak));
extern void PyMem_SetAllocator(int domain, struct allocator *) __attribute__((weak));
/* Only where Python has no lock: there its collector finds objects by walking their allocator's heaps. */
extern int PyUnstable_Module_SetGIL(void *module, void *gil) __attribute__((weak));

static struct allocator below[DOMAIN_OBJECTS + 1];
static enum { BOOTS_AS_EVER, IS_SURVEYED, PLACES, SERVES } phase;
static struct region region;
static size_t page_bytes;
static void *freed[LARGEST_BLOCK / GRAIN + 1]; /* by grains */
/* Interpreters of one process may have a lock each. */
static __thread __attribute__((tls_model("initial-exec"))) int is_owner;

static int is_in_region(const void *block) {
    return (uintptr_t)block - (uintptr_t)region.blocks < region.size;
}

static inline void *cut(size_t size) {
    size_t count = size == 0 ? 1 : (size + GRAIN - 1) / GRAIN;
    void *block = freed[count];
    if (__builtin_expect(block != NULL, 1)) {
        memcpy(&freed[count], block, sizeof freed[count]);
        return block;
    }
    if (region.size - region.used < count * GRAIN)
        return NULL;
    block = region.blocks + region.used;
    region.grains[region.used / GRAIN] = (uint16_t)count;
    region.used += count * GRAIN;
    return block;
}

/* Each allocation of a template that boots has its mark. */
static inline uint32_t mark_of(size_t size) {
    return phase == SERVES || !is_owner ? 0 : next_mark(size);
}

static inline void *take(size_t size, uint32_t mark) {
    if (!is_owner)
        return NULL;
    if (__builtin_expect(phase == SERVES, 1))
        return size > LARGEST_OF_JOBS ? NULL : cut(size);
    if (size > LARGEST_BLOCK || (phase == PLACES && !is_written(mark)))
        return NULL;
    unsigned char *block = cut(size);
    if (phase == IS_SURVEYED && block != NULL)
        region.marks[(size_t)(block - region.blocks) / GRAIN] = mark;
    return block;
}

static size_t grains_of(const void *block) {
    return region.grains[((uintptr_t)block - (uintptr_t)region.blocks) / GRAIN];
}

static void put(void *block) {
    if (!is_owner)
        return;
    size_t count = grains_of(block);
    memcpy(block, &freed[count], sizeof freed[count]);
    freed[count] = block;
}

static void *allocate_marked(const struct allocator *next, size_t size, uint32_t mark) {
    void *block = take(size, mark);
    return block != NULL ? block : next->allocate(next->context, size);
}

static void *allocate(void *context, size_t size) {
    return allocate_marked(context, size, mark_of(size));
}

static void *allocate_zeroed(void *context, size_t count, size_t size) {
    const struct allocator *next = context;
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : take(bytes, mark_of(bytes));
    return block != NULL ? memset(block, 0, bytes) : next->allocate_zeroed(next->context, count, size);
}

static void release(void *context, void *block) {
    const struct allocator *next = context;
    if (is_in_region(block))
        put(block);
    else
        next->release(next->context, block);
}

/* One that Python's allocator has, which may turn out to be one that jobs write to. */
static void *resize_elsewhere(const struct allocator *next, void *block, size_t size, uint32_t mark) {
    block = next->resize(next->context, block, size);
    void *moved = block == NULL || phase == SERVES ? NULL : take(size, mark);
    if (moved == NULL)
        return block;
    memcpy(moved, block, size);
    next->release(next->context, block);
    return moved;
}

static void *resize(void *context, void *block, size_t size) {
    const struct allocator *next = context;
    uint32_t mark = mark_of(size);
    if (block == NULL)
        return allocate_marked(next, size, mark);
    if (!is_in_region(block))
        return resize_elsewhere(next, block, size, mark);
    size_t had = grains_of(block) * GRAIN;
    if (size <= had && size > had / 2)
        return block;
    void *moved = allocate_marked(next, size, mark);
    if (moved == NULL)
        return size <= had ? block : NULL;
    memcpy(moved, block, size < had ? size : had);
    put(block);
    return moved;
}

/* From here on, this thread's objects may be in a region of that size; 0 where there is no such memory, or no Python with one lock. */
static int begin(size_t size, int is_surveyed) {
    if (PyMem_GetAllocator == NULL || PyMem_SetAllocator == NULL || PyUnstable_Module_SetGIL != NULL)
        return 0;
    page_bytes = (size_t)sysconf(_SC_PAGESIZE);
    size_t count = size / GRAIN;
    size_t tables = count * sizeof *region.grains + (is_surveyed ? count * sizeof *region.marks : 0);
    /* All in one mapping: each is copied by every fork. Of most of it no page is ever there. */
    unsigned char *memory = mmap(NULL, tables + size, PROT_READ | PROT_WRITE,
                                 MAP_PRIVATE | MAP_ANONYMOUS | (is_surveyed ? MAP_NORESERVE : 0), -1, 0);
    if (memory == MAP_FAILED)
        return 0;
    region = (struct region){.blocks = memory + tables, .size = size, .grains = (uint16_t *)memory};
    if (is_surveyed)
        region.marks = (uint32_t *)(memory + count * sizeof *region.grains);
    is_owner = 1;
    for (int domain = DOMAIN_MEMORY; domain <= DOMAIN_OBJECTS; domain++) {
        PyMem_GetAllocator(domain, &below[domain]);
        struct allocator above = {&below[domain], allocate, allocate_zeroed, resize, release};
        PyMem_SetAllocator(domain, &above);
    }
    return 1;
}

void survey_allocations(void) {
    if (begin(MOST_SURVEYED_BYTES, 1))
        phase = IS_SURVEYED;
}

void place_allocations(void) {
    if (begin(MOST_PLACED_BYTES, 0))
        phase = PLACES;
    gather_arenas();
}

/* Takes every free block of malloc below its untouched end, the large ones first: they would be divided. Another malloc than
 * glibc's says nothing of such an end. */
static void use_up_malloc(void) {
    size_t untouched = mallinfo2().keepcost, taken = 0;
    uintptr_t end = (uintptr_t)sbrk(0);
    if (untouched == 0 || untouched > end)
        return;
    for (size_t size = 64 * 1024; size >= GRAIN && taken < 64 * 1024 * 1024; size -= size > 1024 ? size / 8 / GRAIN * GRAIN : GRAIN) {
        char *volatile block;
        do {
            block = malloc(size);
            taken += size;
        } while (block != NULL && (uintptr_t)block < end - untouched);
    }
    free(malloc(64 * 1024)); /* the end is moved for all forks at once */
}

/* From here on, what is allocated is a job's. What was a template's is whole pages of the region. */
struct region serve_allocations(void) {
    struct region own = {0};
    if (phase == BOOTS_AS_EVER && !begin(BYTES_OF_JOBS, 0))
        return own;
    use_up_malloc();
    memset(freed, 0, sizeof freed);
    region.used = round_up(region.used, page_bytes);
    own = region;
    if (region.size - region.used > BYTES_OF_JOBS) {
        munmap(region.blocks + region.used + BYTES_OF_JOBS, region.size - region.used - BYTES_OF_JOBS);
        region.size = region.used + BYTES_OF_JOBS;
    }
    phase = SERVES;
    end_arenas();
    return own;
}
