"""SQLite behind its threads: atomic work, shared commits, failures that stay where they belong."""

from __future__ import annotations

import asyncio
import multiprocessing
import sqlite3
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import anyio
import pytest

from blazz.databases.queries import Migration
from blazz.databases.sqlite import SqliteDatabase
from blazz.databases.sqlite_grouping import GroupedWrite

STEPS = [
    Migration(1, "CREATE TABLE t (x INTEGER UNIQUE);"),
    Migration(
        2,
        "CREATE TABLE u (y TEXT DEFAULT 'a; b');\n"
        "CREATE TRIGGER copy AFTER INSERT ON t BEGIN\n  INSERT INTO u VALUES (new.x);\nEND;",
    ),
]


async def numbers(database: SqliteDatabase) -> list[int]:
    return await database.read(lambda c: [x for (x,) in c.execute("SELECT x FROM t ORDER BY x")])


async def test_migrations_run_once_and_in_order(tmp_path: Path) -> None:
    for _ in range(2):
        async with SqliteDatabase(tmp_path / "new" / "a.db", migrations=STEPS) as database:
            await database.write(lambda c: c.execute("INSERT OR IGNORE INTO t VALUES (1)"))
            copies = await database.read(lambda c: c.execute("SELECT y FROM u").fetchall())
    assert copies == [("1",)]


async def test_a_newer_schema_is_left_alone(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS):
        pass
    with pytest.raises(sqlite3.DatabaseError, match=r"schema 2, this version of .* up to 1"):
        await SqliteDatabase(tmp_path / "a.db", migrations=STEPS[:1]).open()


async def test_failing_work_undoes_itself_alone(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:

        def half(connection: sqlite3.Connection) -> None:
            connection.execute("INSERT INTO t VALUES (1)")
            raise ValueError("changed my mind")

        results = await asyncio.gather(
            database.write(lambda c: c.execute("INSERT INTO t VALUES (2)")),
            database.write(half),
            database.write(lambda c: c.execute("INSERT INTO t VALUES (3)")),
            return_exceptions=True,
        )
        assert isinstance(results[1], ValueError)
        assert await numbers(database) == [2, 3]


async def test_work_of_a_cancelled_caller_is_done(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        task = asyncio.create_task(database.write(lambda c: c.execute("INSERT INTO t VALUES (1)")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await database.write(lambda c: c.execute("SELECT x FROM t").fetchall()) == [(1,)]


async def test_readers_cannot_write(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            await database.read(lambda c: c.execute("INSERT INTO t VALUES (1)"))


async def test_a_closed_database_says_so(tmp_path: Path) -> None:
    database = SqliteDatabase(tmp_path / "a.db", migrations=STEPS)
    with pytest.raises(sqlite3.ProgrammingError, match="not open"):
        await database.write(lambda c: None)
    async with database:
        pass
    with pytest.raises(sqlite3.ProgrammingError, match="not open"):
        await GroupedWrite(database, insert).add(1)


async def test_a_file_that_is_no_database_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    connect, made = sqlite3.connect, []

    def noted(*args: Any, **more: Any) -> sqlite3.Connection:
        made.append(connect(*args, **more))
        return made[-1]

    monkeypatch.setattr(sqlite3, "connect", noted)
    (tmp_path / "a.db").write_text("this is a letter, not a database " * 100)
    with pytest.raises(sqlite3.DatabaseError, match="not a database"):
        await SqliteDatabase(tmp_path / "a.db", migrations=[]).open()
    (connection,) = made
    with pytest.raises(sqlite3.ProgrammingError, match="closed"):
        connection.total_changes  # noqa: B018  # it tells whether it is open


async def test_whoever_is_cancelled_leaves_no_thread(tmp_path: Path) -> None:
    before = {*threading.enumerate()}
    with anyio.CancelScope() as scope:
        async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS):
            opened = {*threading.enumerate()} - before
            scope.cancel()
    assert len(opened) == 2
    for thread in opened:
        await asyncio.to_thread(thread.join, 60)
        assert not thread.is_alive()


groups: list[int] = []


def insert(connection: sqlite3.Connection, items: Sequence[int]) -> None:
    groups.append(len(items))
    connection.executemany("INSERT INTO t VALUES (?)", [(item,) for item in items])


async def test_grouped_writes_share_statements(tmp_path: Path) -> None:
    groups.clear()
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        grouped = GroupedWrite(database, insert)
        await asyncio.gather(*(grouped.add(number) for number in range(200)))

        assert await numbers(database) == list(range(200))
        assert sum(groups) == 200
        assert max(groups) > 1, "each was written by itself"
        await grouped.add(200)
        assert (await numbers(database))[-1] == 200


async def test_a_failing_group_fails_all_and_the_next_succeeds(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        grouped = GroupedWrite(database, insert)
        await grouped.add(5)
        # Both wait in one group: the writer cannot have taken it, the loop has not turned yet.
        results = await asyncio.gather(grouped.add(5), grouped.add(6), return_exceptions=True)
        await grouped.add(7)

        assert isinstance(results[0], sqlite3.IntegrityError)
        assert await numbers(database) in ([5, 7], [5, 6, 7])  # 6 may have come too late for it


async def test_a_cancelled_item_of_a_group_disturbs_nobody(tmp_path: Path) -> None:
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        grouped = GroupedWrite(database, insert)
        tasks = [asyncio.create_task(grouped.add(number)) for number in range(20)]
        await asyncio.sleep(0)
        tasks[3].cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)

        assert isinstance(results[3], asyncio.CancelledError)
        assert [result for result in results if result is not None] == [results[3]]


def open_and_write(path: Path, first: int) -> None:
    async def main() -> None:
        async with SqliteDatabase(path, migrations=STEPS) as database:
            for number in range(first, first + 20):
                await database.write(
                    lambda c, n=number: c.execute("INSERT INTO t VALUES (?)", (n,))
                )

    asyncio.run(main())


async def test_processes_may_open_and_write_at_once(tmp_path: Path) -> None:
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=open_and_write, args=(tmp_path / "a.db", start * 100))
        for start in range(4)
    ]
    for process in processes:
        process.start()
    for process in processes:
        await asyncio.to_thread(process.join)

    assert [process.exitcode for process in processes] == [0] * 4
    async with SqliteDatabase(tmp_path / "a.db", migrations=STEPS) as database:
        assert len(await numbers(database)) == 80
