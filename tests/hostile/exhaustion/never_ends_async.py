# expect: timed_out | no_result | failed
# limits: {"wall_ms": 700}
# why: a coroutine that waits for what never comes
import asyncio


async def main():
    await asyncio.get_running_loop().create_future()
