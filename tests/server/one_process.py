"""A real server process with embedded defaults, for tests and benchmarks that need sockets."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx

from tests.servers.process import ServerProcess, free_port, serves

ADMIN_KEY = "the-key-of-the-administrator-in-tests"
SERVER = Path(__file__).parents[2] / "examples" / "server"


class OneServer:
    """A running server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        process: The process, in a folder of its own.
    """

    def __init__(self, **settings: str) -> None:
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
        variables = [f"BLAZZ_SERVER_{name}={value}" for name, value in self._settings.items()]
        path = f"PYTHONPATH={os.pathsep.join([str(SERVER), *sys.path[1:]])}"
        self.process.start(
            ["/usr/bin/env", *variables, path, sys.executable, "-m", "blazz_server"],
            ready=lambda: serves(self.port, "/health/live"),
        )

    def tenant(self, workspace: str, *scopes: str) -> str:
        """Make a workspace and a key of it; gives the key."""
        with httpx.Client(base_url=self.url, headers=self.admin) as api:
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


@contextmanager
def one_server(**settings: str) -> Iterator[OneServer]:
    """A server that runs until the block ends; settings are named without `BLAZZ_SERVER_`."""
    server = OneServer(**settings)
    try:
        server.start()
        yield server
    finally:
        server.process.remove()
