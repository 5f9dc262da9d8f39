"""Celery: publishes tasks with `apply_async` over one connection, and reads the results from Redis in bulk.

The load knows no result backend. Celery's own client subscribes to a channel of Redis for every task that it publishes,
which takes longer than to publish it; reading the results by their keys is what costs least.
"""

import json
import time

import redis

import load
from celery_app import app, run, run_chunk

KEY = "celery-task-meta-"
# Results that are asked for at a time.
WINDOW = 200


def prepare(told: dict):
    results = redis.Redis(port=told["redis_port"])
    # The connection of the first publish is kept in the application's pool.
    app.connection_for_write().ensure_connection(max_retries=20).close()

    def carry_out(order: dict) -> load.Carried:
        with app.producer_pool.acquire(block=True) as producer:

            def publish(task, part) -> str:
                return KEY + task.apply_async((order["code"], part), producer=producer).id

            if order["rate"]:
                return load.steadily(order, results, lambda n: publish(run, {"n": n}), output_of)
            begun = time.monotonic()
            task, work = (run_chunk, load.chunks(order)) if order["chunk"] else (run, load.inputs(order))
            keys = [publish(task, part) for part in work]
            published_s = load.since(begun)
        found = read_all(results, keys)

        def answers() -> list:
            outputs = [output_of(found[key]) for key in keys]
            return load.flat(outputs, order) if order["chunk"] else outputs

        return load.Carried(answers, published_s)

    return carry_out


def read_all(results: redis.Redis, keys: list[str]) -> dict[str, bytes]:
    """Every result, each read once it is there; the oldest are asked for first."""
    found: dict[str, bytes] = {}
    pending = keys
    while pending:
        window, rest = pending[:WINDOW], pending[WINDOW:]
        missing = []
        for key, value in zip(window, results.mget(window), strict=True):
            if value is None:
                missing.append(key)
            else:
                found[key] = value
        pending = missing + rest
        # Nothing is behind the window, or what is there has to be run first.
        if missing:
            time.sleep(load.PAUSE)
    return found


def output_of(text: bytes):
    meta = json.loads(text)
    if meta["status"] != "SUCCESS":
        raise RuntimeError(f"a task ended as {meta['status']}: {meta['result']}")
    return meta["result"]


if __name__ == "__main__":
    load.run(prepare)
