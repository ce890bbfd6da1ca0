"""The inbox in a PostgreSQL database: many processes on many machines."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, TypeVar

from blazz.databases.group_commit import GroupCommit
from blazz.databases.operations import Operation, run_on_postgres
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Queries, migrations
from blazz.errors import InboxUnavailable
from blazz.webhooks.inbox.sql import SqlInbox

if TYPE_CHECKING:
    import asyncpg

T = TypeVar("T")


class PostgresInbox(SqlInbox):
    """Keeps updates in a PostgreSQL database, in the schema `blazz_inbox`.

    Args:
        url: The database, such as `postgresql://user:password@host/name`.
        pool_size: The most connections to hold.
        clock: Tells the time in seconds since 1970; by default the server's, so that the clocks of
            several machines need not agree.
    """

    def __init__(
        self, url: str, *, pool_size: int = 8, clock: Callable[[], float] | None = None
    ) -> None:
        package = "blazz.webhooks.inbox"
        steps = migrations(package, "postgres_migrations")
        # Rows pass through within seconds: statistics are always out of date, and a plan that reads
        # the whole table because it was small a minute ago is never right.
        self._database = PostgresDatabase(
            url,
            schema="inbox",
            migrations=steps,
            pool_size=pool_size,
            settings={"enable_seqscan": "off", "jit": "off"},
        )
        self._queries = {**Queries(package, "queries.sql"), **Queries(package, "postgres.sql")}
        self._clock = clock
        self._puts: GroupCommit[tuple[float, str, bytes]] = GroupCommit(self._put)

    async def open(self) -> None:
        """Connect."""
        with _translated():
            await self._database.open()

    async def close(self) -> None:
        """Disconnect."""
        await self._database.close()

    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body as it came."""
        await self._puts.add(((self._clock or time.time)(), signer, body))

    async def _put(self, bodies: Sequence[tuple[float, str, bytes]]) -> None:
        with _translated():
            async with self._database.connection() as connection:
                columns = (list(column) for column in zip(*bodies, strict=True))
                await connection.execute(self._queries["put"], *columns)

    async def change(
        self,
        operation: Callable[[float], Operation[T]],
        *,
        alone: bool = True,
        durable: bool = True,  # noqa: ARG002  # the server's own setting decides
    ) -> T:
        """Run an operation in a transaction; `alone` takes a lock that all processes share."""
        with _translated():
            async with self._database.transaction() as connection:
                if alone:
                    await connection.fetchval(self._queries["alone"])
                # Read after the lock is ours: others may have held it for a while.
                now = await self._now(connection)
                return await run_on_postgres(connection, self._queries, operation(now))

    async def look(self, operation: Operation[T]) -> T:
        """Run an operation on a connection."""
        with _translated():
            async with self._database.connection() as connection:
                return await run_on_postgres(connection, self._queries, operation)

    async def _now(self, connection: asyncpg.Connection) -> float:
        if self._clock is not None:
            return self._clock()
        return float(await connection.fetchval(self._queries["now"]) or 0)


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    import asyncpg

    try:
        yield
    except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as error:
        raise InboxUnavailable(f"the inbox's database: {error or type(error).__name__}") from error
