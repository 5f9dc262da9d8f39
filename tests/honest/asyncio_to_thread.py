# expect: succeeded
# output: {"values": [1, 2, 3]}
# why: an event loop with an executor thread, woken across threads
import asyncio
import time


def slow(n):
    time.sleep(0.02)
    return n + 1


async def work():
    return await asyncio.gather(*(asyncio.to_thread(slow, n) for n in range(3)))


def main():
    return {"values": asyncio.run(work())}
