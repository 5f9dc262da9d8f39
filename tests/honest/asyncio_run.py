# expect: succeeded
# output: {"squares": [0, 1, 4, 9], "task": 16, "timed_out": true}
# why: an event loop needs epoll and a socket pair, and no network
import asyncio


async def square(n):
    await asyncio.sleep(0.02 * (5 - n))
    return n * n


async def work():
    task = asyncio.create_task(square(4))
    squares = await asyncio.gather(*(square(n) for n in range(4)))
    try:
        await asyncio.wait_for(asyncio.sleep(60), timeout=0.05)
    except asyncio.TimeoutError:
        return {"squares": squares, "task": await task, "timed_out": True}


def main():
    return asyncio.run(work())
