# expect: succeeded | exited
# why: a destructor that ends the process when the result is dropped
import os


class Trap:
    def __del__(self):
        os._exit(7)


KEPT = Trap()


def main():
    trap = Trap()
    return {"escaped": False, "size": len(vars(trap))}
