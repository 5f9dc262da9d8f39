"""The peers: what each is, which functions it runs, and how it is started."""

import contextlib
import dataclasses
import http.client
import json
from collections.abc import Callable
from pathlib import Path

from install import Programs
from processes import HERE, Load, Service
from servers import start_rabbit, start_redis

# How long a worker that is told to end may take: it has nothing to do.
GRACE_S = 5


@dataclasses.dataclass
class Place:
    """What one start of a peer has for itself. All of it ends with `stack`."""

    work: Path
    slots: int
    programs: Programs
    stack: contextlib.ExitStack
    services: list[Service] = dataclasses.field(default_factory=list)

    def rabbit(self) -> str:
        services, port = start_rabbit(self.stack, self.work)
        self.services += services
        return f"amqp://guest:guest@127.0.0.1:{port}/%2f"

    def redis(self) -> int:
        server, port = start_redis(self.stack, self.work)
        self.services.append(server)
        return port

    def service(self, name: str, command: list[str], extra: dict[str, str] | None = None) -> Service:
        service = self.stack.enter_context(Service(name, command, self.work, extra or {}, GRACE_S))
        self.services.append(service)
        return service

    def load(self, command: list[str], told: dict, extra: dict[str, str] | None = None) -> Load:
        return self.stack.enter_context(Load(command, told, self.work, extra or {}))

    def python_load(self, script: str, told: dict, extra: dict[str, str] | None = None) -> Load:
        return self.load([self.programs.venv_python, str(HERE / script)], told, extra)


@dataclasses.dataclass(frozen=True)
class Peer:
    name: str
    title: str
    functions: tuple[str, ...]
    # None for one that measures itself.
    start: Callable[[Place], Load] | None
    # Whether jobs are also published at a steady rate.
    has_latency: bool = False
    # Messages after which its processes stay as they are.
    warm_up: int = 0


def start_cellblock(place: Place, settings: dict[str, str] | None = None) -> Load:
    programs, amqp_url, redis_port = place.programs, place.rabbit(), place.redis()
    extra = {
        "CELLBLOCK_QUEUE_URL": amqp_url,
        "CELLBLOCK_STORE_URL": f"redis://127.0.0.1:{redis_port}/0",
        "CELLBLOCK_WORKER_SLOTS": str(place.slots),
        "CELLBLOCK_RUNTIME_PYTHON3_PATH": programs.python,
        "CELLBLOCK_RUNTIME_NODEJS_PATH": programs.node,
    } | (settings or {})
    addresses = {}
    for part, command in [("worker", "worker"), ("api", "serve")]:
        words = [programs.cellblock, "--json", command, "--listen", "127.0.0.1:0"]
        service = place.service(f"cellblock-{command}", words, extra)

        def is_ready(part=part, service=service) -> bool:
            first = service.output.read_text().partition("\n")[0]
            addresses[part] = json.loads(first)["listening"] if first else ""
            return bool(first) and status(addresses[part], "/readyz") == 200

        service.wait_until(is_ready, 60)
    return place.python_load("cellblock_load.py", addresses | {"amqp_url": amqp_url, "redis_port": redis_port})


def start_cellblock_classic(place: Place) -> Load:
    return start_cellblock(place, {"CELLBLOCK_QUEUE_CLASSIC_LANES": "interactive"})


def status(address: str, path: str) -> int:
    connection = http.client.HTTPConnection(address, timeout=10)
    try:
        connection.request("GET", path)
        return connection.getresponse().status
    finally:
        connection.close()


def start_celery(*flags: str) -> Callable[[Place], Load]:
    def start(place: Place) -> Load:
        amqp_url, redis_port = place.rabbit(), place.redis()
        extra = {"PEERS_AMQP_URL": amqp_url, "PYTHONPATH": str(HERE)}
        results = {"PEERS_RESULTS_URL": f"redis://127.0.0.1:{redis_port}/0"}
        words = [place.programs.venv_python, "-m", "celery", "-A", "celery_app", "worker", "--pool", "prefork"]
        # What it would tell other workers, there being none.
        words += ["--without-gossip", "--without-mingle", "--without-heartbeat", "--loglevel", "warning"]
        place.service("celery", [*words, "--concurrency", str(place.slots), *flags], extra | results)
        return place.python_load("celery_load.py", {"redis_port": redis_port}, extra)

    return start


def start_rq(place: Place) -> Load:
    redis_port = place.redis()
    extra = {"PYTHONPATH": str(HERE)}
    words = [place.programs.venv_python, "-m", "rq.cli", "worker-pool", "--num-workers", str(place.slots)]
    words += ["--url", f"redis://127.0.0.1:{redis_port}/0", "--logging-level", "WARNING"]
    place.service("rq", words, extra)
    return place.python_load("rq_load.py", {"redis_port": redis_port}, extra)


def start_bullmq(place: Place) -> Load:
    redis_port = place.redis()
    told = {"redis_port": redis_port, "slots": place.slots}
    extra = {"NODE_PATH": str(place.programs.node_modules)}
    node = place.programs.node
    place.service("bullmq", [node, str(HERE / "bullmq_worker.js"), json.dumps(told)], extra)
    return place.load([node, str(HERE / "bullmq_load.js")], told, extra)


def start_bwrap(place: Place) -> Load:
    programs = place.programs
    told = {
        "slots": place.slots,
        "bwrap": programs.bwrap,
        "python": programs.python,
        "node": programs.node,
        "packages": programs.packages,
    }
    return place.python_load("bwrap_load.py", told)


IN_PYTHON = ("python", "pandas", "python-items")
IN_JS = ("nodejs", "nodejs-items")
JOBS = ("python", "nodejs", "pandas")
ALL = ("python", "nodejs", "pandas", "python-items", "nodejs-items")

# The first one is what the others are compared with.
PEERS = {
    peer.name: peer
    for peer in [
        Peer("cellblock", "Cellblock: RabbitMQ, Redis", ALL, start_cellblock, has_latency=True, warm_up=250),
        Peer(
            "cellblock-classic",
            "Cellblock, a classic queue: RabbitMQ, Redis",
            JOBS,
            start_cellblock_classic,
            has_latency=True,
            warm_up=250,
        ),
        Peer("cellblock-bench", "`cellblock bench`: no queue, no store", ALL, None),
        Peer("bwrap", "bubblewrap, a fresh interpreter: no queue, no store", ALL, start_bwrap),
        Peer("rq", "RQ, a fork for each job: Redis", IN_PYTHON, start_rq),
        Peer(
            "celery-fresh",
            "Celery, a process for each task: RabbitMQ, Redis",
            ("python", "pandas"),
            start_celery("--prefetch-multiplier", "1", "--max-tasks-per-child", "1"),
        ),
        Peer(
            "celery",
            "Celery, processes used again: RabbitMQ, Redis",
            IN_PYTHON,
            start_celery("--prefetch-multiplier", "4"),
            has_latency=True,
        ),
        Peer("bullmq", "BullMQ, sandboxed processes used again: Redis", IN_JS, start_bullmq),
    ]
}

# Items one by one are what Celery's single tasks are: the same measurement, shown twice.
ONE_BY_ONE = {"python-items": ("celery", "python", "Celery, a task for each item: RabbitMQ, Redis")}
