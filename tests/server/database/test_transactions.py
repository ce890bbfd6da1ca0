"""Transactions: committed whole or not at all, in both databases; times in UTC."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import anyio
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import StatementError

from blazz_server.accounts.tables import Workspace
from blazz_server.database import Database
from blazz_server.database.upgrade import upgrade


@pytest.fixture(params=["sqlite", "postgres"])
async def database(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[Database]:
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'server.db'}"
    else:
        url = request.getfixturevalue("postgres_url")
    database = Database(url)
    await upgrade(database)
    yield database
    await database.close()


async def test_a_time_is_read_back_in_utc(database: Database) -> None:
    jakarta = datetime(2026, 11, 22, 10, 0, tzinfo=timezone(timedelta(hours=7)))
    async with database.begin() as transaction:
        transaction.add(Workspace(name="acme", title="Acme", created_at=jakarta))

    async with database.read() as transaction:
        workspace = await transaction.get(Workspace, "acme")
        later = select(Workspace.name).where(Workspace.created_at > jakarta)
        assert await transaction.scalar(later) is None

    assert workspace is not None
    assert workspace.created_at == jakarta
    assert workspace.created_at.tzinfo is UTC


async def test_a_time_without_a_zone_is_refused(database: Database) -> None:
    naive = datetime(2026, 11, 22, 10, 0)  # noqa: DTZ001
    with pytest.raises(StatementError, match="without a zone"):
        async with database.begin() as transaction:
            transaction.add(Workspace(name="acme", title="Acme", created_at=naive))


async def test_what_fails_leaves_nothing_behind(database: Database) -> None:
    async def fail() -> None:
        async with database.begin() as transaction:
            transaction.add(Workspace(name="acme", title="Acme"))
            await transaction.flush()
            raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        await fail()

    async with database.read() as transaction:
        assert await transaction.scalar(select(func.count()).select_from(Workspace)) == 0


async def test_many_may_read_and_write_at_once(database: Database) -> None:
    """In SQLite a transaction that reads first must not fail when another writes in between."""
    async with database.begin() as transaction:
        transaction.add(Workspace(name="acme", title="0"))

    async def count() -> None:
        async with database.begin() as transaction:
            row = await transaction.scalar(
                select(Workspace).where(Workspace.name == "acme").with_for_update()
            )
            assert row is not None
            await anyio.lowlevel.checkpoint()
            row.title = str(int(row.title) + 1)

    async def look() -> None:
        async with database.read() as transaction:
            assert await transaction.get(Workspace, "acme") is not None

    async with anyio.create_task_group() as group:
        for _ in range(20):
            group.start_soon(count)
            group.start_soon(look)

    async with database.read() as transaction:
        row = await transaction.get(Workspace, "acme")
        assert row is not None
        assert row.title == "20"


async def test_a_cancelled_transaction_leaves_a_database_that_works(database: Database) -> None:
    async def write(name: str) -> None:
        async with database.begin() as transaction:
            transaction.add(Workspace(name=name, title=name))

    for number in range(10):
        async with anyio.create_task_group() as group:
            group.start_soon(write, f"w{number}")
            for _ in range(number):  # a little later each time
                await anyio.lowlevel.checkpoint()
            group.cancel_scope.cancel()

    await write("last")
    async with database.read() as transaction:
        assert await transaction.get(Workspace, "last") is not None
    left = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
    assert left == []
