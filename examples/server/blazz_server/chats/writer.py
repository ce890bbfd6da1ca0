"""Writes what many requests and events want to write, in one transaction after another.

While one transaction commits, whatever comes meanwhile waits for the next one and shares it: at a
hundred requests at a time, each pays for a hundredth of a commit.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Self, TypeAlias, cast

from sqlalchemy import Table as SqlTable
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncConnection

from blazz.databases.group_commit import GroupCommit
from blazz_server.database import Database, Table

Insert: TypeAlias = postgresql.Insert | sqlite.Insert


class Change:
    """Something to write; those of one kind that wait together are written together.

    A change may be written twice, when a transaction was lost on its way: it must not matter.
    """

    error: Exception | None = None
    order: ClassVar[int] = 0

    @classmethod
    async def write(cls, connection: AsyncConnection, changes: Sequence[Self]) -> None:
        """Write them all, in as few statements as can be."""
        raise NotImplementedError


class Writer:
    """Commits changes.

    Args:
        database: Where to.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._groups = GroupCommit(self._commit)
        self._connection: AsyncConnection | None = None

    async def write(self, change: Change) -> None:
        """Commit a change; returns when it is on disk.

        Raises:
            SQLAlchemyError: It was not, or that cannot be known.
        """
        await self._groups.add(change)
        if change.error is not None:
            raise change.error

    async def close(self) -> None:
        """Give the connection back."""
        await self._let_go()

    async def _commit(self, changes: Sequence[Change]) -> None:
        try:
            await self._try(changes)
        except Exception:  # noqa: BLE001  # each learns what became of it
            # One that the database does not take must not take the others with it; and if the
            # connection was lost since the last time, a new one is made.
            for change in changes:
                try:
                    await self._try([change])
                except Exception as error:  # noqa: BLE001
                    change.error = error

    async def _try(self, changes: Sequence[Change]) -> None:
        kinds: dict[type[Change], list[Change]] = {}
        for change in changes:
            kinds.setdefault(type(change), []).append(change)
        connection = await self._connect()
        try:
            async with connection.begin():
                # Always in the same order, so that two instances never wait for each other's rows.
                for kind in sorted(kinds, key=lambda it: it.order):
                    await kind.write(connection, kinds[kind])
        except BaseException:
            await self._let_go()
            raise

    async def _connect(self) -> AsyncConnection:
        """One connection, kept: taking it from the pool each time costs a round trip."""
        if self._connection is None or self._connection.closed:
            self._connection = await self._database.engine.connect()
        return self._connection

    async def _let_go(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            try:
                await connection.close()
            except Exception:  # noqa: BLE001  # it is broken already
                await connection.invalidate()


def insert(dialect: str, table: type[Table]) -> Insert:
    """An insertion that knows `ON CONFLICT`, in the database's own dialect.

    Keep what you make of it: a statement that is made anew costs more than it takes to run it.
    """
    make = postgresql.insert if dialect == "postgresql" else sqlite.insert
    return make(cast("SqlTable", table.__table__))
