"""Keeps on the disk what the page has reported while the inbox takes nothing."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from blazz.databases.queries import Queries, migrations
from blazz.databases.sqlite import SqliteDatabase


class Body(NamedTuple):
    """Some reports in a row, encoded.

    Attributes:
        reports: How many.
        content: What `blazz.providers.web.inbound.updates.encode` wrote of them.
    """

    reports: int
    content: bytes


class Overflow:
    """A queue of bodies in a SQLite file of the session, which is made when it is first needed.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._queries = Queries("blazz.providers.web", "overflow.sql")
        self._database: SqliteDatabase | None = None
        self.reports = 0
        """How many reports are in it."""

    async def open(self) -> None:
        """Look for what an earlier run has left.

        Raises:
            sqlite3.Error: The file cannot be read.
        """
        if self._path.exists():
            await self._opened()

    async def close(self) -> None:
        """Close the file; what is in it stays."""
        database, self._database = self._database, None
        if database is not None:
            await database.close()

    async def add(self, bodies: Sequence[Body]) -> None:
        """Put bodies at the end, all or none; they are on the disk when this returns.

        Raises:
            sqlite3.Error: The disk does not take them.
        """
        await self._store("add", bodies)

    async def put_back(self, body: Body) -> None:
        """Put a body at the beginning; it is on the disk when this returns.

        Raises:
            sqlite3.Error: The disk does not take it.
        """
        await self._store("put_back", [body])

    async def first(self) -> tuple[int, Body] | None:
        """The oldest body and its number; None if there is none.

        Raises:
            sqlite3.Error: The file cannot be read.
        """
        found = await self._run("first") if self.reports else []
        if not found:
            return None
        number, reports, content = found[0]
        return number, Body(reports, content)

    async def drop(self, number: int, reports: int) -> None:
        """Forget a body: the inbox has it.

        Raises:
            sqlite3.Error: The disk does not take that.
        """
        # If a power cut undoes this, the inbox gets the body again, and knows what it has.
        await self._run("drop", number=number)
        self.reports -= reports

    async def _opened(self) -> SqliteDatabase:
        if self._database is None:
            steps = migrations("blazz.providers.web", "overflow_migrations")
            database = SqliteDatabase(self._path, migrations=steps)
            await database.open()
            self._database = database
            ((self.reports,),) = await self._run("count")
        return self._database

    async def _store(self, query: str, bodies: Sequence[Body]) -> None:
        database = await self._opened()

        def work(connection: sqlite3.Connection) -> None:
            connection.executemany(self._queries[query], bodies)

        await database.write(work)
        self.reports += sum(body.reports for body in bodies)

    async def _run(self, query: str, **values: int) -> list[Any]:
        database = await self._opened()

        def work(connection: sqlite3.Connection) -> list[Any]:
            return connection.execute(self._queries[query], values).fetchall()

        return await database.write(work, durable=False)
