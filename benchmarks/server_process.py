"""The reference server as a process of its own, with embedded defaults, for benchmarks."""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.servers.process import ServerProcess, free_port

_SERVER: Final = Path(__file__).parents[1] / "examples" / "server"


class MeasuredServer:
    """A running server.

    Attributes:
        port: Where it listens, on 127.0.0.1.
        process: The process, in a folder of its own.
    """

    def __init__(self, **settings: str) -> None:
        self.port = free_port()
        self.process = ServerProcess("blazz-server", as_us=True)
        self._admin = secrets.token_hex(32)
        self._settings = {
            "PORT": str(self.port),
            "FOLDER": str(self.process.folder / "data"),
            "ADMIN_KEY": self._admin,
            "CALLS_PER_SECOND": "1000000",
            "CALLS_AT_ONCE": "1000000",
            **settings,
        }

    def start(self) -> None:
        """Start it, and wait until it serves."""
        variables = [f"BLAZZ_SERVER_{name}={value}" for name, value in self._settings.items()]
        path = f"PYTHONPATH={os.pathsep.join([str(_SERVER), *sys.path[1:]])}"
        command = [sys.executable, "-m", "blazz_server"]
        self.process.start(["/usr/bin/env", *variables, path, *command], ready=self._is_ready)

    def client(self, key: str = "") -> httpx.Client:
        """A client with a key; by default the administrator's."""
        headers = {"Authorization": f"Bearer {key or self._admin}"}
        url = f"http://127.0.0.1:{self.port}"
        return httpx.Client(base_url=url, headers=headers, timeout=30)

    def tenant(self, workspace: str, *scopes: str) -> str:
        """Make a workspace and a key of it; gives the key."""
        with self.client() as api:
            api.post("/v1/workspaces", json={"name": workspace}).raise_for_status()
            wanted = {"label": "benchmark", "scopes": list(scopes)}
            made = api.post(f"/v1/workspaces/{workspace}/keys", json=wanted)
            key: str = made.raise_for_status().json()["key"]
            return key

    def cpu_seconds(self) -> float:
        """How long its threads have run on a processor."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")

    def _is_ready(self) -> bool:
        try:
            with self.client() as api:
                return api.get("/health/live").status_code == 200
        except httpx.HTTPError:
            return False


@contextmanager
def measured_server(**settings: str) -> Iterator[MeasuredServer]:
    """A server that runs until the block ends; settings are named without `BLAZZ_SERVER_`."""
    server = MeasuredServer(**settings)
    try:
        server.start()
        yield server
    finally:
        server.process.remove()
