# expect: signalled | failed | succeeded | memory_killed
# why: byte code that pops from an empty stack
def victim():
    return 1


def main():
    victim.__code__ = victim.__code__.replace(co_code=b"\x01\x00" * 50 + victim.__code__.co_code, co_stacksize=1)
    return {"escaped": False, "detail": repr(victim())[:100]}
