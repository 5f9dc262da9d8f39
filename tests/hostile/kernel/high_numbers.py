# expect: succeeded | syscall_denied
# why: numbers above the table, negative ones and those that the filter has never heard of
import ctypes


def main():
    libc = ctypes.CDLL(None, use_errno=True)
    answered = [number for number in (600, 1000, 65535, 0x3FFFFFFF, -2) if libc.syscall(ctypes.c_long(number), 0, 0, 0) >= 0]
    return {"escaped": bool(answered), "detail": answered}
