"""Cellblock: jobs are published to RabbitMQ as any AMQP client would, batches are uploaded over HTTP.

Jobs are done when Redis holds all that they leave there; then the documents are read from it in bulk. That is where the
clock stops. Afterwards each job is submitted once more over HTTP under its idempotency key, which runs nothing and answers
the document of that very job; it must be the one that was read. Then Redis is emptied, so that the next order's documents
are found among its own.

The publisher does not wait for the broker's confirmations, as Celery's does not.
"""

import contextlib
import http.client
import json
import time

import pika
import redis

import load

# What a job leaves: its record, its idempotency key, its document.
KEYS_OF_JOB = 3
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
        self.api = told["api"]
        self.redis = redis.Redis(port=told["redis_port"])
        parameters = pika.URLParameters(told["amqp_url"])
        # While a batch runs nobody is there to answer heartbeats.
        parameters.heartbeat = 0
        self.connection = pika.BlockingConnection(parameters)
        self.channel = self.connection.channel()

    def carry_out(self, order: dict) -> load.Carried:
        if order["rate"]:
            carried = load.steadily(order, self.redis, lambda n: self.publish(body_of(order, n)), output_of)
            self.redis.flushdb()
            return carried
        return self.batch(order) if order["chunk"] else self.jobs(order)

    def publish(self, body: bytes) -> None:
        self.channel.basic_publish(EXCHANGE, ROUTING_KEY, body, PERSISTENT)

    def jobs(self, order: dict) -> load.Carried:
        kept = self.redis.dbsize()
        begun = time.monotonic()
        bodies = [body_of(order, n) for n in range(order["first"], order["first"] + order["count"])]
        for body in bodies:
            self.publish(body)
        # What the channel still holds goes out.
        self.connection.process_data_events()
        published_s = load.since(begun)
        documents = []
        while len(documents) < order["count"]:
            while self.redis.dbsize() < kept + KEYS_OF_JOB * order["count"]:
                time.sleep(load.PAUSE)
            documents = self.documents()
        return load.Carried(lambda: self.replayed(order, bodies, documents), published_s)

    def documents(self) -> list[bytes | None]:
        """All result documents: `cb:{…}…:o:…`, one to a job."""
        listed, documents = list(set(self.redis.scan_iter(match="cb:*:o:*", count=1_000))), []
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
        self.redis.flushdb()
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
