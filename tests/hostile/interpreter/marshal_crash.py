# expect: signalled | failed | succeeded | memory_error
# why: marshal is documented to crash on bytes that it did not write itself
import marshal


def main():
    try:
        return {"escaped": False, "detail": repr(marshal.loads(b"\xe3" + bytes(range(40)) * 10))[:100]}
    except (ValueError, EOFError, TypeError) as error:
        return {"escaped": False, "detail": type(error).__name__}
