# expect: signalled
# signal: 11
# why: a crash of the interpreter, not a signal that somebody sent
import ctypes


def main():
    ctypes.string_at(0)
