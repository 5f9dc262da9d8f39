# expect: succeeded
# output: {"escaped": false}
# limits: {"scratch_bytes": 1048576}
# why: a module by the name of one that the harness may import late, in the working directory and first in the path
import os
import sys


def main():
    os.chdir("/tmp")
    for name in ("json", "struct", "traceback", "linecache", "asyncio", "encodings"):
        with open(f"/tmp/{name}.py", "w") as file:
            file.write("import os; os._exit(9)\n")
    sys.path.insert(0, "/tmp")
    sys.path_importer_cache.clear()
    return {"escaped": False}
