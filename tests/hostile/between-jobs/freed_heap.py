# expect: succeeded
# why: memory that the allocator hands out must not hold what another job freed
import ctypes

MARK = bytes(byte ^ 0x55 for byte in b"\x16\x10\x19\x19\x17\x19\x1a\x16\x1e")  # nothing in this file spells it


def main():
    libc = ctypes.CDLL(None)
    libc.malloc.restype = ctypes.c_void_p
    libc.free.argtypes = [ctypes.c_void_p]
    blocks = [libc.malloc(100_000) for _ in range(200)]
    seen = sum(MARK * 4 in ctypes.string_at(block, 100_000) for block in blocks)
    for block in blocks:
        ctypes.memmove(block, MARK * 11_000, 99_000)
        libc.free(block)
    return {"escaped": seen > 0, "detail": seen}
