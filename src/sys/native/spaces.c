/*
 * V8's heap, side by side.
 *
 * V8 asks for each piece of its heap at another address drawn at random, so that each is a mapping by itself, with page tables of its
 * own up to three levels deep: every fork makes all of these, and every end frees them. Here the first piece is where V8 wants it,
 * and each later one is asked for behind the one before. Forks of one template share all addresses anyway, drawn or not.
 */
#include "native.h"

#include <sys/mman.h>
#include <sys/syscall.h>

/* What pieces are aligned to. V8 asks for so much more, less a page, and gives back what is outside of the aligned piece. */
#define PIECE ((uintptr_t)256 << 10)

/* What is larger is a range that V8 divides itself, or wants near its own code. */
enum { MOST_BYTES = 2 << 20 };

/* libc's, but for Node. */
__attribute__((visibility("default"))) void *mmap64(void *hint, size_t size, int rights, int flags, int fd, off_t offset) {
    static _Atomic uintptr_t next;
    int is_piece = uv_loop_fork != NULL && hint != NULL && (flags & MAP_ANONYMOUS) != 0 &&
                   (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) == 0 && size > PIECE && size <= MOST_BYTES;
    if (is_piece)
        hint = (void *)(next != 0 ? next : (uintptr_t)hint / LARGE_PAGE * LARGE_PAGE);
    const long arguments[6] = {(long)hint, (long)size, rights, flags, fd, offset};
    long address = call_with_errno(SYS_mmap, arguments);
    if (is_piece && address != -1)
        next = round_up(round_up((uintptr_t)address, PIECE) + size - PIECE, PIECE);
    return (void *)address;
}
