# expect: succeeded
# inputs: {"names": ["b", "a"]}
# output: {"greetings": ["hello b", "hello a"]}
# why: main may be a coroutine function; it is awaited
import asyncio


async def greet(name):
    await asyncio.sleep(0.01)
    return f"hello {name}"


async def main(names: list) -> dict:
    return {"greetings": await asyncio.gather(*map(greet, names))}
