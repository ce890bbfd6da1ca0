"""The server's time is asked for now and then, and counted on in between."""

from __future__ import annotations

from typing import Any

from blazz.databases.server_clock import ServerClock


class Server:
    """A connection to a server whose time a test sets."""

    def __init__(self) -> None:
        self.time = 1000.0
        self.asked = 0

    async def fetchval(self, _query: str) -> float:
        self.asked += 1
        return self.time


async def test_the_clock_asks_now_and_then() -> None:
    server: Any = Server()
    here = 5.0
    clock = ServerClock("SELECT now()", monotonic=lambda: here)
    assert await clock.now(server) == 1000.0
    here += 4
    assert (await clock.now(server), server.asked) == (1004.0, 1)
    # The server's clock was set, or this machine slept: known within seconds.
    server.time = 2000.0
    here += 2
    assert (await clock.now(server), server.asked) == (2000.0, 2)
