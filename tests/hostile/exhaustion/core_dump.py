# expect: signalled
# signal: 11
# limits: {"memory_bytes": 268435456, "wall_ms": 5000}
# why: a crash with much memory writes no core file and runs no helper of the host
import ctypes


def main():
    kept = bytearray(b"x" * (100 << 20))
    ctypes.string_at(len(kept) and 0)
