# expect: syscall_denied
# syscall: io_uring_setup
# why: a ring has its own way to make and connect sockets, which a socket filter does not see
import ctypes


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    parameters = ctypes.create_string_buffer(120)
    ring = libc.syscall(425, 4, parameters)
    return {"escaped": ring >= 0, "detail": ring}
