"""Which files of a Chromium profile are taken."""

from __future__ import annotations

import os
import socket
from pathlib import Path

import pytest

from blazz.auth_stores import StorageEngine, profile_files
from blazz.auth_stores.profiles import storage_engine
from blazz.errors import InvalidValue

LEVELDB = "Default/IndexedDB/https_web.whatsapp.com_0.indexeddb.leveldb"


def _write(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())


def test_only_what_a_session_needs_is_taken(tmp_path: Path) -> None:
    needed = [
        f"{LEVELDB}/000003.log",
        f"{LEVELDB}/CURRENT",
        "Default/Local Storage/leveldb/000005.ldb",
        "Default/Cookies",
    ]
    _write(tmp_path, *needed, "Local State", "SingletonCookie")
    _write(tmp_path, f"{LEVELDB}/LOCK", f"{LEVELDB}/LOG", f"{LEVELDB}/LOG.old")
    _write(
        tmp_path, "Default/Cache/data_0", "Default/History", "Default/Session Storage/000003.log"
    )

    files = profile_files(tmp_path)

    assert {file.path for file in files} == set(needed)
    assert all(file.source.size == len(file.path) for file in files)


def test_a_folder_that_is_no_profile_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidValue, match="user data folder"):
        profile_files(tmp_path)


@pytest.mark.parametrize("strange", ["link", "folder link", "socket", "fifo"])
def test_what_is_neither_file_nor_folder_is_refused(
    tmp_path: Path, strange: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "p"
    _write(root, f"{LEVELDB}/CURRENT")
    path = root / LEVELDB / "strange"
    if strange == "link":
        path.symlink_to("/etc/passwd")
    elif strange == "folder link":
        path.symlink_to("/etc", target_is_directory=True)
    elif strange == "fifo":
        os.mkfifo(path)
    else:
        monkeypatch.chdir(path.parent)
        with socket.socket(socket.AF_UNIX) as server:
            server.bind(path.name)

    with pytest.raises(InvalidValue, match="only files and folders"):
        profile_files(root)


def test_the_engine_is_told_by_the_files(tmp_path: Path) -> None:
    assert storage_engine(tmp_path) is None
    sqlite = tmp_path / "sqlite/Default/IndexedDB/https_web.whatsapp.com_0/1"
    sqlite.parent.mkdir(parents=True)
    sqlite.write_bytes(b"SQLite format 3\x00" + bytes(100))
    _write(tmp_path / "leveldb", f"{LEVELDB}/CURRENT")

    assert storage_engine(tmp_path / "sqlite") is StorageEngine.SQLITE
    assert storage_engine(tmp_path / "leveldb") is StorageEngine.LEVELDB
