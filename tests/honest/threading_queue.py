# expect: succeeded
# output: {"sum": 328350}
# why: four threads and a queue, within the default thread limit
import queue
import threading


def main():
    tasks, done = queue.Queue(), queue.Queue()

    def worker():
        while (n := tasks.get()) is not None:
            done.put(n * n)

    threads = [threading.Thread(target=worker) for _ in range(4)]
    for thread in threads:
        thread.start()
    for n in [*range(100), *[None] * 4]:
        tasks.put(n)
    for thread in threads:
        thread.join()
    return {"sum": sum(done.get() for _ in range(100))}
