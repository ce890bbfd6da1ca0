"""PostgreSQL behind a pool of connections, each part of blazz in a schema of its own."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Self, cast

import anyio

from blazz.databases.queries import Migration
from blazz.errors import ConfigurationError, InvalidValue, MissingDependency

if TYPE_CHECKING:
    import asyncpg

_SCHEMA = re.compile(r"[a-z][a-z0-9_]{0,50}")
_CLOSE_SECONDS = 10.0
_ACQUIRE_SECONDS = 10.0
_COMMAND_SECONDS = 60.0
_FROZEN_SECONDS = 10


class PostgresDatabase:
    """A pool of connections to one database, whose `search_path` is a schema of our own.

    The tables of a part stay apart from the application's and from other parts' in the schema
    `blazz_<schema>`, which is made if it is missing. Several processes may open the same database
    at once: migrations run under a lock.

    Args:
        url: The database, such as `postgresql://user:password@host/name`.
        schema: The part's name, such as `inbox`.
        migrations: The schema's steps, see `blazz.databases.queries.migrations`.
        pool_size: The most connections to hold.
        settings: Settings of the server for our connections, such as `{"enable_seqscan": "off"}`.
        recognise: Called with each connection that is made once the database is open; what it
            raises is raised wherever a connection is borrowed.

    Raises:
        InvalidValue: The schema's name is not of the form `[a-z][a-z0-9_]{0,50}`.
    """

    def __init__(
        self,
        url: str,
        *,
        schema: str,
        migrations: Sequence[Migration],
        pool_size: int = 8,
        settings: Mapping[str, str] | None = None,
        recognise: Callable[[asyncpg.Connection], Awaitable[None]] | None = None,
    ) -> None:
        if not _SCHEMA.fullmatch(schema):
            raise InvalidValue("schema", "a letter, then at most 50 of a-z, 0-9 and _", schema)
        if pool_size < 1:
            raise InvalidValue("pool_size", "at least 1", pool_size)
        self.schema = f"blazz_{schema}"
        self._url = url
        self._migrations = migrations
        self._pool_size = pool_size
        self._recognise = recognise
        self._settings = {
            "search_path": self.schema,
            "application_name": "blazz",
            # A process that stands still in a transaction must not hold its locks against all
            # others: the server rolls back.
            "idle_in_transaction_session_timeout": f"{_FROZEN_SECONDS}s",
            **(settings or {}),
        }
        self._pool: asyncpg.Pool | None = None

    async def open(self) -> None:
        """Connect and bring the schema up to date; a second call does nothing.

        Raises:
            MissingDependency: asyncpg is not installed.
            ConfigurationError: A newer blazz has changed the schema.
            OSError: The server cannot be reached.
            asyncpg.PostgresError: The server refuses.
        """
        if self._pool is not None:
            return
        try:
            import asyncpg
        except ImportError as error:
            raise MissingDependency("asyncpg", extra="postgres") from error

        pool = await asyncpg.create_pool(
            self._url,
            min_size=1,
            max_size=self._pool_size,
            command_timeout=_COMMAND_SECONDS,
            init=self._greet,
            reset=_leave_as_it_is,
            server_settings=self._settings,
        )
        try:
            async with pool.acquire() as connection, connection.transaction():
                await self._migrate(connection)
        except BaseException:
            pool.terminate()
            raise
        self._pool = pool

    async def close(self) -> None:
        """Wait for what runs, but not for ever, and disconnect; a second call does nothing."""
        pool, self._pool = self._pool, None
        if pool is None:
            return
        try:
            async with asyncio.timeout(_CLOSE_SECONDS):
                await pool.close()
        except TimeoutError:
            # A server that went away may leave a connection that nobody gives back any more.
            pool.terminate()

    @contextlib.asynccontextmanager
    async def connection(self) -> AsyncIterator[asyncpg.Connection]:
        """Borrow a connection; each statement commits by itself.

        Raises:
            TimeoutError: No connection became free within 10 s.
        """
        if self._pool is None:
            raise ConfigurationError(f"the database of {self.schema} is not open")
        acquired = await self._pool.acquire(timeout=_ACQUIRE_SECONDS)
        connection = cast("asyncpg.Connection", acquired)
        try:
            yield connection
        finally:
            # A cancelled caller waits for it, too: else it would be given back behind its back.
            with anyio.CancelScope(shield=True):
                await self._pool.release(acquired)

    @contextlib.asynccontextmanager
    async def transaction(self) -> AsyncIterator[asyncpg.Connection]:
        """Borrow a connection for one transaction; it commits unless the block raises."""
        async with self.connection() as connection:
            transaction = connection.transaction()
            with anyio.CancelScope(shield=True):
                await transaction.start()
            try:
                yield connection
            except BaseException:
                with anyio.CancelScope(shield=True):
                    await transaction.rollback()
                raise
            # Once begun, a commit is waited for: its outcome would not be known otherwise.
            with anyio.CancelScope(shield=True):
                await transaction.commit()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def _greet(self, connection: asyncpg.Connection) -> None:
        if self._pool is not None and self._recognise is not None:
            await self._recognise(connection)

    async def _migrate(self, connection: asyncpg.Connection) -> None:
        """Apply what is missing, under a lock that the transaction gives back by itself."""
        await connection.execute(
            "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", self.schema
        )
        # The name is checked in the constructor; identifiers cannot be parameters.
        await connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{self.schema}"')
        await connection.execute(
            "CREATE TABLE IF NOT EXISTS schema_versions"
            " (number integer PRIMARY KEY, applied_at timestamptz NOT NULL DEFAULT now())"
        )
        newest_here = await connection.fetchval("SELECT max(number) FROM schema_versions")
        version: int = newest_here or 0
        newest = self._migrations[-1].number if self._migrations else 0
        if version > newest:
            raise ConfigurationError(
                f"{self.schema} has version {version}, this version of blazz knows up to {newest};"
                " use the newer blazz that changed it"
            )
        for step in self._migrations:
            if step.number > version:
                await connection.execute(step.sql)
                await connection.execute(
                    "INSERT INTO schema_versions (number) VALUES ($1)", step.number
                )


async def _leave_as_it_is(_connection: asyncpg.Connection) -> None:
    """Reset nothing when a connection is given back: all that blazz sets ends with a transaction.

    By default asyncpg sends four statements each time, and waits for them.
    """
