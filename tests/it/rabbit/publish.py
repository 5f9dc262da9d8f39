"""Publishes jobs with pika, as a client of another program would."""

import json
import sys

import pika

port, prefix = int(sys.argv[1]), sys.argv[2]
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
channel = connection.channel()
channel.confirm_delivery()
job = {"v": 1, "language": "python3", "code": "def main(n): return {'n': n}", "inputs": {"n": 3}}


def publish(body, **properties):
    properties = pika.BasicProperties(content_type="application/json", delivery_mode=2, **properties)
    channel.basic_publish(prefix + ".in", "now.batch", body, properties, mandatory=True)


publish(json.dumps({**job, "idempotency_key": "invoice-42", "tenant": "acme"}))
publish(json.dumps(job), message_id="a client's own id")
publish(json.dumps(job))
connection.close()
