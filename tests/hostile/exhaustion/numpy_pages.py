# expect: memory_killed | memory_error
# why: memory by numpy, mapped at once and touched page by page
import numpy as np


def main():
    pages = np.zeros(2 << 30, dtype=np.uint8)
    pages[::4096] = 1
    return {"escaped": True, "detail": int(pages.sum())}
