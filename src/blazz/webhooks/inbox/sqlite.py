"""The inbox in one SQLite file: several processes of one machine."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from pathlib import Path
from typing import TypeVar

from blazz.databases.operations import Operation, for_sqlite, run_on_sqlite
from blazz.databases.presence import Presence
from blazz.databases.queries import Queries, migrations
from blazz.databases.sqlite import SqliteDatabase
from blazz.databases.sqlite_grouping import GroupedWrite
from blazz.errors import InboxUnavailable
from blazz.webhooks.inbox import operations
from blazz.webhooks.inbox.base import Item
from blazz.webhooks.inbox.sql import SqlInbox

T = TypeVar("T")


class SqliteInbox(SqlInbox):
    """Keeps updates in one SQLite file.

    What a process had taken when it was killed is ready again as soon as the file is opened: on one
    machine nobody has to wait until its lease lapses.

    Args:
        path: The file; made if it is missing.
        clock: Tells the time in seconds since 1970.

    Example:
        >>> import anyio, tempfile
        >>> async def main() -> int:
        ...     async with SqliteInbox(f"{tempfile.mkdtemp()}/inbox.db") as inbox:
        ...         await inbox.put(b"{}", signer="")
        ...         return (await inbox.counts()).arrived
        >>> anyio.run(main)
        1
    """

    def __init__(self, path: str | Path, *, clock: Callable[[], float] = time.time) -> None:
        package = "blazz.webhooks.inbox"
        steps = migrations(package, "sqlite_migrations")
        self._database = SqliteDatabase(path, migrations=steps)
        self._queries = for_sqlite(
            {**Queries(package, "queries.sql"), **Queries(package, "sqlite.sql")}
        )
        self._clock = clock
        self._puts = GroupedWrite(self._database, self._put)
        self._presence = Presence(self._database.path.with_name(f"{Path(path).name}.owners"))
        self._present: set[str] = set()
        self._open = False

    async def open(self) -> None:
        """Open the file."""
        if not self._open:
            with _translated():
                await self._database.open()
            self._open = True
            for owner in await self.look(operations.owners()):
                if await asyncio.to_thread(self._presence.is_gone, owner):
                    await self.retire(owner)

    async def close(self) -> None:
        """Close the file."""
        self._open = False
        self._present.clear()
        self._presence.leave_all()
        await self._database.close()

    async def take(
        self, owner: str, *, sessions: Collection[str], limit: int, lease: float
    ) -> Sequence[Item]:
        """Take the oldest updates that are ready; the owner shows first that it is alive."""
        if owner not in self._present:
            with _translated():
                await self._presence.hold(owner)
            self._present.add(owner)
        return await super().take(owner, sessions=sessions, limit=limit, lease=lease)

    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body as it came; the database's writer commits for all who wait."""
        try:  # as `_translated`, which would be a fifth of what this costs
            await self._puts.add((self._clock(), signer, body))
        except sqlite3.Error as error:
            raise _unavailable(error) from error

    def _put(
        self, connection: sqlite3.Connection, bodies: Sequence[tuple[float, str, bytes]]
    ) -> None:
        connection.executemany(self._queries["put_body"], bodies)

    async def change(
        self,
        operation: Callable[[float], Operation[T]],
        *,
        alone: bool = True,  # noqa: ARG002  # there is only ever one writer
        durable: bool = True,
    ) -> T:
        """Run an operation in the writer thread."""
        now = self._clock()
        with _translated():
            return await self._database.write(
                lambda connection: run_on_sqlite(connection, self._queries, operation(now)),
                durable=durable,
            )

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation in the reader thread."""
        with _translated():
            return await self._database.read(
                lambda connection: run_on_sqlite(connection, self._queries, operation)
            )


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (sqlite3.Error, OSError) as error:
        raise _unavailable(error) from error


def _unavailable(error: sqlite3.Error | OSError) -> InboxUnavailable:
    return InboxUnavailable(f"the inbox's database: {error}")
