# expect: succeeded
# denied: name_to_handle_at
# why: file handles name inodes beyond the root
import ctypes
import os

NUMBER = {"x86_64": 303, "aarch64": 264}[os.uname().machine]


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    handle = ctypes.create_string_buffer(b"\x78", 128)
    mount_id = (ctypes.c_int * 1)()
    got = libc.syscall(NUMBER, -100, b"/", handle, mount_id, 0)
    return {"escaped": got >= 0, "detail": os.strerror(ctypes.get_errno())}
