"""Work on its way to the thread that owns a connection, and back to those who wait for it."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
from collections.abc import Callable, Sequence
from typing import Generic, TypeVar

T = TypeVar("T")
Work = Callable[[sqlite3.Connection], T]


class Job(Generic[T]):
    """A piece of work on its way to a thread, and the future that waits for it."""

    __slots__ = ("_future", "_outcome", "_work", "durable", "loop")

    def __init__(self, work: Work[T], *, durable: bool = True) -> None:
        self._work = work
        self.durable = durable
        self._outcome: tuple[T] | Exception | None = None
        self.loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self.loop.create_future()

    def run(self, connection: sqlite3.Connection) -> None:
        """Do the work and keep its outcome, to be told once it is committed."""
        try:
            self._outcome = (self._work(connection),)
        except Exception as error:  # noqa: BLE001  # raised again where the work was given
            self._outcome = error

    def run_in_savepoint(self, connection: sqlite3.Connection) -> None:
        """As `run`, and undo the work if it fails."""
        connection.execute("SAVEPOINT job")
        self.run(connection)
        if isinstance(self._outcome, Exception):
            if not connection.in_transaction:
                # A full disk, for one, undoes the whole transaction, and the savepoint with it.
                raise sqlite3.OperationalError(str(self._outcome)) from self._outcome
            connection.execute("ROLLBACK TO job")
        connection.execute("RELEASE job")

    def fail(self, error: Exception) -> None:
        """Replace the outcome: what the work did was not committed."""
        self._outcome = error

    def tell(self) -> None:
        """Wake the waiter; called on its loop."""
        if self._future.done():  # cancelled while it waited
            return
        if isinstance(self._outcome, tuple):
            self._future.set_result(self._outcome[0])
        elif self._outcome is not None:
            self._future.set_exception(self._outcome)

    async def result(self) -> T:
        """Wait for the outcome."""
        return await self._future


def tell_all(jobs: Sequence[Job[object]]) -> None:
    """Wake all waiters with one call per loop: each such call costs a write to a pipe."""
    by_loop: dict[asyncio.AbstractEventLoop, list[Job[object]]] = {}
    for job in jobs:
        by_loop.setdefault(job.loop, []).append(job)
    for loop, waiting in by_loop.items():
        # The loop is closed when a program is torn down without closing its database.
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(_tell_on_loop, waiting)


def _tell_on_loop(jobs: Sequence[Job[object]]) -> None:
    for job in jobs:
        job.tell()
