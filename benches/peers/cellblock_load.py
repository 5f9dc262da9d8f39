"""Cellblock: jobs are published to RabbitMQ as any AMQP client would, batches are uploaded over HTTP.

Jobs are done when the worker's metric says that the store has accepted all their results; then the documents are read
from Redis in bulk. That is where the clock stops. Afterwards each job is submitted once more over HTTP under its
idempotency key, which runs nothing and answers the document of that very job; it must be the one that was read.

The publisher does not wait for the broker's confirmations, as Celery's does not.
"""

import contextlib
import http.client
import json
import time

import pika
import redis

import load

EXCHANGE, ROUTING_KEY = "cellblock.in", "now.interactive"
PERSISTENT = pika.BasicProperties(content_type="application/json", delivery_mode=2)


def ask(address: str, method: str, path: str, body: bytes | None = None, kind: str = "application/json"):
    with contextlib.closing(http.client.HTTPConnection(address, timeout=120)) as connection:
        connection.request(method, path, body, {} if body is None else {"Content-Type": kind})
        response = connection.getresponse()
        text = response.read()
    if response.status not in (200, 202):
        raise RuntimeError(f"{method} {path}: {response.status} {text[:500]!r}")
    return response, text


class Place:
    def __init__(self, told: dict):
        self.worker, self.api = told["worker"], told["api"]
        self.redis = redis.Redis(port=told["redis_port"])
        parameters = pika.URLParameters(told["amqp_url"])
        # While a batch runs nobody is there to answer heartbeats.
        parameters.heartbeat = 0
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()
        self.seen: set[bytes] = set()

    def carry_out(self, order: dict) -> load.Carried:
        if order["rate"]:
            carried = load.steadily(order, self.redis, lambda n: self.publish(body_of(order, n)), output_of)
            self.new_documents()
            return carried
        return self.batch(order) if order["chunk"] else self.jobs(order)

    def publish(self, body: bytes) -> None:
        self.channel.basic_publish(EXCHANGE, ROUTING_KEY, body, PERSISTENT)

    def jobs(self, order: dict) -> load.Carried:
        ended_before = self.jobs_ended()
        begun = time.monotonic()
        bodies = [body_of(order, n) for n in range(order["first"], order["first"] + order["count"])]
        for body in bodies:
            self.publish(body)
        # What the channel still holds goes out.
        self.connection.process_data_events()
        published_s = load.since(begun)
        while (ended := self.jobs_ended() - ended_before) < order["count"]:
            # The worker has some thousand lines to tell, so it is asked less often while the end is far.
            left_s = load.since(begun) * (order["count"] / max(ended, 1) - 1)
            time.sleep(min(max(left_s / 4, load.PAUSE), 1))
        documents = self.new_documents()
        return load.Carried(lambda: self.replayed(order, bodies, documents), published_s)

    def jobs_ended(self) -> int:
        _, text = ask(self.worker, "GET", "/metrics")
        lines = (line for line in text.decode().splitlines() if line.startswith("cellblock_jobs_total{"))
        return sum(int(float(line.rsplit(" ", 1)[1])) for line in lines)

    def new_documents(self) -> list[bytes | None]:
        """All result documents of this order: `cb:{…}…:o:…`, one to a job."""
        names = set(self.redis.scan_iter(match="cb:*:o:*", count=1_000)) - self.seen
        self.seen |= names
        listed, documents = list(names), []
        for at in range(0, len(listed), 500):
            documents.extend(self.redis.mget(listed[at : at + 500]))
        return documents

    def replayed(self, order: dict, bodies: list[bytes], documents: list[bytes | None]) -> list[dict | None]:
        read = {document["id"]: document for document in map(json.loads, filter(None, documents))}
        if len(read) != order["count"]:
            raise RuntimeError(f"{len(read)} documents were read for {order['count']} jobs")
        answers = []
        for body in bodies:
            response, text = ask(self.api, "POST", "/v1/jobs", body)
            if response.status != 200 or response.headers["Idempotent-Replayed"] != "true":
                raise RuntimeError(f"a job was not there when it was submitted again: {text[:500]!r}")
            document = json.loads(text)
            answers.append(document["output"] if read.get(document["id"]) == document else None)
        return answers

    def batch(self, order: dict) -> load.Carried:
        begun = time.monotonic()
        head = {"v": 1, "language": order["language"], "code": order["code"], "chunk_items": order["chunk"]}
        head["idempotency_key"] = order["name"]
        lines = [json.dumps(line) for line in [head, *load.inputs(order)]]
        body = "\n".join(lines).encode() + b"\n"
        batch = json.loads(ask(self.api, "POST", "/v1/batches", body, "application/x-ndjson")[1])
        published_s = load.since(begun)
        path = f"/v1/batches/{batch['id']}"
        while batch["state"] not in ("completed", "failed_tolerance", "cancelled"):
            batch = json.loads(ask(self.api, "GET", f"{path}?wait=10s")[1])
        response, results = ask(self.api, "GET", f"{path}/results")
        if response.headers["X-Complete"] != "true":
            raise RuntimeError(f"the batch is {batch['state']} and has not all its results")
        return load.Carried(lambda: [json.loads(line)["output"] for line in results.splitlines()], published_s)


def body_of(order: dict, n: int) -> bytes:
    job = {"v": 1, "idempotency_key": f"{order['name']}-{n}", "language": order["language"], "code": order["code"]}
    return json.dumps(job | {"inputs": {"n": n}}).encode()


def output_of(document: bytes):
    return json.loads(document)["output"]


if __name__ == "__main__":
    load.run(lambda told: Place(told).carry_out)
