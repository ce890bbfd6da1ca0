"""Redis for tests: one server per run, emptied before each test."""

from __future__ import annotations

import signal
import socket
from collections.abc import Iterator

import pytest

from tests.servers import programs
from tests.servers.process import ServerProcess, free_port


class RedisServer:
    """A server of its own, which a test may stop, kill and start again.

    Args:
        durable: Write and fsync every command, so that a killed server comes back with all of it.
    """

    def __init__(self, *, durable: bool = False) -> None:
        self._program = programs.find("redis-server")
        self.process = ServerProcess("redis")
        self.port = free_port()
        self._durable = durable
        self.start()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start it on the port and with the data that it had."""
        persistence = ["--appendonly", "yes", "--appendfsync", "always"] if self._durable else []
        self.process.start(
            [
                self._program,
                *("--port", str(self.port), "--bind", "127.0.0.1", "--save", ""),
                *("--dir", str(self.process.folder)),
                *persistence,
            ],
            ready=self._ready,
        )

    def stop(self) -> None:
        """Stop it cleanly."""
        self.process.stop()

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.stop(signal.SIGKILL)

    def remove(self) -> None:
        """End it and delete its data."""
        self.process.remove()

    def empty(self) -> None:
        """Delete all keys and functions."""
        assert self._ask("FLUSHALL") == "+OK"

    def _ready(self) -> bool:
        try:
            return self._ask("PING") == "+PONG"
        except OSError:
            return False

    def _ask(self, command: str) -> str:
        with socket.create_connection(("127.0.0.1", self.port), timeout=60) as connection:
            connection.sendall(f"{command}\r\n".encode())
            return connection.makefile("r").readline().strip()


@pytest.fixture(scope="session")
def _redis() -> Iterator[RedisServer]:
    server = _start()
    yield server
    server.remove()


@pytest.fixture
def redis_url(_redis: RedisServer) -> str:
    """The URL of an empty Redis."""
    _redis.empty()
    return _redis.url


@pytest.fixture
def redis_server() -> Iterator[RedisServer]:
    """A durable server of the test's own, to stop, kill and start again."""
    server = _start(durable=True)
    yield server
    server.remove()


def _start(*, durable: bool = False) -> RedisServer:
    try:
        return RedisServer(durable=durable)
    except programs.MissingProgram as missing:
        pytest.fail(str(missing), pytrace=False)
