"""The PostgreSQL pool: schemas of our own, migrations under a lock, clear errors."""

from __future__ import annotations

import asyncio
import sys

import asyncpg
import pytest

from blazz.databases.operations import Batch, Operation, Statement, run_on_postgres
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Migration
from blazz.errors import ConfigurationError, InvalidValue, MissingDependency

STEPS = [
    Migration(1, "CREATE TABLE t (x integer PRIMARY KEY);"),
    Migration(2, "CREATE TABLE u ();"),
]


async def test_processes_may_open_a_fresh_database_at_once(postgres_url: str) -> None:
    databases = [PostgresDatabase(postgres_url, schema="part", migrations=STEPS) for _ in range(4)]
    await asyncio.gather(*(database.open() for database in databases))
    async with databases[0].transaction() as connection:
        await connection.execute("INSERT INTO t VALUES (1)")
    async with databases[3].connection() as connection:
        assert await connection.fetchval("SELECT x FROM blazz_part.t") == 1
        assert await connection.fetchval("SELECT count(*) FROM schema_versions") == 2
    for database in databases:
        await database.close()
        await database.close()


async def test_a_failed_transaction_changes_nothing(postgres_url: str) -> None:
    async with PostgresDatabase(postgres_url, schema="part", migrations=STEPS) as database:
        with pytest.raises(asyncpg.UniqueViolationError):  # noqa: PT012  # the block is the point
            async with database.transaction() as connection:
                await connection.execute("INSERT INTO t VALUES (1)")
                await connection.execute("INSERT INTO t VALUES (1)")
        async with database.connection() as connection:
            assert await connection.fetchval("SELECT count(*) FROM t") == 0


async def test_a_newer_schema_is_left_alone(postgres_url: str) -> None:
    async with PostgresDatabase(postgres_url, schema="part", migrations=STEPS):
        pass
    with pytest.raises(ConfigurationError, match="version 2, this version of blazz knows up to 1"):
        await PostgresDatabase(postgres_url, schema="part", migrations=STEPS[:1]).open()


async def test_batches_are_one_statement_with_columns(postgres_url: str) -> None:
    queries = {
        "add": "INSERT INTO t SELECT * FROM unnest($1::integer[]) ON CONFLICT DO NOTHING",
        "all": "SELECT x FROM t WHERE x >= $1 ORDER BY x",
    }

    def operation() -> Operation[tuple[int, int, list[int]]]:
        none = yield Batch("add", [])
        added = yield Batch("add", [(1,), (2,), (3,), (2,)])
        rows = yield Statement("all", (2,))
        return none, added, [x for (x,) in rows]

    async with (
        PostgresDatabase(postgres_url, schema="part", migrations=STEPS) as database,
        database.transaction() as connection,
    ):
        assert await run_on_postgres(connection, queries, operation()) == (0, 3, [2, 3])


async def test_an_unopened_database_says_so() -> None:
    database = PostgresDatabase("postgresql://nowhere", schema="part", migrations=[])
    with pytest.raises(ConfigurationError, match="blazz_part is not open"):
        async with database.connection():
            pass


@pytest.mark.parametrize("schema", ["", "Part", "1part", 'part"; DROP', "p" * 52])
def test_names_of_schemas_are_checked(schema: str) -> None:
    with pytest.raises(InvalidValue, match="schema"):
        PostgresDatabase("postgresql://nowhere", schema=schema, migrations=[])


def test_the_pool_has_a_size() -> None:
    with pytest.raises(InvalidValue, match="pool_size"):
        PostgresDatabase("postgresql://nowhere", schema="part", migrations=[], pool_size=0)


async def test_a_server_that_is_not_there(postgres_url: str) -> None:
    with pytest.raises((OSError, asyncpg.PostgresError)):
        await PostgresDatabase(f"{postgres_url}_gone", schema="part", migrations=[]).open()


async def test_without_asyncpg_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "asyncpg", None)
    with pytest.raises(MissingDependency, match=r"blazz\[postgres\]"):
        await PostgresDatabase("postgresql://nowhere", schema="part", migrations=[]).open()


async def test_who_stands_still_in_a_transaction_does_not_hold_up_others(postgres_url: str) -> None:
    opened = PostgresDatabase(postgres_url, schema="part", migrations=STEPS)
    async with opened, opened.connection() as connection:
        limit = await connection.fetchval("SHOW idle_in_transaction_session_timeout")
    assert limit == "10s"
