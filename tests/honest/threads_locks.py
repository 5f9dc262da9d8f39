# expect: succeeded
# output: {"count": 4000, "leaked": false}
# why: locks, events, timers and thread-local data need futexes only
import threading


def main():
    counter, lock, ready, local = [0], threading.Lock(), threading.Event(), threading.local()

    def add():
        local.mine = 0
        ready.wait()
        for _ in range(1000):
            with lock:
                counter[0] += 1
            local.mine += 1

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    threading.Timer(0.02, ready.set).start()
    for thread in threads:
        thread.join()
    return {"count": counter[0], "leaked": hasattr(local, "mine")}
