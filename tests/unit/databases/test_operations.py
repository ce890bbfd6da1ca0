"""One operation does the same on both databases."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from blazz.databases.operations import (
    Batch,
    Insert,
    Operation,
    Statement,
    for_sqlite,
    run_on_postgres,
    run_on_sqlite,
)
from blazz.databases.postgres import PostgresDatabase
from blazz.databases.queries import Migration
from blazz.databases.sqlite import SqliteDatabase

TABLE = Migration(1, "CREATE TABLE item (part INTEGER, id INTEGER PRIMARY KEY, name TEXT);")
COMMON = {
    "find": "SELECT id, name FROM item WHERE id = ANY($1) AND part = $2 ORDER BY id FOR UPDATE",
    "skip": "SELECT count(*) FROM (SELECT id FROM item FOR UPDATE OF item SKIP LOCKED) AS free",
    "least": "SELECT LEAST(3, $1 + 0), GREATEST(3, $1 + 0)",
}
SQLITE = {**COMMON, "rename": "UPDATE item SET name = $2 WHERE part = $1 AND id = $3"}
POSTGRES = {
    **COMMON,
    "rename": "UPDATE item SET name = fresh.name FROM unnest($2::text[], $3::integer[])"
    " AS fresh (name, id) WHERE part = $1 AND item.id = fresh.id",
}


def operation() -> Operation[list[Any]]:
    told: list[Any] = []
    columns = ("part", "id", "name")
    told.append((yield Insert("item", columns, [(7, n, f"n{n}") for n in range(1, 6)])))
    told.append((yield Insert("item", columns, [])))
    told.append((yield Batch("rename", [("a", 1), ("b", 2), ("c", 99)], (7,))))
    told.append((yield Batch("rename", [], (7,))))
    found = yield Statement("find", ([3, 1, 77], 7))
    told.append([tuple(row) for row in found])
    told.extend(tuple(row) for row in (yield Statement("skip")))
    told.extend(tuple(row) for row in (yield Statement("least", (2,))))
    return told


EXPECTED = [5, 0, 2, 0, [(1, "a"), (3, "n3")], (5,), (2, 3)]


async def test_an_operation_on_sqlite(tmp_path: Path) -> None:
    queries = for_sqlite(SQLITE)
    async with SqliteDatabase(tmp_path / "a.db", migrations=[TABLE]) as database:
        told = await database.write(lambda c: run_on_sqlite(c, queries, operation()))
    assert told == EXPECTED


async def test_an_operation_on_postgres(postgres_url: str) -> None:
    database = PostgresDatabase(postgres_url, schema="items", migrations=[TABLE])
    async with database, database.transaction() as connection:
        assert await run_on_postgres(connection, POSTGRES, operation()) == EXPECTED


async def test_rows_are_copied_into_a_partition(postgres_url: str) -> None:
    part = Migration(2, "CREATE TABLE item_7 (LIKE item);")
    database = PostgresDatabase(postgres_url, schema="items", migrations=[TABLE, part])

    def copy() -> Operation[int]:
        copied: int = yield Insert("item", ("part", "id"), [(7, 1), (7, 2)], partition=7)
        return copied

    async with database, database.transaction() as connection:
        assert await run_on_postgres(connection, {}, copy()) == 2
        assert await connection.fetchval("SELECT count(*) FROM item_7") == 2
        assert await connection.fetchval("SELECT count(*) FROM item") == 0
