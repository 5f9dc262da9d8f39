# expect: succeeded
# why: POSIX shared memory by name, as multiprocessing uses it
from multiprocessing import shared_memory


def main():
    try:
        shared_memory.SharedMemory("left_behind", create=True, size=4096)
        return {"escaped": True, "detail": "created"}
    except FileExistsError:
        return {"escaped": True, "detail": "found"}
    except OSError as error:
        return {"escaped": False, "detail": str(error)}
