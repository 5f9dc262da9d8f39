/*
 * Prepares a template's memory for being forked. It reads the template's own mappings from `proc`, a descriptor of
 * the host's /proc which the template closes before it serves anybody.
 */
#include "native.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* A mapping, of a file where `inode` is not 0. */
struct mapping {
    uintptr_t start, end;
    unsigned long offset, inode;
    char rights[5];
    char device[16];
    int counts; /* towards the memory that is promised: it may be written to */
};

/* Joins two mappings that are neighbours in one file, by giving one of them the rights of the other: each mapping of a process
 * is copied by every fork and taken down at every end. A library has five, and two are enough: its code may as well be what its
 * constants are in, and what the loader protects once it has linked (RELRO) may as well stay writable. A jailed program may
 * change such rights itself. */
static void join(const struct mapping *below, const struct mapping *above) {
    if (below->inode == 0 || below->inode != above->inode || strcmp(below->device, above->device) != 0 ||
        below->end != above->start || below->offset + (below->end - below->start) != above->offset ||
        below->counts != above->counts)
        return;
    const struct mapping *lesser = NULL;
    int rights = 0;
    if (!below->counts) {
        rights = PROT_READ | PROT_EXEC;
        if (strcmp(below->rights, "r--p") == 0 && strcmp(above->rights, "r-xp") == 0)
            lesser = below;
        if (strcmp(below->rights, "r-xp") == 0 && strcmp(above->rights, "r--p") == 0)
            lesser = above;
    } else if (strcmp(below->rights, "r--p") == 0 && strcmp(above->rights, "rw-p") == 0) {
        rights = PROT_READ | PROT_WRITE;
        lesser = below;
    }
    /* Where that fails, there is one mapping more. */
    if (lesser != NULL)
        mprotect((void *)lesser->start, lesser->end - lesser->start, rights);
}

/* V8 excludes its mappings from forks (MADV_DONTFORK, "dc" in VmFlags); a child without them dies at once. */
static void include_in_forks(const struct mapping *mapping, int control) {
    if (madvise((void *)mapping->start, mapping->end - mapping->start, MADV_DOFORK) != 0)
        fail(control, STAGE_BOOT, errno);
}

void settle(int control, int proc);

void settle(int control, int proc) {
    int fd = openat(proc, "self/smaps", O_RDONLY | O_CLOEXEC);
    FILE *smaps = fd < 0 ? NULL : fdopen(fd, "r");
    if (smaps == NULL)
        fail(control, STAGE_BOOT, errno);
    char line[4096];
    struct mapping mapping = {0}, below = {0};
    while (fgets(line, sizeof line, smaps) != NULL) {
        struct mapping found = {0};
        if (sscanf(line, "%lx-%lx %4s %lx %15s %lu", &found.start, &found.end, found.rights, &found.offset, found.device,
                   &found.inode) == 6) {
            below = mapping;
            mapping = found;
        } else if (strncmp(line, "VmFlags:", 8) == 0) {
            mapping.counts = strstr(line, " ac") != NULL;
            if (strstr(line, " dc") != NULL)
                include_in_forks(&mapping, control);
            join(&below, &mapping);
        }
    }
    fclose(smaps);
}
