"""The conversation store on SQLite: one file, several processes of one machine."""

from __future__ import annotations

from pathlib import Path
from typing import TypeVar

from blazz.conversations.store import SqlConversationStore
from blazz.databases.operations import Operation, run_on_sqlite
from blazz.databases.queries import Queries, migrations
from blazz.databases.sqlite import SqliteDatabase

T = TypeVar("T")


class SqliteConversationStore(SqlConversationStore):
    """Remembers conversations in one SQLite file.

    Args:
        path: The file; made if it is missing.
    """

    def __init__(self, path: str | Path) -> None:
        steps = migrations("blazz.conversations", "migrations")
        self._database = SqliteDatabase(path, migrations=steps)
        self._queries = Queries("blazz.conversations", "sqlite.sql")

    async def open(self) -> None:
        """Open the file."""
        await self._database.open()

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in the writer thread, where one transaction at a time is open."""
        return await self._database.write(
            lambda connection: run_on_sqlite(connection, self._queries, operation)
        )

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation in the reader thread, which waits for no writer."""
        return await self._database.read(
            lambda connection: run_on_sqlite(connection, self._queries, operation)
        )
