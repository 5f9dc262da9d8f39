/*
 * Where a forked Python job allocates. What the template's allocators have free lies between its objects, on pages that all
 * forks share: each block taken from there would copy a page, some hundred for the smallest program. So the template takes
 * and leaks what malloc has free, which leaves its untouched end, and small objects of jobs come from a region of their own
 * that no template has written to, one beside the other whatever their sizes; when it is used up, from Python's allocator as ever.
 */
#include "native.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { GRAIN = 16, LARGEST = 512, NURSERY_BYTES = 256 * 1024 };

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

static _Alignas(4096) unsigned char nursery[NURSERY_BYTES];
static unsigned char grains[NURSERY_BYTES / GRAIN]; /* of the block that begins there */
static size_t used;
static void *freed[LARGEST / GRAIN + 1]; /* by grains */
static struct allocator below[DOMAIN_OBJECTS + 1];
/* Interpreters of one process may have a lock each. */
static __thread __attribute__((tls_model("initial-exec"))) int is_owner;

static int is_in_nursery(const void *block) {
    return (uintptr_t)block - (uintptr_t)nursery < NURSERY_BYTES;
}

static inline void *take(size_t size) {
    if (size > LARGEST || !is_owner)
        return NULL;
    size_t count = size == 0 ? 1 : (size + GRAIN - 1) / GRAIN;
    void *block = freed[count];
    if (__builtin_expect(block != NULL, 1)) {
        memcpy(&freed[count], block, sizeof freed[count]);
        return block;
    }
    if (NURSERY_BYTES - used < count * GRAIN)
        return NULL;
    block = nursery + used;
    grains[used / GRAIN] = (unsigned char)count;
    used += count * GRAIN;
    return block;
}

static size_t grains_of(const void *block) {
    return grains[((uintptr_t)block - (uintptr_t)nursery) / GRAIN];
}

static void put(void *block) {
    if (!is_owner)
        return;
    size_t count = grains_of(block);
    memcpy(block, &freed[count], sizeof freed[count]);
    freed[count] = block;
}

static void *allocate(void *context, size_t size) {
    const struct allocator *next = context;
    void *block = take(size);
    return block != NULL ? block : next->allocate(next->context, size);
}

static void *allocate_zeroed(void *context, size_t count, size_t size) {
    const struct allocator *next = context;
    size_t bytes;
    void *block = __builtin_mul_overflow(count, size, &bytes) ? NULL : take(bytes);
    return block != NULL ? memset(block, 0, bytes) : next->allocate_zeroed(next->context, count, size);
}

static void release(void *context, void *block) {
    const struct allocator *next = context;
    if (is_in_nursery(block))
        put(block);
    else
        next->release(next->context, block);
}

static void *resize(void *context, void *block, size_t size) {
    const struct allocator *next = context;
    if (block == NULL)
        return allocate(context, size);
    if (!is_in_nursery(block))
        return next->resize(next->context, block, size);
    size_t had = grains_of(block) * GRAIN;
    if (size <= had && size > had / 2)
        return block;
    void *moved = allocate(context, size);
    if (moved == NULL)
        return size <= had ? block : NULL;
    memcpy(moved, block, size < had ? size : had);
    put(block);
    return moved;
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

void prepare_allocators(void);

void prepare_allocators(void) {
    if (PyMem_GetAllocator == NULL || PyMem_SetAllocator == NULL || PyUnstable_Module_SetGIL != NULL)
        return;
    use_up_malloc();
    is_owner = 1;
    for (int domain = DOMAIN_MEMORY; domain <= DOMAIN_OBJECTS; domain++) {
        PyMem_GetAllocator(domain, &below[domain]);
        struct allocator above = {&below[domain], allocate, allocate_zeroed, resize, release};
        PyMem_SetAllocator(domain, &above);
    }
}
