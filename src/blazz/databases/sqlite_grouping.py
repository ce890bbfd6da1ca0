"""Many small writes as one: whatever waits at the same moment shares one statement."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Generic, TypeVar

from blazz.databases.sqlite_jobs import Job

if TYPE_CHECKING:
    from blazz.databases.sqlite import SqliteDatabase

Row = TypeVar("Row")


class Group(Job[None], Generic[Row]):
    """The items that wait for one transaction, and the future of each."""

    __slots__ = ("_items", "_open", "_write")

    def __init__(self, write: Callable[[sqlite3.Connection, Sequence[Row]], object]) -> None:
        super().__init__(self._write_all)
        self._write = write
        self._items: list[tuple[Row, asyncio.Future[None]]] = []
        self._open = threading.Lock()

    def add(self, item: Row) -> asyncio.Future[None] | None:
        """Add an item; None if the writer has taken the group already."""
        if not self._open.acquire(blocking=False):
            return None
        future: asyncio.Future[None] = self.loop.create_future()
        self._items.append((item, future))
        self._open.release()
        return future

    def _write_all(self, connection: sqlite3.Connection) -> None:
        # Never released again: the group is closed. Whoever holds it adds one item, no more.
        self._open.acquire()
        self._write(connection, [item for item, _ in self._items])

    def fail(self, error: Exception) -> None:
        """As in every job; and take no more items, for they would wait for ever."""
        self._open.acquire(blocking=False)
        super().fail(error)

    def tell(self) -> None:
        """Wake all who wait; called on their loop."""
        for _, future in self._items:
            if future.done():  # cancelled while it waited
                continue
            if isinstance(self._outcome, Exception):
                future.set_exception(self._outcome)
            else:
                future.set_result(None)


class GroupedWrite(Generic[Row]):
    """A write that is done for many items at once: whatever waits shares one statement.

    Where many tasks write one row each, this costs a fraction of a `SqliteDatabase.write` for each.

    Args:
        database: The database.
        write: Writes items; an exception undoes all of them and is raised by each `add`.
    """

    def __init__(
        self,
        database: SqliteDatabase,
        write: Callable[[sqlite3.Connection, Sequence[Row]], object],
    ) -> None:
        self._database = database
        self._write = write
        self._group: Group[Row] | None = None

    async def add(self, item: Row) -> None:
        """Write an item; returns once it is committed and fsynced."""
        group = self._group
        future = None
        if group is not None and group.loop is asyncio.get_running_loop():
            future = group.add(item)
        if future is None:
            group = Group(self._write)
            future = group.add(item)
            self._database.submit(group)
            self._group = group
        assert future is not None
        await future
