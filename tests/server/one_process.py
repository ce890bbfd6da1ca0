"""A real server process with embedded defaults, for tests and benchmarks that need sockets."""

from __future__ import annotations

import atexit
import functools
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import httpx

from tests.servers.forking import ForkedProcess, ForkServer
from tests.servers.process import ServerProcess, free_port, serves

ADMIN_KEY = "the-key-of-the-administrator-in-tests"
SERVER = Path(__file__).parents[2] / "examples" / "server"


class OneServer:
    """A running server.

    Args:
        forked: Whether it is forked from a process that has imported it; otherwise it is started by
            its command, as users do.
        settings: Its settings, named without `BLAZZ_SERVER_`.

    Attributes:
        forked: How it is started from now on.
        port: Where it listens, on 127.0.0.1.
        process: The process, in a folder of its own.
    """

    def __init__(self, *, forked: bool = True, **settings: str) -> None:
        self.forked = forked
        self.port = free_port()
        self.process = ServerProcess("blazz-server", as_us=True)
        self._settings = {
            "PORT": str(self.port),
            "FOLDER": str(self.process.folder / "data"),
            "ADMIN_KEY": ADMIN_KEY,
            "CALLS_PER_SECOND": "10000",
            "CALLS_AT_ONCE": "10000",
            **settings,
        }

    @property
    def url(self) -> str:
        """Its address."""
        return f"http://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Start it, and wait until it serves."""
        self.process.start(
            self._fork if self.forked else self._command(),
            ready=lambda: serves(self.port, "/health/live"),
        )

    def _variables(self) -> dict[str, str]:
        return {f"BLAZZ_SERVER_{name}": value for name, value in self._settings.items()}

    def _command(self) -> list[str]:
        path = f"PYTHONPATH={os.pathsep.join([str(SERVER), *sys.path[1:]])}"
        variables = [f"{name}={value}" for name, value in self._variables().items()]
        return ["/usr/bin/env", *variables, path, sys.executable, "-m", "blazz_server"]

    def _fork(self, output: IO[bytes]) -> ForkedProcess:
        folder = self.process.folder
        variables = {**os.environ, "HOME": str(folder), **self._variables()}
        return fork_server().start(
            "blazz_server.__main__", environment=variables, folder=folder, output=output
        )

    def tenant(self, workspace: str, *scopes: str) -> str:
        """Make a workspace and a key of it; gives the key."""
        with httpx.Client(base_url=self.url, headers=self.admin, timeout=60) as api:
            made = api.post("/v1/workspaces", json={"name": workspace})
            assert made.status_code in {201, 409}, made.text
            wanted = list(scopes) or ["messages:read", "messages:send", "sessions:read"]
            answer = api.post(
                f"/v1/workspaces/{workspace}/keys", json={"label": "test", "scopes": wanted}
            )
            assert answer.status_code == 201, answer.text
            key: str = answer.json()["key"]
            return key

    @property
    def admin(self) -> dict[str, str]:
        """The headers of the administrator's calls."""
        return {"Authorization": f"Bearer {ADMIN_KEY}"}


@functools.cache
def fork_server() -> ForkServer:
    """What servers are forked from; it ends with this process."""
    made = ForkServer(["blazz_server.__main__", "tests.server_instance"], path=[SERVER])
    atexit.register(made.close)
    return made


@contextmanager
def one_server(*, forked: bool = True, **settings: str) -> Iterator[OneServer]:
    """A server that runs until the block ends; see `OneServer`."""
    server = OneServer(forked=forked, **settings)
    try:
        server.start()
        yield server
    finally:
        server.process.remove()
