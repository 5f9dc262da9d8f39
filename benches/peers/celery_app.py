"""Celery: the tasks, for its worker and for its load."""

import os

from celery import Celery

import called

app = Celery("peers", broker=os.environ["PEERS_AMQP_URL"], backend=os.environ.get("PEERS_RESULTS_URL"))
app.conf.update(task_acks_late=True, broker_connection_retry_on_startup=True)

run = app.task(name="peers.run")(called.run)
run_chunk = app.task(name="peers.run_chunk")(called.run_chunk)
