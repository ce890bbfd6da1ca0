"""The reference server as a process of its own, measured from outside."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import httpx

from tests.server.one_process import ADMIN_KEY, OneServer

_UNLIMITED: Final = {
    "CALLS_PER_SECOND": "1000000",
    "CALLS_AT_ONCE": "1000000",
    "SOCKETS_PER_ADDRESS": "100000",
}


class MeasuredServer(OneServer):
    """A running server that limits nobody, and whose processor time can be read."""

    def client(self, key: str = "") -> httpx.Client:
        """A client with a key; by default the administrator's."""
        headers = {"Authorization": f"Bearer {key or ADMIN_KEY}"}
        return httpx.Client(base_url=self.url, headers=headers, timeout=30)

    def cpu_seconds(self) -> float:
        """How long its threads have run on a processor."""
        stat = Path(f"/proc/{self.process.pid}/stat").read_text()
        user, system = stat.rpartition(")")[2].split()[11:13]
        return (int(user) + int(system)) / os.sysconf("SC_CLK_TCK")


@contextmanager
def measured_server(**settings: str) -> Iterator[MeasuredServer]:
    """A server that runs until the block ends; settings are named without `BLAZZ_SERVER_`."""
    server = MeasuredServer(forked=False, **_UNLIMITED, **settings)
    try:
        server.start()
        yield server
    finally:
        server.process.remove()
