"""Publishes bodies with pika: the port, the prefix of names, a JSON array. A text in it is sent as it is."""

import json
import sys

import pika

port, prefix, bodies = int(sys.argv[1]), sys.argv[2], json.loads(sys.argv[3])
connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", port))
channel = connection.channel()
channel.confirm_delivery()
properties = pika.BasicProperties(content_type="application/json", delivery_mode=2)
for body in bodies:
    text = body if isinstance(body, str) else json.dumps(body)
    channel.basic_publish(prefix + ".in", "now.interactive", text, properties, mandatory=True)
connection.close()
