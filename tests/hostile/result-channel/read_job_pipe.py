# expect: succeeded
# why: what the job pipe still holds must not be another job
import os


def main():
    os.set_blocking(3, False)
    try:
        ahead = os.read(3, 1 << 16)
    except BlockingIOError:
        ahead = b""
    return {"escaped": len(ahead) > 64, "detail": ahead.hex()[:100]}
