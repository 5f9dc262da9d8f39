# expect: syscall_denied
# syscall: perf_event_open
# why: performance counters leak addresses and timing
import ctypes
import os

NUMBER = {"x86_64": 298, "aarch64": 241}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    attributes = ctypes.create_string_buffer(128)
    got = libc.syscall(NUMBER, attributes, 0, -1, -1, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}
