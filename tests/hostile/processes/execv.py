# expect: syscall_denied
# syscall: execve
# why: replacing the interpreter by another program that keeps the descriptors
import os


def main():
    os.execv("/usr/bin/python3", ["python3", "-c", "import os; os.write(4, b'')"])
