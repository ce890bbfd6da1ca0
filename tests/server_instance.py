"""An instance of the reference server, as a process that can be killed; it logs what it handles.

Each call of its handler is a line in a table without keys: what is handled twice is there twice.
"""

from __future__ import annotations

import logging
import os
from functools import partial
from unittest.mock import patch

import asyncpg

from blazz import Client, Session
from blazz.events.messages import TextReceived
from blazz_server.__main__ import serve
from blazz_server.hosting.service import Hosting
from blazz_server.settings import Settings

_WRITE = "INSERT INTO handled VALUES ($1, $2, $3, $4, extract(epoch from clock_timestamp()))"


class LoggingHosting(Hosting):
    """Hosting that logs each text that it handles."""

    async def open(self) -> None:
        """Connect to the log, too."""
        database = os.environ["BLAZZ_SERVER_DATABASE_URL"]
        self._log = await asyncpg.create_pool(database, min_size=1, max_size=2)
        self.on_client(partial(_listen, self._log, os.environ["BLAZZ_SERVER_INSTANCE"]))
        await super().open()

    async def close(self) -> None:
        """Disconnect from the log, too."""
        await super().close()
        await self._log.close()


def _listen(log: asyncpg.Pool, instance: str, client: Client) -> None:
    @client.on(TextReceived, name="test.log")
    async def handled(session: Session, event: TextReceived) -> None:
        await log.execute(_WRITE, event.body, session.key, instance, session.epoch)


if __name__ == "__main__":
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    for noisy in ("httpx", "uvicorn.access"):
        logging.getLogger(noisy).setLevel(logging.WARNING)
    with patch("blazz_server.platform.Hosting", LoggingHosting):
        serve(Settings())
