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

/* V8 excludes its mappings from forks (MADV_DONTFORK, "dc" in VmFlags); a child without them dies at once. */
static void include_in_forks(FILE *smaps, int control) {
    char line[4096];
    uintptr_t start = 0, end = 0;
    while (fgets(line, sizeof line, smaps) != NULL) {
        uintptr_t from, to;
        if (sscanf(line, "%lx-%lx ", &from, &to) == 2) {
            start = from;
            end = to;
        } else if (strncmp(line, "VmFlags:", 8) == 0 && strstr(line, " dc") != NULL) {
            if (madvise((void *)start, end - start, MADV_DOFORK) != 0)
                fail(control, STAGE_BOOT, errno);
        }
    }
}

void settle(int control, int proc);

void settle(int control, int proc) {
    int fd = openat(proc, "self/smaps", O_RDONLY | O_CLOEXEC);
    FILE *smaps = fd < 0 ? NULL : fdopen(fd, "r");
    if (smaps == NULL)
        fail(control, STAGE_BOOT, errno);
    include_in_forks(smaps, control);
    fclose(smaps);
}
