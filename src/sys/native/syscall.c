/*
 * syscall(2) for an interpreter that this library is preloaded into: libc's, but in Node without io_uring.
 *
 * libuv sets up a ring for each event loop, whatever UV_USE_IO_URING says (1.45 and later), and would go on using it under
 * the job's filter, which ends a program for that. ENOSYS is its sign to do without. (pages.c has a ring in Node nevertheless.)
 */
#include "native.h"

#include <errno.h>
#include <stdarg.h>
#include <sys/syscall.h>

long call_kernel(long number, const long *a) {
    long result;
#if defined(__x86_64__)
    register long fourth __asm__("r10") = a[3];
    register long fifth __asm__("r8") = a[4];
    register long sixth __asm__("r9") = a[5];
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "a"(number), "D"(a[0]), "S"(a[1]), "d"(a[2]), "r"(fourth), "r"(fifth), "r"(sixth)
                     : "rcx", "r11", "memory");
#elif defined(__aarch64__)
    register long x8 __asm__("x8") = number;
    register long x0 __asm__("x0") = a[0];
    register long x1 __asm__("x1") = a[1];
    register long x2 __asm__("x2") = a[2];
    register long x3 __asm__("x3") = a[3];
    register long x4 __asm__("x4") = a[4];
    register long x5 __asm__("x5") = a[5];
    __asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4), "r"(x5) : "memory");
    result = x0;
#else
#error "no syscall for this architecture"
#endif
    return result;
}

long call_with_errno(long number, const long *arguments) {
    long result = call_kernel(number, arguments);
    if (result >= 0 || result < -4095)
        return result;
    errno = (int)-result;
    return -1;
}

__attribute__((visibility("default"))) long syscall(long number, ...) {
    if (number == SYS_io_uring_setup && uv_loop_fork != NULL) {
        errno = ENOSYS;
        return -1;
    }
    long arguments[6];
    va_list list;
    va_start(list, number);
    for (int i = 0; i < 6; i++)
        arguments[i] = va_arg(list, long);
    va_end(list);
    return call_with_errno(number, arguments);
}
