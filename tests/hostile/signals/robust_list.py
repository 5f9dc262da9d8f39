# expect: succeeded
# output: {"escaped": false}
# why: a list of held locks without an end, one of them at an address of the kernel, which it walks when a thread ends
import ctypes
import os
import threading

NUMBER = {"x86_64": 273, "aarch64": 99}[os.uname().machine]
entry = (ctypes.c_uint64 * 2)()
entry[0] = ctypes.addressof(entry)
head = (ctypes.c_uint64 * 3)(ctypes.addressof(entry), 8, 0xFFFF_8000_0000_0000)


def hold():
    if ctypes.CDLL(None).syscall(NUMBER, head, ctypes.c_long(24)) != 0:
        raise OSError("set_robust_list")


def main():
    threads = [threading.Thread(target=hold) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    hold()
    return {"escaped": False}
