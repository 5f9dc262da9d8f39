# expect: signalled | failed | succeeded | bad_result | timed_out | no_result | exited
# limits: {"wall_ms": 2000}
# why: the small integers overwritten in memory: 1 becomes 2 for everybody in the process
import ctypes


def main():
    for number in range(1, 200):
        ctypes.c_uint32.from_address(id(number) + 24).value = number + 1
    return {"escaped": False, "detail": 1}
