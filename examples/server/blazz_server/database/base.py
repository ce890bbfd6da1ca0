"""Opens the database: one SQLite file, or PostgreSQL for many instances."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, ClassVar, Final

import anyio
from sqlalchemy import JSON, Connection, MetaData, event
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker, create_async_engine
from sqlalchemy.orm import DeclarativeBase

from blazz_server.database.times import UtcTime

_DRIVERS: Final = {
    "sqlite": "sqlite+aiosqlite",
    "postgres": "postgresql+asyncpg",
    "postgresql": "postgresql+asyncpg",
}
_SQLITE_WAITS: Final = 10.0
_READING: Final = "blazz_reading"
_POSTGRES: Final = {"idle_in_transaction_session_timeout": "10s"}
"""An instance that stands still in a transaction must not hold its locks against the others."""


class Table(DeclarativeBase):
    """The base of all tables; each capability declares its own in its `tables.py`.

    A `Mapped[datetime]` is a time in UTC, whatever the database.
    """

    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(column_0_label)s",
            "uq": "uq_%(table_name)s_%(column_0_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map: ClassVar[dict[Any, Any]] = {
        datetime: UtcTime,
        list[str]: JSON,
        dict[str, Any]: JSON,
    }


class Database:
    """Gives transactions.

    Args:
        url: `sqlite:///…` or `postgresql://…`.
        pool_size: Connections that are kept open.
    """

    def __init__(self, url: str, *, pool_size: int = 10) -> None:
        # A file needs no asking whether it is still there; and each connection to it is a thread,
        # so those that are open are waited for.
        is_file = url.startswith("sqlite")
        self.engine = create_async_engine(
            with_driver(url),
            pool_size=pool_size,
            max_overflow=0 if is_file else pool_size,
            pool_pre_ping=not is_file,
            connect_args={} if is_file else {"server_settings": _POSTGRES},
        )
        if self.engine.dialect.name == "sqlite":
            event.listen(self.engine.sync_engine, "connect", _set_up_sqlite)
            event.listen(self.engine.sync_engine, "begin", _begin_sqlite)
        self._sessions = async_sessionmaker(self.engine, expire_on_commit=False)

    @property
    def is_postgres(self) -> bool:
        """Whether it is PostgreSQL, which can lock rows."""
        return self.engine.dialect.name == "postgresql"

    @asynccontextmanager
    async def begin(self) -> AsyncIterator[AsyncSession]:
        """A transaction: committed at the end, rolled back on an exception.

        In SQLite it is the only one that writes; what it reads stays true until its end.
        """
        with self._uncancelled():
            async with self._sessions.begin() as session:
                yield session

    @asynccontextmanager
    async def read(self) -> AsyncIterator[AsyncSession]:
        """A transaction that only reads; in SQLite it does not wait for who writes."""
        with self._uncancelled():
            async with self._sessions() as session:
                await session.connection(execution_options={_READING: True})
                yield session

    def _uncancelled(self) -> anyio.CancelScope:
        """Let a transaction in SQLite end, which takes milliseconds, before its task is cancelled.

        SQLAlchemy closes a connection whose call is cancelled in two ways at once; what closes it
        second waits for a thread that has ended, and never ends itself.
        """
        return anyio.CancelScope(shield=not self.is_postgres)

    async def close(self) -> None:
        """Close the connections."""
        await self.engine.dispose()


def with_driver(url: str) -> str:
    """Name the asynchronous driver in a URL.

    Example:
        >>> with_driver("postgresql://localhost/blazz")
        'postgresql+asyncpg://localhost/blazz'
    """
    scheme, separator, rest = url.partition("://")
    return f"{_DRIVERS.get(scheme, scheme)}{separator}{rest}"


def _set_up_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401  # SQLAlchemy's own
    # The driver must not begin transactions by itself: see `_begin_sqlite`.
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        f"busy_timeout={int(_SQLITE_WAITS * 1000)}",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "foreign_keys=ON",
    ):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: Connection) -> None:
    # A transaction that begins by reading and writes later fails when another wrote in between,
    # without waiting; so one that may write takes the lock first.
    reading = connection.get_execution_options().get(_READING, False)
    connection.exec_driver_sql("BEGIN" if reading else "BEGIN IMMEDIATE")
