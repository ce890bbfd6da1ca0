"""The ledger in a PostgreSQL database: workers and dispatchers on many machines."""

from __future__ import annotations

import contextlib
import os
import secrets
import socket
from collections.abc import Awaitable, Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

import anyio

from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger import campaign_work, chunk_work, import_work
from blazz.campaigns.ledger.records import CampaignRow, Lease, WindowRow
from blazz.campaigns.ledger.sql import SqlLedger
from blazz.databases.operations import Operation, run_on_postgres
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Queries, migrations
from blazz.databases.server_clock import ServerClock
from blazz.errors import (
    ConfigurationError,
    LedgerError,
    LedgerLost,
    LedgerUnavailable,
    MissingDependency,
)

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")

_PACKAGE = "blazz.campaigns.ledger"
_ATTEMPTS = 5
_LONGEST_STATEMENT = 3600.0
_LOST = (
    "the ledger's database has lost its data, or another one is in its place; nothing is sent from"
    " it. Bring the data back, or see in WhatsApp who has heard from you; then start anew"
)

_SETTINGS = {
    # A plan that does not know the campaign visits the partitions of all of them.
    "plan_cache_mode": "force_custom_plan",
    # Statistics are of when nothing was sent yet: by them, a page of recipients is best found by
    # reading all of a campaign. Every statement has an index that fits.
    "enable_seqscan": "off",
    "enable_bitmapscan": "off",
    "jit": "off",
}


class PostgresLedger(SqlLedger):
    """A `Ledger` in a PostgreSQL database (12 or newer), in the schema `blazz_campaigns`.

    Leases begin and end by the server's clock, so those of the workers' machines need not agree.
    Connections that break are made again; while that cannot be done, every call raises
    `LedgerUnavailable`.

    Args:
        url: The database, such as `postgresql://user:password@host/name`.
        pool_size: The most connections to hold.
        callers_clock: Believe the times that callers give, instead of the server's clock. For
            tests, whose clocks run as they please.

    Example:
        ::

            async with PostgresLedger("postgresql://blazz@db.internal/campaigns") as ledger:
                print(await ledger.campaigns("default"))
    """

    def __init__(self, url: str, *, pool_size: int = 8, callers_clock: bool = False) -> None:
        self._database = PostgresDatabase(
            url,
            schema="campaigns",
            migrations=migrations(_PACKAGE, "postgres_migrations"),
            pool_size=pool_size,
            settings=_SETTINGS,
            recognise=self._recognise,
        )
        self._queries = {**Queries(_PACKAGE, "queries.sql"), **Queries(_PACKAGE, "postgres.sql")}
        self._callers_clock = callers_clock
        self._clock = ServerClock(self._queries["now"])
        self._identity: bytes | None = None

    async def open(self) -> None:
        """Connect and bring the schema up to date; may be called again after an error.

        Raises:
            LedgerUnavailable: The server cannot be reached.
            LedgerLost: It has lost what it had when this ledger was opened first.
            LedgerError: The server refuses, or a newer blazz has changed the schema.
            MissingDependency: asyncpg is not installed.
        """
        with self._translated():
            await self._database.open()
        identity = await self.key()
        if self._identity not in {None, identity}:
            raise LedgerLost(_LOST)
        self._identity = identity

    async def _recognise(self, connection: asyncpg.Connection) -> None:
        """See that a server which was away has come back with what it had.

        A ledger that came back empty would give the numbers of campaigns again, and take answers to
        messages of one for those of another.
        """
        if await connection.fetchval(self._queries["key"]) != self._identity:
            raise LedgerLost(_LOST)

    async def close(self) -> None:
        """Wait for what runs and disconnect."""
        await self._database.close()

    async def at(
        self, now: float, operation: Callable[[float], Operation[T]], *, durable: bool = True
    ) -> T:
        """Run an operation in one transaction, at the server's time; all of them are durable."""
        # A crash of the server alone ends neither imports nor leases: none may be undone by it.
        del durable

        async def work(connection: asyncpg.Connection) -> T:
            there = await self._now(connection, now)
            return await run_on_postgres(connection, self._queries, operation(there))

        return await self._transact(work)

    async def run(self, operation: Operation[T]) -> T:
        """Run an operation in one transaction."""

        async def work(connection: asyncpg.Connection) -> T:
            return await run_on_postgres(connection, self._queries, operation)

        return await self._transact(work, repeatable=False)

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation of one statement, or one that only reads."""
        with self._translated():
            async with self._database.connection() as connection:
                return await run_on_postgres(connection, self._queries, operation)

    async def look_at(self, now: float, operation: Callable[[float], Operation[T]]) -> T:
        """As `look`, at the server's time."""
        with self._translated():
            async with self._database.connection() as connection:
                there = await self._now(connection, now)
                return await run_on_postgres(connection, self._queries, operation(there))

    # Owners

    async def join(self) -> str:
        """Become an owner; see `Ledger`."""
        return f"{socket.gethostname()}-{os.getpid()}-{secrets.token_hex(6)}"

    async def leave(self, owner: str) -> None:
        """Stop being that owner; see `Ledger`."""
        # If the server is away, all that the owner holds runs out by its time.
        with contextlib.suppress(LedgerError):
            await self.at(0.0, lambda _: chunk_work.expire(owner))

    # Work that is nearly always one statement, which is a transaction by itself

    async def lease_chunk(
        self, chunk: ChunkId, *, owner: str, ttl: float, now: float
    ) -> Lease | None:
        """Take a chunk; see `Ledger`."""

        def clean(now: float) -> Operation[Lease | None]:
            return chunk_work.lease_chunk(chunk, owner=owner, ttl=ttl, now=now, clean=True)

        # Rarely is there one whose last holder has left something to put in order.
        return await self._change_at(now, clean) or await super().lease_chunk(
            chunk, owner=owner, ttl=ttl, now=now
        )

    async def begin_window(
        self, lease: Lease, n: int, *, after: int, ttl: float, now: float
    ) -> Sequence[WindowRow]:
        """Mark rows as `sending`; see `Ledger`."""

        def window(now: float) -> Operation[list[WindowRow]]:
            return chunk_work.begin_window_at_once(lease, n, after=after, ttl=ttl, now=now)

        return await self._change_at(now, window)

    async def release(self, lease: Lease, *, now: float) -> None:
        """Give a chunk back; see `Ledger`."""
        # Nearly always there is nothing left to send, and one statement says all.
        if not await self.look(chunk_work.release_done(lease)):
            await super().release(lease, now=now)

    # What differs from other databases: each campaign's recipients are a partition

    async def begin_import(self, number: int, *, owner: str, now: float, ttl: float) -> None:
        """Start an import from nothing; see `Ledger`."""

        async def work(connection: asyncpg.Connection) -> None:
            there = await self._now(connection, now)
            claim = import_work.claim(number, owner, there, ttl)
            await run_on_postgres(connection, self._queries, claim)
            for query in ("drop_partition", "make_partition"):
                await self._define(connection, query, number)

        await self._transact(work)

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

        async def work(connection: asyncpg.Connection) -> CampaignRow:
            until = await self._now(connection, now) + ttl
            count = self._queries["count_duplicates"]
            # From here on the campaign's row is held: nobody can begin the import again.
            chunk_size = await connection.fetchval(count, number, owner, 0, until)
            if chunk_size is not None:
                repeated = await self._complete(connection, number, chunk_size)
                await connection.fetchval(count, number, owner, repeated, until)
            finish = import_work.finish(number, owner, audience, columns)
            return await run_on_postgres(connection, self._queries, finish)

        return await self._transact(work)

    async def _complete(self, connection: asyncpg.Connection, number: int, chunk_size: int) -> int:
        """Make a partition of what was imported; give how many addresses were repeated."""
        for setting in ("roomy_sort", "roomy_index"):
            await connection.execute(self._queries[setting])
        sql = self._queries["remove_repeated"].format(number=number)
        repeated = await connection.fetchval(sql, number, chunk_size, timeout=_LONGEST_STATEMENT)
        # Without statistics, plans read all of a campaign to find a few rows.
        for query in (
            "index_partition",
            "analyze_partition",
            "join_partition",
            "analyze_chunks",
        ):
            await self._define(connection, query, number)
        return int(repeated or 0)

    async def delete(self, number: int) -> None:
        """Forget a campaign; see `Ledger`."""

        async def work(connection: asyncpg.Connection) -> None:
            there = campaign_work.check_deletable(number)
            if await run_on_postgres(connection, self._queries, there):
                # It must be alone for a moment; who waits for that makes all others wait, too.
                await connection.execute(self._queries["impatient"])
                await self._define(connection, "drop_partition", number)
                await run_on_postgres(connection, self._queries, campaign_work.delete(number))

        await self._transact(work)

    async def _define(self, connection: asyncpg.Connection, query: str, number: int) -> None:
        # Names of tables cannot be parameters; this one is made of a number of the ledger's.
        sql = self._queries[query].format(number=int(number))
        await connection.execute(sql, timeout=_LONGEST_STATEMENT)

    # Transactions

    async def _now(self, connection: asyncpg.Connection, callers: float) -> float:
        if self._callers_clock:
            return callers
        return await self._clock.now(connection)

    async def _change_at(self, now: float, operation: Callable[[float], Operation[T]]) -> T:
        """Run an operation of one statement, which commits by itself, at the server's time."""

        async def work(connection: asyncpg.Connection) -> T:
            there = await self._now(connection, now)
            # Waited for as a commit is: else a cancelled caller would not know what it has taken.
            with anyio.CancelScope(shield=True):
                done = await run_on_postgres(connection, self._queries, operation(there))
            return done  # noqa: RET504  # a scope may swallow what is raised in it, mypy knows

        return await self._transact(work, single=True)

    async def _transact(
        self,
        work: Callable[[asyncpg.Connection], Awaitable[T]],
        *,
        repeatable: bool = True,
        single: bool = False,
    ) -> T:
        """Do work in one transaction; again if it met another, or an old connection.

        A `single` statement is one by itself.
        """
        import asyncpg

        borrow = self._database.connection if single else self._database.transaction
        with self._translated():
            for left in reversed(range(_ATTEMPTS)):
                begun = False
                try:
                    async with borrow() as connection:
                        begun = True
                        return await work(connection)
                except (
                    asyncpg.exceptions.TransactionRollbackError,
                    asyncpg.exceptions.LockNotAvailableError,
                ):
                    # It waited for a transaction that waited for it, or for too long.
                    if not left or not repeatable:
                        raise
                except (
                    asyncpg.PostgresError,
                    asyncpg.InterfaceError,
                    asyncpg.InternalClientError,
                    OSError,
                ) as error:
                    # The server was started anew since the connection was last used.
                    if begun or not left or not _is_away(error):
                        raise
        raise AssertionError("the last attempt returns or raises")

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        from asyncpg import InterfaceError, InternalClientError, PostgresError

        try:
            yield
        except (PostgresError, InterfaceError, InternalClientError, OSError) as error:
            if self._identity is not None and _is_gone(error):
                raise LedgerLost(_LOST) from error
            kind = LedgerUnavailable if _is_away(error) else LedgerError
            raise kind(f"the ledger's database: {error or type(error).__name__}") from error
        except MissingDependency:
            raise
        except ConfigurationError as error:  # not open, or changed by a newer blazz
            raise LedgerError(str(error)) from error


def _is_gone(error: Exception) -> bool:
    """Whether the database, or a table of the ledger, is not there."""
    from asyncpg import exceptions

    return isinstance(error, (exceptions.InvalidCatalogNameError, exceptions.UndefinedTableError))


def _is_away(error: Exception) -> bool:
    """Whether the server cannot be reached or does not serve at the moment."""
    from asyncpg import exceptions

    away = (
        OSError,
        exceptions.InterfaceError,  # the connection is closed
        exceptions.InternalClientError,  # it broke in the middle of something
        exceptions.PostgresConnectionError,
        exceptions.OperatorInterventionError,  # it starts, stops or has crashed
        exceptions.TooManyConnectionsError,
        exceptions.ReadOnlySQLTransactionError,  # it has become a standby: another one takes over
    )
    # An InterfaceError that is a ValueError is about a parameter.
    return isinstance(error, away) and not isinstance(error, ValueError)
