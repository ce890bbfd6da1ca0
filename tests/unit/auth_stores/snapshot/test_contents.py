"""What may be given to a store."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import pytest

from blazz.auth_stores import (
    Browser,
    BytesSource,
    FileSource,
    Kind,
    Snapshot,
    SnapshotFile,
    StorageEngine,
)
from blazz.auth_stores.snapshot.contents import MAX_BYTES, MAX_FILES
from blazz.errors import InvalidValue, SourceChanged
from blazz.security.secret import Secret


def _file(path: str, content: bytes = b"") -> SnapshotFile:
    return SnapshotFile(path, BytesSource(content))


def test_files_are_in_the_order_of_their_names() -> None:
    snapshot = Snapshot(kind=Kind.WEB, files=(_file("b"), _file("a")))

    assert [file.path for file in snapshot.files] == ["a", "b"]


def test_a_snapshot_cannot_be_changed_from_outside() -> None:
    documents = {"a.json": b"{}"}
    snapshot = Snapshot(kind=Kind.WEB, documents=documents)
    documents["b.json"] = b"{}"

    assert list(snapshot.documents) == ["a.json"]
    assert snapshot.size == 2


def test_secrets_are_not_shown() -> None:
    snapshot = Snapshot.of_credentials({"token": Secret("EAAGsecret"), "pin": "123456"})

    assert "EAAGsecret" not in repr(snapshot)
    assert snapshot.documents["credentials.json"] == b'{"pin": "123456", "token": "EAAGsecret"}'


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"files": (_file("a"), _file("A"))}, "differ in more than case"),
        ({"files": (_file("a"), _file("a/b"))}, "either a file or a folder"),
        ({"files": (_file("x"),) * (MAX_FILES + 1)}, "Snapshot.files: at most 20,000"),
        (
            {"files": (SnapshotFile("a", FileSource(Path("a"), MAX_BYTES + 1)),)},
            "Snapshot.size: at most",
        ),
        ({"documents": {"../a": b""}}, "Snapshot.documents"),
        ({"documents": {"a": bytes(64 * 1024**2 + 1)}}, r"Snapshot.documents\[a\]: at most"),
        ({"captured_at": datetime(2026, 1, 1)}, "time zone"),  # noqa: DTZ001
    ],
)
def test_a_snapshot_that_cannot_be_is_refused(given: dict[str, object], message: str) -> None:
    with pytest.raises(InvalidValue, match=message):
        Snapshot(kind=Kind.WEB, **given)  # type: ignore[arg-type]


def test_an_unsafe_name_is_refused_at_the_door() -> None:
    with pytest.raises(InvalidValue, match=r"\.\."):
        _file("../keys")


@pytest.mark.parametrize("version", ["", "156.", "156.0.0.0.1", "v156", "156.0-beta"])
def test_a_version_has_numbers(version: str) -> None:
    with pytest.raises(InvalidValue, match=r"Browser\.version"):
        Browser(version=version, engine=StorageEngine.LEVELDB)


def test_versions_are_compared_as_numbers() -> None:
    nine = Browser(version="9.10", engine=StorageEngine.LEVELDB)
    ten = Browser(version="10.2", engine=StorageEngine.LEVELDB)

    assert nine.numbers < ten.numbers
    assert Browser.from_json(ten.to_json()) == ten


async def test_a_growing_file_is_stored_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"before")
    source = FileSource.of(path)
    with path.open("ab") as file:
        file.write(b" and after")

    assert source.size == 6
    assert await source.read(2, 4) == b"fore"


async def test_a_file_that_shrank_or_vanished_is_noticed(tmp_path: Path) -> None:
    path = tmp_path / "log"
    path.write_bytes(b"before")
    source = FileSource.of(path)

    path.write_bytes(b"be")
    with pytest.raises(SourceChanged, match="ends at 2 of 6 bytes"):
        await source.read(0, 6)
    path.unlink()
    with pytest.raises(SourceChanged, match="cannot be read"):
        await source.read(0, 6)
