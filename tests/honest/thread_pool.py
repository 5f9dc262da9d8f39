# expect: succeeded
# output: {"lengths": [3, 5, 9], "total": 17}
# why: a thread pool as people use it for parallel steps
from concurrent.futures import ThreadPoolExecutor


def main():
    with ThreadPoolExecutor(max_workers=4) as pool:
        lengths = list(pool.map(len, ["one", "three", "seventeen"]))
        total = pool.submit(sum, lengths).result(timeout=5)
    return {"lengths": lengths, "total": total}
