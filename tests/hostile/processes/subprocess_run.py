# expect: failed
# denied: clone
# error: PermissionError
# why: running a program in the usual way
import subprocess


def main():
    done = subprocess.run(["/usr/bin/python3", "-c", "print(1)"], capture_output=True)
    return {"escaped": done.returncode == 0, "detail": done.returncode}
