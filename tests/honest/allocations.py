# expect: succeeded
# output: {"kept": 6000, "sum": 17997000, "grown": 4096, "threads": [40000, 40000, 40000, 40000], "traced": true}
# why: objects of all sizes come and go, grow and shrink, in several threads, and none of them overwrites another
import threading
import tracemalloc


def churn(out):
    rows = [[i] * (1 + i % 40) for i in range(400)]
    del rows[::2]
    out.append(sum(row[-1] for row in rows))


def main():
    kept = {}
    for i in range(6000):
        kept[i] = (i, bytes([i % 251]) * (i % 600))
        scratch = [str(i)] * (i % 50)
        scratch += [None] * (i % 7)
    assert all(blob == bytes([i % 251]) * (i % 600) for i, (_, blob) in kept.items())
    grown = bytearray()
    for i in range(4096):
        grown.append(i % 256)
    assert bytes(grown) == bytes(i % 256 for i in range(4096))
    sums = []
    threads = [threading.Thread(target=churn, args=(sums,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    tracemalloc.start()
    block = [bytes(100) for _ in range(100)]
    traced = tracemalloc.get_traced_memory()[0] > 10_000 and len(block) == 100
    tracemalloc.stop()
    return {"kept": len(kept), "sum": sum(i for i, _ in kept.values()), "grown": len(grown), "threads": sums,
            "traced": traced}
