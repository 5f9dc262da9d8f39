# expect: succeeded
# limits: {"scratch_bytes": 1048576}
# output: {"lines": 2, "names": ["notes.txt.bak"], "size": 1000}
# why: a job that asked for a scratch directory can use tempfile
import os
import tempfile


def main():
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "notes.txt")
        with open(path, "w") as file:
            file.write("one\ntwo\n")
        os.rename(path, path + ".bak")
        with open(path + ".bak") as file, tempfile.TemporaryFile() as other:
            other.write(b"x" * 1000)
            return {"lines": len(file.readlines()), "names": os.listdir(folder), "size": other.tell()}
