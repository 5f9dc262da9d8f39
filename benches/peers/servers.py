"""A private RabbitMQ and a private Redis, the same for every peer that uses them."""

import contextlib
import os
import shutil
import socket
from pathlib import Path

from processes import Failed, Service


def free_ports(count: int) -> list[int]:
    # All are held until all are known, so that they differ.
    with contextlib.ExitStack() as held:
        sockets = [held.enter_context(socket.socket()) for _ in range(count)]
        for listener in sockets:
            listener.bind(("127.0.0.1", 0))
        return [listener.getsockname()[1] for listener in sockets]


def answers(port: int, question: bytes, expected: bytes) -> bool:
    with socket.create_connection(("127.0.0.1", port), timeout=2) as connection:
        connection.sendall(question)
        return connection.recv(64).startswith(expected)


def rabbit_server() -> str:
    # Debian's /usr/sbin/rabbitmq-server changes the user, and works in the directory of the system's own broker.
    places = ["/usr/lib/rabbitmq/bin/rabbitmq-server", shutil.which("rabbitmq-server") or ""]
    found = next((place for place in places if os.access(place, os.X_OK)), None)
    if found is None:
        raise Failed("rabbitmq-server is not installed")
    return found


def start_rabbit(stack: contextlib.ExitStack, work: Path) -> tuple[list[Service], int]:
    """Its own node name, ports, port mapper, cookie and directory. Answers its services and its port."""
    base = work / "rabbit"
    base.mkdir()
    port, dist_port, epmd_port = free_ports(3)
    (base / "rabbitmq.conf").write_text(
        f"listeners.tcp.default = 127.0.0.1:{port}\nlog.console = false\nlog.file.level = warning\n"
        "disk_free_limit.absolute = 50MB\n"
    )
    (base / "plugins").write_text("[].")
    (base / "advanced.config").write_text("[].")
    extra = {
        "HOME": str(base),
        "ERL_EPMD_PORT": str(epmd_port),
        "RABBITMQ_NODENAME": f"peers{os.getpid()}@localhost",
        "RABBITMQ_NODE_PORT": str(port),
        "RABBITMQ_DIST_PORT": str(dist_port),
        "RABBITMQ_MNESIA_BASE": str(base / "mnesia"),
        "RABBITMQ_LOG_BASE": str(base / "log"),
        "RABBITMQ_PID_FILE": str(base / "pid"),
        "RABBITMQ_CONFIG_FILE": str(base / "rabbitmq.conf"),
        "RABBITMQ_ADVANCED_CONFIG_FILE": str(base / "advanced.config"),
        "RABBITMQ_ENABLED_PLUGINS_FILE": str(base / "plugins"),
        # The machine's own settings are for its own broker.
        "RABBITMQ_CONF_ENV_FILE": "/dev/null",
    }
    epmd = ["epmd", "-address", "127.0.0.1", "-port", str(epmd_port)]
    mapper = stack.enter_context(Service("epmd", epmd, work, extra, grace=0))
    mapper.wait_until(lambda: socket.create_connection(("127.0.0.1", epmd_port), timeout=2).close() is None, 20)
    # Nothing of it is kept, so it need not end gracefully.
    broker = stack.enter_context(Service("rabbitmq", [rabbit_server()], work, extra, grace=0))
    broker.wait_until(lambda: answers(port, b"AMQP\x00\x00\x09\x01", b"\x01"), 120)
    return [mapper, broker], port


def start_redis(stack: contextlib.ExitStack, work: Path) -> tuple[Service, int]:
    """No write is lost but those of the last second before a crash of the machine. Answers it and its port."""
    if shutil.which("redis-server") is None:
        raise Failed("redis-server is not installed")
    (work / "redis").mkdir()
    [port] = free_ports(1)
    settings = {
        "port": str(port),
        "bind": "127.0.0.1",
        "dir": str(work / "redis"),
        "save": "",
        "appendonly": "yes",
        "appendfsync": "everysec",
        "maxmemory-policy": "noeviction",
    }
    command = ["redis-server", *(word for name, value in settings.items() for word in (f"--{name}", value))]
    server = stack.enter_context(Service("redis", command, work, {}, grace=0))
    server.wait_until(lambda: answers(port, b"PING\r\n", b"+PONG"), 20)
    return server, port
