"""The ledger in one SQLite file, for the campaigns of one machine."""

from __future__ import annotations

import contextlib
import sqlite3
from array import array
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TypeVar

from blazz.campaigns.ledger import campaign_work, chunk_work, import_work
from blazz.campaigns.ledger.records import CampaignRow, Offer
from blazz.campaigns.ledger.sql import SqlLedger
from blazz.databases.operations import Operation, Statement, for_sqlite, run_on_sqlite
from blazz.databases.presence import Presence
from blazz.databases.queries import Queries, migrations
from blazz.databases.sqlite import SqliteDatabase, Work
from blazz.errors import LedgerError

T = TypeVar("T")

_PACKAGE = "blazz.campaigns.ledger"
_OLDEST_SQLITE = (3, 35, 0)
_DUPLICATES_AT_ONCE = 10_000
_LOOK_FOR_DEAD_EVERY = 1.0


class SqliteLedger(SqlLedger):
    """A `Ledger` in a SQLite file; every call is committed and fsynced before it returns.

    Several processes of one machine may open the same file. Leases of processes that have ended
    are taken over at once.

    Args:
        path: The file; its folder is made if it is missing. Not on a network drive.

    Example:
        >>> import anyio, tempfile
        >>> async def main() -> int:
        ...     async with SqliteLedger(f"{tempfile.mkdtemp()}/ledger.db") as ledger:
        ...         return len(await ledger.campaigns("default"))
        >>> anyio.run(main)
        0
    """

    def __init__(self, path: str | Path) -> None:
        self.path = Path(path)
        steps = migrations(_PACKAGE, "sqlite_migrations")
        self._database = SqliteDatabase(self.path, migrations=steps)
        self._queries = for_sqlite(
            {**Queries(_PACKAGE, "queries.sql"), **Queries(_PACKAGE, "sqlite.sql")}
        )
        self._presence = Presence(self.path.with_name(f"{self.path.name}.owners"))
        self._looked_at = 0.0

    async def open(self) -> None:
        """Open the file and bring its schema up to date.

        Raises:
            LedgerError: It cannot be opened, or is not a ledger.
        """
        if sqlite3.sqlite_version_info < _OLDEST_SQLITE:
            raise LedgerError(f"SQLite 3.35 or newer is needed, this is {sqlite3.sqlite_version}")
        try:
            await self._database.open()
        except (sqlite3.Error, OSError) as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def close(self) -> None:
        """Finish what was submitted and close the file."""
        # In this thread, and so is `leave`: while the interpreter shuts down there are no others.
        self._presence.leave_all()
        await self._database.close()

    async def at(
        self, now: float, operation: Callable[[float], Operation[T]], *, durable: bool = True
    ) -> T:
        """Run an operation; on one machine the caller's clock is everybody's."""
        work = operation(now)
        return await self._write(lambda c: run_on_sqlite(c, self._queries, work), durable=durable)

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in the writer thread, where one transaction at a time is open."""
        return await self._write(lambda c: run_on_sqlite(c, self._queries, operation))

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation in the reader thread, which never waits for the writer."""
        return await self._read(lambda c: run_on_sqlite(c, self._queries, operation))

    async def look_at(self, now: float, operation: Callable[[float], Operation[T]]) -> T:
        """As `look`; on one machine the caller's clock is everybody's."""
        return await self.look(operation(now))

    # Owners

    async def join(self) -> str:
        """Become an owner; see `Ledger`."""
        try:
            return await self._presence.join()
        except OSError as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def leave(self, owner: str) -> None:
        """Stop being that owner; see `Ledger`."""
        self._presence.leave(owner)
        # If the disk is full, others will find out by the lock, which is gone.
        with contextlib.suppress(LedgerError):
            await self.run(chunk_work.expire(owner))

    # What differs from other databases

    async def begin_import(self, number: int, *, owner: str, now: float, ttl: float) -> None:
        """Start an import from nothing; see `Ledger`."""

        def operation() -> Operation[None]:
            yield from self._expire_dead(now)
            yield from import_work.claim(number, owner, now, ttl)
            yield Statement("clear_recipients", (number,))

        self._looked_at = 0.0
        await self.run(operation())

    async def finish_import(
        self,
        number: int,
        *,
        owner: str,
        audience: str,
        columns: Sequence[str],
        now: float,
        ttl: float,
    ) -> CampaignRow:
        """Remove repeated addresses and make the campaign ready; see `Ledger`."""
        # The rows are sorted in the reader's thread, so that other campaigns go on; an index that
        # is kept during the import costs four times as much, because addresses come in no order.
        pairs = await self._read(
            lambda c: import_work.repeated(
                c.execute(self._queries["repeated_addresses"], (number,))
            )
        )
        for start in range(0, len(pairs), 2 * _DUPLICATES_AT_ONCE):
            some: array[int] = pairs[start : start + 2 * _DUPLICATES_AT_ONCE]
            await self.run(import_work.remove_repeated(number, some, owner, now + ttl))
        return await self.run(import_work.finish(number, owner, audience, columns))

    async def offer(
        self, *, owner: str, depth: int, hold: float, now: float, campaign: int | None = None
    ) -> Sequence[Offer]:
        """Choose chunks to put into an engine; see `Ledger`."""

        def operation() -> Operation[list[Offer]]:
            yield from self._expire_dead(now)
            return (
                yield from chunk_work.offer(
                    owner=owner, depth=depth, hold=hold, now=now, campaign=campaign
                )
            )

        return await self.run(operation())

    async def delete(self, number: int) -> None:
        """Forget a campaign; see `Ledger`."""

        def operation() -> Operation[None]:
            if (yield from campaign_work.check_deletable(number)):
                yield Statement("clear_recipients", (number,))
                yield from campaign_work.delete(number)

        await self.run(operation())

    def _expire_dead(self, now: float) -> Operation[None]:
        """Let leases, offers and imports of owners that have ended run out now."""
        if 0 <= now - self._looked_at < _LOOK_FOR_DEAD_EVERY:
            return
        self._looked_at = now
        for owner in (yield from chunk_work.owners(now)):
            if self._presence.is_gone(owner):
                yield from chunk_work.expire(owner)

    async def _write(self, work: Work[T], *, durable: bool = True) -> T:
        try:
            return await self._database.write(work, durable=durable)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error

    async def _read(self, work: Work[T]) -> T:
        try:
            return await self._database.read(work)
        except sqlite3.Error as error:
            raise LedgerError(f"{self.path}: {error}") from error
