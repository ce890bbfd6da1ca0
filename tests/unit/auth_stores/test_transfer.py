"""Moving sessions: between stores, to new keys, into a file and out of it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.auth_stores import (
    AuthStore,
    Kind,
    LocalAuth,
    MemoryAuth,
    Snapshot,
    archive,
    copy,
    export_session,
    import_session,
    move,
    open_export,
    rekey,
)
from blazz.auth_stores import exporting as exporting_module
from blazz.auth_stores.memory import MemoryBackend
from blazz.errors import (
    DiskFailed,
    InvalidValue,
    LeaseTaken,
    SnapshotDamaged,
    SnapshotNotFound,
    StaleSnapshot,
    StoreUnavailable,
    WrongKey,
)
from blazz.security.keyring import KeyRing
from blazz.testing.auth_stores import read_files
from tests.faulty import FaultyBackend
from tests.sessions import CHROMIUM, CHUNK, OTHER, RING, SESSION, names_in, noise, web

NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
PASSPHRASE = "correct horse battery staple"
FILES = {f"Default/{size}": noise(size, seed=size) for size in (0, 1, CHUNK, 9 * CHUNK + 1)}
TOKEN = {"token": "EAAG"}
USUAL_COST = archive._COST["n"]


@pytest.fixture(scope="module", autouse=True)
def cheap_passphrases() -> Iterator[None]:
    """A passphrase costs a third of a second otherwise, which leaves time for few files only."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(archive._COST, "n", 2**10)
        yield


async def _filled(store: MemoryAuth | LocalAuth) -> MemoryAuth | LocalAuth:
    lease = await store.acquire(SESSION, "one")
    for hour in range(3):
        files = {**FILES, "Default/hour": str(hour).encode()}
        moment = NOON + timedelta(hours=hour)
        await store.save(web(files, documents={"d.json": b"{}"}, captured_at=moment), lease)
    await store.save(Snapshot.of_credentials(TOKEN), lease)
    await store.release(lease)
    return store


async def _check(store: AuthStore, session=SESSION, hour: int = 2) -> None:
    stored = await store.load(session)
    assert await read_files(stored) == {**FILES, "Default/hour": str(hour).encode()}
    assert await stored.document("d.json") == b"{}"
    assert (stored.browser, stored.captured_at) == (CHROMIUM, NOON + timedelta(hours=hour))
    credentials = await (await store.load(session, kind=Kind.CREDENTIALS)).credentials()
    assert {name: value.reveal() for name, value in credentials.items()} == TOKEN
    assert (await store.verify(session)).ok


# Between stores


async def test_a_session_moves_with_its_history(tmp_path: Path) -> None:
    source, target = await _filled(MemoryAuth()), LocalAuth(tmp_path)
    before = [(each.kind, each.at) for each in await source.history(SESSION)]

    saved = await move(source, target, SESSION)

    assert [(each.kind, each.at) for each in await target.history(SESSION)] == before
    assert len(saved) == 4
    await _check(target)
    assert await source.sessions() == []
    assert await source.holder(SESSION) is None
    assert await target.holder(SESSION) is None


async def test_a_copy_takes_the_newest_of_each_kind_and_perhaps_another_name() -> None:
    source, target = await _filled(MemoryAuth()), MemoryAuth()
    lease = await target.acquire(OTHER, "one")

    await copy(source, target, SESSION, lease)

    assert len(await target.history(OTHER)) == 2
    await _check(target, OTHER)
    await _check(source)
    with pytest.raises(SnapshotNotFound):
        await copy(MemoryAuth(), target, SESSION, lease)


async def test_a_session_that_is_owned_stays_where_it_is() -> None:
    source, target = await _filled(MemoryAuth()), MemoryAuth()
    await source.acquire(SESSION, "busy")

    with pytest.raises(LeaseTaken):
        await move(source, target, SESSION)
    assert await target.sessions() == []


async def test_a_session_is_not_moved_onto_another() -> None:
    source, target = await _filled(MemoryAuth()), await _filled(MemoryAuth())

    with pytest.raises(StaleSnapshot, match="4 revisions where it is to be put"):
        await move(source, target, SESSION)
    await _check(source)
    await move(source, target, SESSION, force=True)
    await _check(target)


async def test_a_move_that_fails_leaves_the_source_as_it_was() -> None:
    source = await _filled(MemoryAuth())
    backend = FaultyBackend()
    target = MemoryAuth(backend, keyring=RING)
    backend.fail("put packs", times=100)
    with pytest.raises(StoreUnavailable):
        await move(source, target, SESSION)

    class Garbling(MemoryBackend):
        async def put(self, session, name, blob):
            await super().put(session, name, blob[:-1] + b"!")

    with pytest.raises(SnapshotDamaged):
        await move(source, MemoryAuth(Garbling(), keyring=RING), SESSION)
    await _check(source)
    assert await source.holder(SESSION) is None


# To new keys


async def test_a_session_that_does_not_run_is_sealed_anew_at_once() -> None:
    backend = MemoryBackend()
    await _filled(MemoryAuth(backend, keyring=RING))
    rotated = RING.rotated("two")
    store = MemoryAuth(backend, keyring=rotated)

    lease = await store.acquire(SESSION, "one")
    await rekey(store, lease)
    assert set((await store.verify(SESSION)).keys) == {"one", "two"}
    await rekey(store, lease, prune=True)

    assert (await store.verify(SESSION)).keys == ("two",)
    await _check(MemoryAuth(backend, keyring=rotated.without("one")))


# Into a file


async def test_an_export_opens_in_another_installation(tmp_path: Path) -> None:
    path = tmp_path / "support.blazz"
    source, target = await _filled(MemoryAuth()), MemoryAuth(keyring=KeyRing.generate())

    await export_session(source, SESSION, path, passphrase=PASSPHRASE)
    saved = await import_session(path, target, passphrase=PASSPHRASE)

    assert len(saved) == 2
    await _check(target)
    assert path.stat().st_mode & 0o777 == 0o600
    assert names_in(tmp_path) == {path.name}
    content = path.read_bytes()
    assert b"Default" not in content
    assert b"acme" not in content


async def test_an_import_may_take_another_name_but_replaces_nothing(tmp_path: Path) -> None:
    path = tmp_path / "support.blazz"
    store = await _filled(MemoryAuth())
    await export_session(store, SESSION, path, passphrase=PASSPHRASE)

    with pytest.raises(StaleSnapshot):
        await import_session(path, store, passphrase=PASSPHRASE)
    await import_session(path, store, passphrase=PASSPHRASE, session=OTHER)

    await _check(store, OTHER)


async def test_what_is_in_an_export_can_be_seen_without_storing_it(tmp_path: Path) -> None:
    path = tmp_path / "support.blazz"
    await export_session(await _filled(MemoryAuth()), SESSION, path, passphrase=PASSPHRASE)

    export = await open_export(path, passphrase=PASSPHRASE)

    assert export.session == SESSION
    assert {snapshot.kind for snapshot in export.snapshots} == set(Kind)
    web_snapshot = next(each for each in export.snapshots if each.kind is Kind.WEB)
    largest = max(web_snapshot.files, key=lambda file: file.source.size)
    data = FILES[largest.path]
    assert await largest.source.read(CHUNK, 7 * CHUNK) == data[CHUNK : 8 * CHUNK]
    assert await largest.source.read(9 * CHUNK, 1) == data[-1:]
    assert await largest.source.read(0, 0) == b""


async def test_a_passphrase_costs_who_guesses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(archive._COST, "n", USUAL_COST)
    path = tmp_path / "support.blazz"

    await export_session(await _filled(MemoryAuth()), SESSION, path, passphrase=PASSPHRASE)

    header = json.loads(path.read_bytes().splitlines()[1])
    assert {name: header[name] for name in ("n", "r", "p")} == {"n": 2**17, "r": 8, "p": 1}
    await open_export(path, passphrase=PASSPHRASE)


async def test_a_wrong_passphrase_opens_nothing(tmp_path: Path) -> None:
    path = tmp_path / "support.blazz"
    store = await _filled(MemoryAuth())
    with pytest.raises(InvalidValue, match="at least 8 characters; got 5"):
        await export_session(store, SESSION, path, passphrase="short")
    assert names_in(tmp_path) == set()
    await export_session(store, SESSION, path, passphrase=PASSPHRASE)

    with pytest.raises(WrongKey):
        await open_export(path, passphrase=PASSPHRASE + "!")
    with pytest.raises(SnapshotNotFound):
        await export_session(store, OTHER, path, passphrase=PASSPHRASE)


@pytest.fixture(scope="module")
def exported(cheap_passphrases: None, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    path = tmp_path_factory.mktemp("exported") / "support.blazz"

    async def make() -> None:
        await export_session(await _filled(MemoryAuth()), SESSION, path, passphrase=PASSPHRASE)

    asyncio.run(make())
    return path.read_bytes()


@pytest.fixture(scope="module")
def altered_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("altered") / "support.blazz"


def _frames(content: bytes) -> list[int]:
    """Where the frames start."""
    at = content.index(b"\n", content.index(b"\n") + 1) + 1
    found = []
    while at < len(content):
        found.append(at)
        at += 4 + int.from_bytes(content[at : at + 4], "little")
    return found


@pytest.mark.parametrize(
    "how", ["cut", "cut at a frame", "swapped", "repeated", "extended", "header", "other", "empty"]
)
async def test_a_file_that_was_tampered_with_is_refused_and_nothing_is_stored(
    how: str, exported: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "support.blazz"
    starts = _frames(exported)
    second, third = exported[starts[2] : starts[3]], exported[starts[3] : starts[4]]
    head, tail = exported[: starts[2]], exported[starts[4] :]
    path.write_bytes(
        {
            "cut": exported[:-1],
            "cut at a frame": exported[: starts[-1]],
            "swapped": head + third + second + tail,
            "repeated": head + second + second + third + tail,
            "extended": exported + b"\0",
            "header": exported.replace(b'"n": 1024', b'"n": 262144'),
            "other": b"PK\x03\x04" + exported,
            "empty": b"",
        }[how]
    )
    store = MemoryAuth()

    with pytest.raises((SnapshotDamaged, WrongKey)):
        await import_session(path, store, passphrase=PASSPHRASE)
    assert [each.kind for each in await store.history(SESSION)] in ([], [Kind.CREDENTIALS])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b'"n": 1024', b'"n": 99999999999'),
        (b'"kdf": "scrypt"', b'"kdf": "none"'),
        (b'"r": 8', b'"r": 0'),
        (b'"salt": "', b'"salt": "x'),
    ],
)
async def test_a_header_that_asks_for_too_much_is_refused(
    old: bytes, new: bytes, exported: bytes, tmp_path: Path
) -> None:
    path = tmp_path / "support.blazz"
    path.write_bytes(exported.replace(old, new, 1))

    with pytest.raises(SnapshotDamaged, match="header"):
        await open_export(path, passphrase=PASSPHRASE)


def _alter(content: bytes, path: Path, part: float, change: int) -> None:
    altered = bytearray(content)
    altered[int(part * len(altered))] ^= change
    path.write_bytes(altered)


@settings(max_examples=50)
@given(part=st.floats(0.01, 0.999), change=st.integers(1, 255))
async def test_no_altered_byte_gets_through(
    exported: bytes, altered_path: Path, part: float, change: int
) -> None:
    _alter(exported, altered_path, part, change)

    with pytest.raises((SnapshotDamaged, WrongKey)):
        await import_session(altered_path, MemoryAuth(), passphrase=PASSPHRASE)


async def test_a_full_disk_leaves_the_file_that_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "support.blazz"
    store = await _filled(MemoryAuth())
    path.write_bytes(b"before")

    def fail(_: int) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as broken:
        broken.setattr(exporting_module.os, "fsync", fail)
        with pytest.raises(DiskFailed, match="No space left"):
            await export_session(store, SESSION, path, passphrase=PASSPHRASE)

    assert path.read_bytes() == b"before"
    assert names_in(tmp_path) == {path.name}
