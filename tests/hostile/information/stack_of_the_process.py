# expect: succeeded
# why: above the environment lie the arguments, the environment and the file name with which the process was started
import ctypes
import sys

WORTH = [b"/home/", b"/work/", b"/root/", b"redis://", b"amqp://", b"PASSWORD", b"TOKEN", b"CELLBLOCK_"]


def main():
    libc = ctypes.CDLL(None)
    libc.getauxval.restype = ctypes.c_ulong
    libc.getauxval.argtypes = [ctypes.c_ulong]
    random_bytes, file_name = libc.getauxval(25), libc.getauxval(31)
    text = ctypes.string_at(min(random_bytes, file_name), abs(file_name - random_bytes)) + b"\0" + ctypes.string_at(file_name)
    text = text.replace(sys.base_prefix.encode(), b"")
    found = [word.decode() for word in WORTH if word in text]
    return {"escaped": bool(found), "detail": found}
