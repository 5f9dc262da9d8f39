# expect: signalled
# signal: 11
# arch: x86_64
# why: the processor's counters by instruction, which needs no call
import ctypes
import mmap

CODE = b"\x31\xc9\x0f\x33\xc3"  # xor ecx, ecx; rdpmc; ret


def main():
    page = mmap.mmap(-1, 4096, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    page.write(CODE)
    address = ctypes.addressof(ctypes.c_char.from_buffer(page))
    return {"escaped": True, "detail": ctypes.CFUNCTYPE(ctypes.c_int)(address)()}
