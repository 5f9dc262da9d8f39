/*
 * What a program sees of chance and time when its job asks for a seed or for a clock that stands.
 *
 * The library is preloaded into the interpreters, so these functions take the place of libc's. Until cellblock_seed or
 * cellblock_freeze is called, which happens in a job only, they do what libc's do. OpenSSL, which mixes the time and more into
 * its own generator, is handed another one.
 */
#include "native.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define EXPORTED __attribute__((visibility("default")))

/* Of TAI the kernel's idea; libc's headers do not name all of them. */
enum { REALTIME = 0, REALTIME_COARSE = 5, REALTIME_ALARM = 8, TAI = 11 };

static struct {
    int is_seeded;
    uint64_t key;
    uint64_t counter;
} chance;

static struct {
    int stands;
    struct timespec at;
} standing;

static int (*real_clock_gettime)(clockid_t, struct timespec *);

__attribute__((constructor)) static void find_real(void) {
    *(void **)&real_clock_gettime = dlsym(RTLD_NEXT, "clock_gettime");
}

/* The output function of SplitMix64 (Steele, Lea and Flood 2014). */
static uint64_t mix(uint64_t x) {
    x += 0x9e3779b97f4a7c15u;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return x ^ (x >> 31);
}

static void draw(unsigned char *into, size_t length) {
    while (length > 0) {
        uint64_t bits = mix(chance.key ^ mix(__atomic_fetch_add(&chance.counter, 1, __ATOMIC_RELAXED)));
        size_t part = length < sizeof bits ? length : sizeof bits;
        memcpy(into, &bits, part);
        into += part;
        length -= part;
    }
}

static int draw_for_openssl(unsigned char *into, int length) {
    draw(into, length < 0 ? 0 : (size_t)length);
    return 1;
}

static int is_ready(void) {
    return 1;
}

/* RAND_METHOD of openssl/rand.h, 1.0 to 3: seed, bytes, cleanup, add, pseudorand, status. */
static const struct {
    void *seed;
    int (*bytes)(unsigned char *, int);
    void *cleanup;
    void *add;
    int (*pseudorand)(unsigned char *, int);
    int (*status)(void);
} method = {NULL, draw_for_openssl, NULL, NULL, draw_for_openssl, is_ready};

/* OpenSSL is part of Node, and in Python a library that is there once something has imported it. */
static void seed_openssl(void) {
    static int is_done;
    if (is_done)
        return;
    int (*set)(const void *) = NULL;
    *(void **)&set = dlsym(RTLD_DEFAULT, "RAND_set_rand_method");
    static const char *const names[] = {"libcrypto.so.3", "libcrypto.so.1.1"};
    for (size_t i = 0; set == NULL && i < sizeof names / sizeof *names; i++) {
        void *library = dlopen(names[i], RTLD_NOW | RTLD_NOLOAD);
        if (library != NULL)
            *(void **)&set = dlsym(library, "RAND_set_rand_method");
    }
    is_done = set != NULL && set(&method) == 1;
}

/* Starts what stands in for the kernel's random numbers: a sequence for each seed and item. Numbers come in halves, since
 * JavaScript has no greater integers. */
EXPORTED void cellblock_seed(uint32_t seed_high, uint32_t seed_low, uint32_t item_high, uint32_t item_low) {
    uint64_t seed = (uint64_t)seed_high << 32 | seed_low, item = (uint64_t)item_high << 32 | item_low;
    chance.key = mix(mix(seed) ^ item);
    chance.counter = 0;
    chance.is_seeded = 1;
    seed_openssl();
}

/* Stops the clock at this many milliseconds since 1970. */
EXPORTED void cellblock_freeze(uint32_t ms_high, uint32_t ms_low) {
    uint64_t ms = (uint64_t)ms_high << 32 | ms_low;
    standing.at.tv_sec = (time_t)(ms / 1000);
    standing.at.tv_nsec = (long)(ms % 1000) * 1000000;
    standing.stands = 1;
}

EXPORTED ssize_t getrandom(void *into, size_t length, unsigned int flags) {
    if (!chance.is_seeded)
        return syscall(SYS_getrandom, into, length, flags);
    draw(into, length);
    return (ssize_t)length;
}

EXPORTED int getentropy(void *into, size_t length) {
    if (length > 256) {
        errno = EIO;
        return -1;
    }
    for (size_t done = 0; done < length;) {
        ssize_t got = getrandom((char *)into + done, length - done, 0);
        if (got < 0 && errno != EINTR)
            return -1;
        done += got < 0 ? 0 : (size_t)got;
    }
    return 0;
}

EXPORTED int clock_gettime(clockid_t clock, struct timespec *into) {
    int is_wall = clock == REALTIME || clock == REALTIME_COARSE || clock == REALTIME_ALARM || clock == TAI;
    if (standing.stands && is_wall) {
        *into = standing.at;
        return 0;
    }
    /* Other constructors may run before this library's own. */
    return real_clock_gettime != NULL ? real_clock_gettime(clock, into) : (int)syscall(SYS_clock_gettime, clock, into);
}

EXPORTED int gettimeofday(struct timeval *restrict into, void *restrict zone) {
    struct timespec now;
    if (clock_gettime(REALTIME, &now) != 0)
        return -1;
    into->tv_sec = now.tv_sec;
    into->tv_usec = now.tv_nsec / 1000;
    if (zone != NULL)
        memset(zone, 0, sizeof(struct timezone));
    return 0;
}

EXPORTED time_t time(time_t *into) {
    struct timespec now;
    if (clock_gettime(REALTIME, &now) != 0)
        return (time_t)-1;
    if (into != NULL)
        *into = now.tv_sec;
    return now.tv_sec;
}
