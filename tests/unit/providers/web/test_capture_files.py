"""Files are those of one moment, whatever becomes of them afterwards."""

from __future__ import annotations

import errno
import gc
import os
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import anyio.to_thread
import psutil
import pytest

from blazz.errors import SourceChanged
from blazz.providers.web.kept_files import KeptFile, KeptFolder
from blazz.providers.web.watchdog import attempts, settling, taking
from blazz.providers.web.watchdog.settling import Moved, settle
from blazz.providers.web.watchdog.taking import Moment, Refused, Taken, changes_in_place

LEVELDB = "IndexedDB/https_x_0.indexeddb.leveldb"
DATABASE = "IndexedDB/https_x_0/ABCDEF"
PARTS = ("IndexedDB", "Local Storage", "Cookies", "Cookies-journal")
BIG = 600  # rows; more than is read at once


def write(root: Path, name: str, content: bytes) -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


@pytest.fixture
def profile(tmp_path: Path) -> Path:
    folder = tmp_path / "profile"
    write(folder, f"{LEVELDB}/000005.ldb", b"table")
    write(folder, f"{LEVELDB}/000007.log", b"log")
    write(folder, f"{LEVELDB}/CURRENT", b"MANIFEST-000001\n")
    write(folder, f"{LEVELDB}/MANIFEST-000001", b"list")
    return folder


@pytest.fixture
def target(tmp_path: Path) -> Path:
    folder = tmp_path / "target"
    folder.mkdir()
    return folder


@contextmanager
def database(profile: Path, *, wal: bool = True, rows: int = BIG) -> Iterator[sqlite3.Connection]:
    path = write(profile, DATABASE, b"")
    with closing(sqlite3.connect(path, isolation_level=None)) as opened:
        opened.execute(f"PRAGMA journal_mode = {'WAL' if wal else 'TRUNCATE'}")
        opened.execute("PRAGMA wal_autocheckpoint = 0")
        opened.execute("CREATE TABLE notes (text)")
        opened.execute("BEGIN")  # otherwise each row is a transaction of its own
        opened.executemany("INSERT INTO notes VALUES (?)", [("x" * 1000,)] * rows)
        opened.execute("COMMIT")
        if wal and rows == BIG:
            opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
            opened.execute("INSERT INTO notes VALUES ('y')")
        os.utime(path, ns=(1, path.stat().st_mtime_ns - 10 * taking.QUIET_NS))
        yield opened


def contents(settled: list[list[object]], target: Path) -> dict[object, bytes]:
    return {name: (target / str(kept)).read_bytes()[:size] for name, kept, size, _ in settled}  # type: ignore[misc]


def test_names_locks_and_missing_parts(profile: Path) -> None:
    for name in ("LOCK", "LOG", "LOG.old"):
        write(profile, f"{LEVELDB}/{name}", b"")
    write(profile, f"{DATABASE}-shm", b"index")
    write(profile, "Cookies", b"cookies")
    write(profile, "Cookies-journal", b"")
    write(profile, "History", b"not asked for")
    with Moment(str(profile), PARTS) as moment:
        assert [each.name for each in moment.files] == [
            f"{LEVELDB}/000005.ldb",
            f"{LEVELDB}/000007.log",
            f"{LEVELDB}/CURRENT",
            f"{LEVELDB}/MANIFEST-000001",
            "Cookies",
        ]
    assert not [it for it in psutil.Process().open_files() if it.path.startswith(str(profile))]


def test_what_comes_later_is_not_in_it(profile: Path, target: Path) -> None:
    with Moment(str(profile), PARTS) as moment:
        with (profile / LEVELDB / "000007.log").open("ab") as log:
            log.write(b" and more")
        current = profile / LEVELDB / "CURRENT"
        current.with_name("new").write_bytes(b"MANIFEST-000009\n")
        current.with_name("new").replace(current)
        (profile / LEVELDB / "000005.ldb").unlink()
        settled = settle(moment, str(target), copies=False)
    assert contents(settled, target) == {
        f"{LEVELDB}/000005.ldb": b"table",
        f"{LEVELDB}/000007.log": b"log",
        f"{LEVELDB}/CURRENT": b"MANIFEST-000001\n",
        f"{LEVELDB}/MANIFEST-000001": b"list",
    }
    assert all(proof is None for *_, proof in settled)


def test_files_that_are_there_are_linked_not_copied(profile: Path, target: Path) -> None:
    with Moment(str(profile), PARTS) as moment:
        settled = settle(moment, str(target), copies=False)
    for name, kept, _, _ in settled:
        assert (target / str(kept)).samefile(profile / str(name))


@pytest.mark.parametrize("reason", [errno.EXDEV, errno.EPERM, errno.EMLINK])
def test_where_there_are_no_links_files_are_copied(
    profile: Path, target: Path, monkeypatch: pytest.MonkeyPatch, reason: int
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(reason, "no")

    monkeypatch.setattr(settling.os, "link", refuse)
    with Moment(str(profile), PARTS) as moment:
        settled = settle(moment, str(target), copies=False)
    assert contents(settled, target)[f"{LEVELDB}/000005.ldb"] == b"table"
    assert not (target / "0").samefile(profile / str(settled[0][0]))


def test_a_full_disk_is_not_taken_for_a_missing_link(
    profile: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "full")

    monkeypatch.setattr(settling.os, "link", refuse)
    with (
        Moment(str(profile), PARTS) as moment,
        pytest.raises(OSError, match="full"),
    ):
        settle(moment, str(target), copies=False)


@pytest.mark.parametrize("missing", [(), ("copy_file_range",)])
def test_copies_are_whole(
    profile: Path, target: Path, monkeypatch: pytest.MonkeyPatch, missing: tuple[str, ...]
) -> None:
    for name in missing:
        monkeypatch.delattr(settling.os, name)
    monkeypatch.setattr(settling, "_COPY_BYTES", 100_000)
    with database(profile), Moment(str(profile), PARTS) as moment:
        main = (profile / DATABASE).read_bytes()
        settled = settle(moment, str(target), copies=True)
        assert contents(settled, target)[DATABASE] == main


def test_a_link_in_the_folder_is_refused(profile: Path) -> None:
    (profile / "IndexedDB/link").symlink_to("/etc")
    with pytest.raises(Refused, match="neither file nor folder"):
        Moment(str(profile), PARTS)


def test_a_small_database_is_read_at_once(profile: Path, target: Path) -> None:
    with database(profile, rows=3) as opened, Moment(str(profile), PARTS) as moment:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        opened.execute("DELETE FROM notes")
        settled = settle(moment, str(target), copies=False)
    assert rows(settled, target) == 3


@pytest.mark.parametrize("copies", [True, False])
def test_a_large_database_goes_on_without_harm(profile: Path, target: Path, copies: bool) -> None:
    with database(profile) as opened:
        with Moment(str(profile), PARTS) as moment:
            opened.execute("INSERT INTO notes VALUES ('later')")
            settled = settle(moment, str(target), copies=copies)
        assert rows(settled, target) == BIG + 1
    proofs = {str(name): proof for name, _, _, proof in settled if proof}
    assert list(proofs) == ([] if copies else [DATABASE, f"{DATABASE}-wal"])


def test_a_database_that_is_written_meanwhile_is_not_copied(profile: Path, target: Path) -> None:
    with database(profile) as opened, Moment(str(profile), PARTS) as moment:
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        with pytest.raises(Moved, match="changed before it was copied"):
            settle(moment, str(target), copies=True)


def test_a_log_that_has_begun_anew_is_not_copied(profile: Path, target: Path) -> None:
    with database(profile) as opened:
        opened.execute("PRAGMA wal_checkpoint(PASSIVE)")
        path = profile / DATABASE
        os.utime(path, ns=(1, path.stat().st_mtime_ns - 10 * taking.QUIET_NS))
        with Moment(str(profile), PARTS) as moment:
            opened.execute("INSERT INTO notes VALUES ('over the old ones')")
            with pytest.raises(Moved, match="-wal was changed"):
                settle(moment, str(target), copies=True)


def test_a_database_that_was_just_written_has_to_wait(profile: Path, target: Path) -> None:
    with database(profile):
        os.utime(profile / DATABASE)
        with Moment(str(profile), PARTS) as moment, pytest.raises(Moved, match="being written"):
            settle(moment, str(target), copies=False)


def test_a_transaction_in_a_journal_has_to_end(profile: Path, target: Path) -> None:
    with database(profile, wal=False) as opened:
        opened.execute("PRAGMA cache_size = 1")
        opened.execute("BEGIN")
        opened.execute("UPDATE notes SET text = 'z'")
        with Moment(str(profile), PARTS) as moment:
            assert moment.busy
        opened.execute("COMMIT")


def test_what_is_never_left_alone_is_read_at_once_in_the_end(
    profile: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(attempts.time, "sleep", lambda _: os.utime(profile / DATABASE))
    with database(profile):
        os.utime(profile / DATABASE)
        got = attempts.capture(str(profile), PARTS, str(target), copies=False)
    assert got["attempts"] == len(attempts.PAUSES) + 1
    assert rows(got["files"], target) == BIG + 1


def test_tables_that_change_while_nothing_stands_still(
    profile: Path, target: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The first attempt meets a compaction between its two looks, the second none."""
    looks = []

    class Interrupted(Moment):
        def __init__(self, *values: object, **options: object) -> None:
            looks.append(None)
            if len(looks) == 3:
                write(profile, f"{LEVELDB}/000008.ldb", b"new table")
                with (profile / LEVELDB / "MANIFEST-000001").open("ab") as manifest:
                    manifest.write(b", changed")
                (profile / LEVELDB / "000005.ldb").unlink()
            super().__init__(*values, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(attempts, "Moment", Interrupted)
    got = attempts.capture(str(profile), PARTS, str(target), copies=False)
    assert got["attempts"] == 2
    assert contents(got["files"], target) == {
        f"{LEVELDB}/000007.log": b"log",
        f"{LEVELDB}/000008.ldb": b"new table",
        f"{LEVELDB}/CURRENT": b"MANIFEST-000001\n",
        f"{LEVELDB}/MANIFEST-000001": b"list, changed",
    }


def test_nothing_stays_open(profile: Path, target: Path) -> None:
    before = len(list(Path("/proc/self/fd").iterdir()))
    with database(profile):
        attempts.capture(str(profile), PARTS, str(target), copies=False)
    (profile / "IndexedDB/link").symlink_to("/etc")
    with pytest.raises(Refused):
        Moment(str(profile), PARTS)
    assert len(list(Path("/proc/self/fd").iterdir())) == before


@pytest.mark.parametrize(
    ("name", "in_place"),
    [
        (f"{LEVELDB}/000005.ldb", False),
        ("Local Storage/leveldb/000003.log", False),
        ("IndexedDB/https_x_0.indexeddb.blob/1/00/2", False),
        (DATABASE, True),
        (f"{DATABASE}-wal", True),
        ("Cookies", True),
    ],
)
def test_what_changes_in_place(name: str, in_place: bool) -> None:
    assert changes_in_place(name) is in_place


async def test_a_read_that_comes_too_late_is_refused(profile: Path, target: Path) -> None:
    late = []
    with database(profile) as opened:
        with Moment(str(profile), PARTS) as moment:
            settled = settle(moment, str(target), copies=False)
        folder = KeptFolder(target, set())
        files = {
            str(name): KeptFile(
                folder=folder,
                kept=str(kept),
                name=str(name),
                size=size,  # type: ignore[arg-type]
                proof=proof,  # type: ignore[arg-type]
                on_late=lambda: late.append(None),
            )
            for name, kept, size, proof in settled
        }
        assert await files[DATABASE].read(0, 6) == b"SQLite"
        opened.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        for name in (DATABASE, f"{DATABASE}-wal"):
            with pytest.raises(SourceChanged):
                await files[name].read(0, 6)
        assert await files[f"{LEVELDB}/000007.log"].read(0, 3) == b"log"
    assert len(late) == 2


async def test_a_folder_is_removed_when_its_last_file_is_let_go(tmp_path: Path) -> None:
    path = tmp_path / "kept"
    write(path, "0", b"x")
    kept: set[Path] = set()
    folder = KeptFolder(path, kept)
    file = KeptFile(folder=folder, kept="0", name="x", size=1, proof=None, on_late=lambda: None)
    del folder
    gc.collect()
    assert await file.read(0, 1) == b"x"
    assert kept == {path}
    del file
    gc.collect()
    assert kept == set()
    for thread in threading.enumerate():  # It may have ended by now.
        if thread.name == "blazz-remover":
            await anyio.to_thread.run_sync(thread.join)
    assert not path.exists()


def rows(settled: list[list[object]], target: Path) -> int:
    """The rows of the database in what was taken, by SQLite's own reckoning."""
    copy = target / "copy"
    for name, content in contents(settled, target).items():
        if str(name).startswith(DATABASE):
            (target / f"copy{str(name).removeprefix(DATABASE)}").write_bytes(content)
    with closing(sqlite3.connect(copy)) as opened:
        assert opened.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return int(opened.execute("SELECT count(*) FROM notes").fetchone()[0])


def test_reads_of_taken_files_end_where_the_file_does(profile: Path) -> None:
    handle = os.open(profile / LEVELDB / "000007.log", os.O_RDONLY)
    taken = Taken("x.leveldb/000007.log", handle, 100)
    assert taken.read_all() == b"log"
    taken.close()
