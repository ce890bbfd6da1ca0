"""How much of a write-ahead log is committed, judged by SQLite itself."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.providers.web.watchdog.wal import HEADER_BYTES, committed_end

PAGE_BYTES = 512
FRAME_BYTES = 24 + PAGE_BYTES


def open_database(path: Path) -> sqlite3.Connection:
    database = sqlite3.connect(path, isolation_level=None)
    database.execute(f"PRAGMA page_size = {PAGE_BYTES}")
    database.execute("PRAGMA journal_mode = WAL")
    database.execute("PRAGMA wal_autocheckpoint = 0")
    database.execute("PRAGMA synchronous = OFF")
    database.execute("PRAGMA cache_size = 2")  # Long transactions are written before they end.
    database.execute("CREATE TABLE IF NOT EXISTS notes (n INTEGER PRIMARY KEY, text TEXT)")
    return database


def end_of(log: bytes) -> int:
    return committed_end(lambda offset, length: log[offset : offset + length], len(log))


def rows_of_copy(folder: Path, main: bytes, log: bytes) -> int:
    copy = folder / "copy"
    copy.write_bytes(main)
    copy.with_name("copy-wal").write_bytes(log)
    with closing(sqlite3.connect(copy)) as database:
        assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(database.execute("SELECT count(*) FROM notes").fetchone()[0])


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("commit"), st.integers(1, 12)),
        st.tuples(st.just("roll back"), st.integers(1, 40)),
        st.tuples(st.just("start over"), st.just(0)),
    ),
    max_size=6,
)


@settings(max_examples=40)
@given(STEPS, st.integers(0, 40))
def test_all_that_is_committed_and_nothing_else(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]], pending: int
) -> None:
    folder = tmp_path_factory.mktemp("wal")
    with closing(open_database(folder / "main")) as database:
        committed = 0
        for step, count in steps:
            if step == "start over":
                database.execute("PRAGMA wal_checkpoint(RESTART)")
                continue
            database.execute("BEGIN")
            for _ in range(count):
                database.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 300,))
            database.execute("COMMIT" if step == "commit" else "ROLLBACK")
            committed += count if step == "commit" else 0
        if pending:
            database.execute("BEGIN")
            for _ in range(pending):
                database.execute("INSERT INTO notes (text) VALUES (?)", ("y" * 300,))
        main, log = (folder / "main").read_bytes(), (folder / "main-wal").read_bytes()
        end = end_of(log)
        if end:
            assert end <= len(log)
            assert (end - HEADER_BYTES) % FRAME_BYTES == 0
            assert log[end - FRAME_BYTES + 4 : end - FRAME_BYTES + 8] != bytes(4)
        assert rows_of_copy(folder, main, log[:end]) == committed


@given(st.binary(max_size=200))
def test_what_is_no_log_has_nothing_committed(log: bytes) -> None:
    assert end_of(log) == 0


def test_a_long_log_is_not_read_whole(tmp_path: Path) -> None:
    with closing(open_database(tmp_path / "main")) as database:
        for _ in range(300):
            database.execute("INSERT INTO notes (text) VALUES (?)", ("x" * 300,))
        log = (tmp_path / "main-wal").read_bytes()
    reads = []

    def read(offset: int, length: int) -> bytes:
        reads.append(offset)
        return log[offset : offset + length]

    assert committed_end(read, len(log)) == len(log)
    assert len(reads) < 20
