"""The steps of the tables lead to the tables that the code declares, on both databases."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import anyio
import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, inspect, text

import blazz_server.platform  # noqa: F401  # declares all tables
from blazz_server.database import Database, Table
from blazz_server.database.upgrade import configuration, upgrade

REVISE = 'write the missing step: python -m blazz_server.database.revise "what is new"'


@pytest.fixture(params=["sqlite", "postgres"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path / 'server.db'}"
    return request.getfixturevalue("postgres_url")


@pytest.fixture
async def database(url: str) -> AsyncIterator[Database]:
    database = Database(url)
    yield database
    await database.close()


def _differences(connection: Connection) -> list[object]:
    context = MigrationContext.configure(connection, opts={"compare_type": True})
    return compare_metadata(context, Table.metadata)


def _tables(connection: Connection) -> set[str]:
    return set(inspect(connection).get_table_names())


async def test_the_steps_lead_to_the_tables_of_the_code(database: Database) -> None:
    await upgrade(database)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == [], REVISE


async def test_taking_the_steps_again_changes_nothing(database: Database) -> None:
    await upgrade(database)
    async with database.engine.begin() as connection:
        await connection.execute(
            text("INSERT INTO workspaces VALUES ('acme', 'Acme', '2026-01-01 00:00:00')")
        )

    await upgrade(database)

    async with database.engine.connect() as connection:
        assert await connection.scalar(text("SELECT count(*) FROM workspaces")) == 1


async def test_instances_that_start_together_take_them_once(url: str) -> None:
    databases = [Database(url) for _ in range(4)]

    async with anyio.create_task_group() as group:
        for each in databases:
            group.start_soon(upgrade, each)

    for each in databases:
        async with each.engine.connect() as connection:
            assert await connection.scalar(text("SELECT count(*) FROM alembic_version")) == 1
        await each.close()


async def test_every_step_can_be_undone_and_taken_again(database: Database) -> None:
    await upgrade(database)

    def undo(connection: Connection) -> None:
        command.downgrade(configuration(connection), "base")

    async with database.engine.begin() as connection:
        await connection.run_sync(undo)
        assert await connection.run_sync(_tables) == {"alembic_version"}
    await upgrade(database)
    async with database.engine.connect() as connection:
        assert await connection.run_sync(_differences) == []


async def test_the_tables_of_a_later_version_stay_as_they_are(
    database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    await upgrade(database)
    async with database.engine.begin() as connection:
        await connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))

    await upgrade(database)

    assert "of a later version, at step 9999" in caplog.text
    async with database.engine.connect() as connection:
        assert await connection.scalar(text("SELECT version_num FROM alembic_version")) == "9999"


async def test_a_step_that_fails_leaves_nothing_behind(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(connection: Connection) -> None:
        command.upgrade(configuration(connection), "0001")
        raise RuntimeError("out of disk")

    monkeypatch.setattr("blazz_server.database.upgrade._upgrade", fail)
    with pytest.raises(RuntimeError, match="out of disk"):
        await upgrade(database)

    async with database.engine.connect() as connection:
        assert await connection.run_sync(_tables) == set()
