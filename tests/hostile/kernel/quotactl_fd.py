# expect: syscall_denied
# syscall: quotactl_fd
# why: disk quotas of the file system that a descriptor is on, with no path to a device
import ctypes
import os

NUMBER = 443


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    fd = os.open(os.__file__, os.O_RDONLY)
    got = libc.syscall(NUMBER, fd, 0x800007 << 8, 0, ctypes.create_string_buffer(256))
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}
