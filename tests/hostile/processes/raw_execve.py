# expect: syscall_denied
# syscall: execve
# why: replacing the program, and with it the hash of what was checked
import ctypes
import os

NUMBER = {"x86_64": 59, "aarch64": 221}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    arguments = (ctypes.c_char_p * 2)(b"python3", None)
    got = libc.syscall(NUMBER, b"/usr/bin/python3", arguments, arguments)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}
