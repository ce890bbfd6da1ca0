"""The conversation store on PostgreSQL: many processes on many machines."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeVar

from blazz.conversations.operations import Batch, Operation, Rows, Statement
from blazz.conversations.store import SqlConversationStore
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Queries, migrations

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")


class PostgresConversationStore(SqlConversationStore):
    """Remembers conversations in a PostgreSQL database.

    Args:
        url: The database, such as `postgresql://user:password@host/name`.
    """

    def __init__(self, url: str) -> None:
        steps = migrations("blazz.conversations", "migrations")
        self._database = PostgresDatabase(url, schema="conversations", migrations=steps)
        package = "blazz.conversations"
        self._queries = {**Queries(package, "queries.sql"), **Queries(package, "postgres.sql")}

    async def open(self) -> None:
        """Connect."""
        await self._database.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._database.close()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in one transaction on one connection."""
        async with self._database.transaction() as connection:
            try:
                step = next(operation)
                while True:
                    step = operation.send(await self._execute(connection, step))
            except StopIteration as finished:
                result: T = finished.value
                return result

    async def _execute(self, connection: asyncpg.Connection, step: Statement | Batch) -> Rows:
        sql = self._queries[step.query]
        if isinstance(step, Batch):
            await connection.executemany(sql, step.rows)
            return ()
        rows: Rows = await connection.fetch(sql, *step.args)
        return rows
