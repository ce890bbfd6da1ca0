"""The conversation store on SQLite: one file, several processes of one machine."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TypeVar

from blazz.conversations.operations import Batch, Operation, Rows, Statement
from blazz.conversations.store import SqlConversationStore
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
        self._queries = Queries("blazz.conversations", "queries.sql")

    async def open(self) -> None:
        """Open the file."""
        await self._database.open()

    async def close(self) -> None:
        """Close the file."""
        await self._database.close()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in the writer thread, where one transaction at a time is open."""
        return await self._database.write(lambda connection: self._drive(connection, operation))

    def _drive(self, connection: sqlite3.Connection, operation: Operation[T]) -> T:
        try:
            step = next(operation)
            while True:
                step = operation.send(self._execute(connection, step))
        except StopIteration as finished:
            result: T = finished.value
            return result

    def _execute(self, connection: sqlite3.Connection, step: Statement | Batch) -> Rows:
        sql = self._queries[step.query]
        if isinstance(step, Batch):
            connection.executemany(sql, [_bound(row) for row in step.rows])
            return ()
        return connection.execute(sql, _bound(step.args)).fetchall()


def _bound(values: Sequence[Any]) -> dict[str, Any]:
    """SQLite takes `$1` for a parameter named 1."""
    return {str(number): value for number, value in enumerate(values, start=1)}
