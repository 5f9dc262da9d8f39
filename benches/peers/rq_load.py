"""RQ: enqueues jobs many at a time, watches the registries, and reads the results in one pipeline."""

import time

from redis import Redis
from rq import Queue
from rq.results import Result

import called
import load

# Jobs of one transaction, and results of one pipeline.
AT_ONCE = 500
KEPT_S = 86_400


def prepare(told: dict):
    redis = Redis(port=told["redis_port"])
    queue = Queue(connection=redis)

    def carry_out(order: dict) -> load.Carried:
        ended_before = ended(queue)
        begun = time.monotonic()
        function, work = (called.run_chunk, load.chunks(order)) if order["chunk"] else (called.run, load.inputs(order))
        calls = [Queue.prepare_data(function, (order["code"], part), result_ttl=KEPT_S) for part in work]
        jobs = []
        for at in range(0, len(calls), AT_ONCE):
            jobs.extend(queue.enqueue_many(calls[at : at + AT_ONCE]))
        published_s = load.since(begun)
        while ended(queue) - ended_before < len(jobs):
            time.sleep(load.PAUSE)
        streams = read_all(redis, jobs)

        def answers() -> list:
            returned = [value_of(job, stream) for job, stream in zip(jobs, streams, strict=True)]
            return load.flat(returned, order) if order["chunk"] else returned

        return load.Carried(answers, published_s)

    return carry_out


def ended(queue: Queue) -> int:
    with queue.connection.pipeline(transaction=False) as pipeline:
        pipeline.zcard(queue.finished_job_registry.key).zcard(queue.failed_job_registry.key)
        return sum(pipeline.execute())


def read_all(redis: Redis, jobs: list) -> list:
    streams = []
    for at in range(0, len(jobs), AT_ONCE):
        with redis.pipeline(transaction=False) as pipeline:
            for job in jobs[at : at + AT_ONCE]:
                pipeline.xrevrange(Result.get_key(job.id), count=1)
            streams.extend(pipeline.execute())
    return streams


def value_of(job, stream):
    if not stream:
        return None
    [(entry, payload)] = stream
    result = Result.restore(job.id, entry.decode(), payload, connection=job.connection)
    if result.type is not Result.Type.SUCCESSFUL:
        raise RuntimeError(f"a job ended as {result.type.name}: {result.exc_string}")
    return result.return_value


if __name__ == "__main__":
    load.run(prepare)
