# expect: succeeded
# arch: x86_64
# why: calls of long ago that some kernels still have: libraries by uselib, settings by number, file systems by device
import ctypes
import os

NUMBERS = {134: "uselib", 136: "ustat", 139: "sysfs", 156: "_sysctl", 174: "create_module", 177: "get_kernel_syms",
           178: "query_module", 180: "nfsservctl", 205: "set_thread_area", 216: "remap_file_pages", 236: "vserver"}


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    looked_at = {}
    for number, name in NUMBERS.items():
        if libc.syscall(number, 3, 0, 0, 0, 0) >= 0 or ctypes.get_errno() not in (1, 38):  # EPERM, ENOSYS
            looked_at[name] = os.strerror(ctypes.get_errno())
    return {"escaped": bool(looked_at), "detail": looked_at}
