"""The conversation store on PostgreSQL: many processes on many machines."""

from __future__ import annotations

from typing import TypeVar

from blazz.conversations.store import SqlConversationStore
from blazz.databases.operations import Operation, run_on_postgres
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Queries, migrations

T = TypeVar("T")


class PostgresConversationStore(SqlConversationStore):
    """Remembers conversations in a PostgreSQL database.

    Args:
        url: The database, such as `postgresql://user:password@host/name`.
        pool_size: The most connections to hold.
    """

    def __init__(self, url: str, *, pool_size: int = 8) -> None:
        steps = migrations("blazz.conversations", "migrations")
        self._database = PostgresDatabase(
            url, schema="conversations", migrations=steps, pool_size=pool_size
        )
        self._queries = Queries("blazz.conversations", "postgres.sql")

    async def open(self) -> None:
        """Connect."""
        await self._database.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._database.close()

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in one transaction on one connection."""
        async with self._database.transaction() as connection:
            return await run_on_postgres(connection, self._queries, operation)
