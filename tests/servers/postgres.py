"""PostgreSQL for tests: one cluster per run, one fresh database per test."""

from __future__ import annotations

import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator

import pytest

from tests.servers import programs
from tests.servers.process import ServerProcess, answers, free_port

# Not synchronous_commit=off: that loses commits of a killed process (seen in a test).
_FAST = ("fsync=off", "full_page_writes=off")


class PostgresServer:
    """A cluster of its own, which a test may stop, kill and start again.

    Args:
        fsync: Whether commits reach the disk. Off by default: tests then run several times faster,
            and a killed process still loses nothing, only a power cut would.
    """

    def __init__(self, *, fsync: bool = False) -> None:
        self._postgres = programs.find("postgres")
        self.process = ServerProcess("postgres", ends_by=signal.SIGQUIT)
        self.port = free_port()
        self._options = () if fsync else _FAST
        self._make_cluster()
        self.start()

    @property
    def _data(self) -> str:
        return str(self.process.folder / "data")

    def _make_cluster(self) -> None:
        initdb = programs.find("initdb")
        self.process.call(
            [initdb, "-D", self._data, "-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-sync"]
        )

    def start(self) -> None:
        """Start it on the port and with the data that it had."""
        options = [
            f"port={self.port}",
            "listen_addresses=127.0.0.1",
            f"unix_socket_directories={self.process.folder}",
            "max_connections=200",
            "deadlock_timeout=50ms",  # it is a second by default, for which all would wait
            *self._options,
        ]
        command = [str(self._postgres), "-D", self._data]
        for option in options:
            command += ["-c", option]
        self.process.start(command, ready=self._ready)

    def stop(self) -> None:
        """Stop it cleanly, cutting open connections."""
        self.process.stop(signal.SIGINT)

    def kill(self) -> None:
        """End it as a crash would."""
        self.process.stop(signal.SIGQUIT)

    def lose_data(self) -> None:
        """Replace its data by none; it must have ended."""
        shutil.rmtree(self._data)
        self._make_cluster()

    def remove(self) -> None:
        """End it and delete its data."""
        self.process.remove()

    def url(self, database: str = "postgres") -> str:
        """The address of a database."""
        return f"postgresql://postgres@127.0.0.1:{self.port}/{database}"

    def create_database(self, template: str = "template1") -> str:
        """Make a database like another one, by default an empty one; return its name."""
        name = f"test_{secrets.token_hex(8)}"
        # Otherwise each page of it goes through the log, which takes more than twice as long.
        self.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        return name

    def drop_database(self, name: str) -> None:
        """Delete a database, cutting its connections."""
        self.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")

    def execute(self, statement: str, *, database: str = "postgres") -> str:
        """Run one statement and return its rows as text."""
        return self._psql(statement, database, check=True).stdout.decode()

    def _ready(self) -> bool:
        if not answers(self.port):
            return False
        return self._psql("SELECT 1", "postgres", check=False).returncode == 0

    def _psql(
        self, statement: str, database: str, *, check: bool
    ) -> subprocess.CompletedProcess[bytes]:
        psql = str(programs.find("psql"))
        command = [psql, "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", statement, self.url(database)]
        return subprocess.run(command, capture_output=True, check=check)


@pytest.fixture(scope="session")
def postgres_clusters() -> Iterator[Callable[[bool], PostgresServer]]:
    """Clusters by whether they fsync, each started when it is first needed."""
    clusters: dict[bool, PostgresServer] = {}

    def cluster(fsync: bool) -> PostgresServer:
        if fsync not in clusters:
            clusters[fsync] = _start(fsync=fsync)
        return clusters[fsync]

    yield cluster
    for server in clusters.values():
        server.remove()


@pytest.fixture
def postgres_url(
    request: pytest.FixtureRequest, postgres_clusters: Callable[[bool], PostgresServer]
) -> Iterator[str]:
    """The URL of a fresh database; `@pytest.mark.fsync` gives one whose commits reach the disk."""
    server = postgres_clusters(request.node.get_closest_marker("fsync") is not None)
    name = server.create_database()
    yield server.url(name)
    server.drop_database(name)


@pytest.fixture
def postgres_server() -> Iterator[PostgresServer]:
    """A cluster of the test's own, to stop, kill and start again."""
    server = _start(fsync=False)
    yield server
    server.remove()


def _start(*, fsync: bool) -> PostgresServer:
    try:
        return PostgresServer(fsync=fsync)
    except programs.MissingProgram as missing:
        pytest.fail(str(missing), pytrace=False)
