"""Checks that an auth store keeps its promises."""

from __future__ import annotations

import random
import secrets
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

import anyio

from blazz.auth_stores.base import AuthStore, Lease, StoredSnapshot
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.contents import (
    Browser,
    BytesSource,
    Kind,
    Snapshot,
    SnapshotFile,
    StorageEngine,
)
from blazz.errors import (
    AuthStoreError,
    LeaseTaken,
    OwnershipLost,
    SnapshotNotFound,
    SourceChanged,
    StaleSnapshot,
)

_PATIENCE = 60.0
_SHORT, _LONG = 0.5, 60.0
_CHUNK = 64 * 1024
_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
_CHROMIUM = Browser(version="156.0.8078.79", engine=StorageEngine.LEVELDB, wa_js="4.6.0")


async def check_auth_store(make_store: Callable[[], AuthStore]) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        make_store: Makes a store; each call gives another object on the same storage, as another
            process would. It may hold other sessions; those that the checks make are deleted.

    Example:
        >>> from blazz.auth_stores.memory import MemoryAuth, MemoryBackend
        >>> from blazz.security.keyring import KeyRing
        >>> shared, keyring = MemoryBackend(), KeyRing.generate()
        >>> anyio.run(check_auth_store, lambda: MemoryAuth(shared, keyring=keyring))
    """
    first, second = make_store(), make_store()
    await first.open()
    await second.open()
    try:
        for check in _CHECKS:
            stage = _Stage(first, second, f"check-{secrets.token_hex(4)}")
            with anyio.fail_after(_PATIENCE):
                await check(stage)
                await stage.clear()
    finally:
        await second.close()
        await first.close()


@dataclass(frozen=True, slots=True)
class _Stage:
    """Two objects on one storage, and a workspace of the check's own."""

    store: AuthStore
    other: AuthStore
    workspace: str

    def session(self, name: str = "support") -> SessionKey:
        return SessionKey(self.workspace, name)

    async def clear(self) -> None:
        """Delete what a check has stored; it may have left a lease in force."""
        for session in await self.store.sessions(self.workspace):
            holder = await self.store.holder(session)
            lease = await self.store.acquire(session, holder.owner if holder else "clearing")
            await self.store.delete(lease)
            await self.store.release(lease)


def _noise(size: int, seed: int = 0) -> bytes:
    return random.Random(seed).randbytes(size)  # noqa: S311  # content, not a secret


def _web(**files: bytes) -> Snapshot:
    return Snapshot(
        kind=Kind.WEB,
        files=tuple(SnapshotFile(name, BytesSource(data)) for name, data in files.items()),
        documents={"local_storage.json": b'{"WAToken": "1"}'},
        browser=_CHROMIUM,
        captured_at=_NOON,
    )


async def read_files(stored: StoredSnapshot) -> dict[str, bytes]:
    """Read all files of a stored snapshot into memory."""
    found = {content.name: bytearray(content.size) for content in stored.files}

    def write(name: str, offset: int, data: bytes) -> None:
        found[name][offset : offset + len(data)] = data

    await stored.copy_to(write)
    return {name: bytes(content) for name, content in found.items()}


async def _content(store: AuthStore, session: SessionKey) -> dict[str, bytes]:
    return await read_files(await store.load(session))


async def _refuses(error: type[AuthStoreError], work: Awaitable[object], broken: str) -> None:
    try:
        await work
    except error:
        return
    raise AssertionError(broken)


async def _what_is_saved_is_loaded(stage: _Stage) -> None:
    sizes = (0, 1, _CHUNK - 1, _CHUNK, _CHUNK + 1, 40 * _CHUNK + 7)
    files = {f"Default/IndexedDB/{size}.log": _noise(size, size) for size in sizes}
    files["Default/empty space ü/file"] = bytes(3 * _CHUNK)
    snapshot = replace(_web(**files), documents={"local_storage.json": b"{}", "cookies.json": b""})
    lease = await stage.store.acquire(stage.session(), "one")
    saved = await stage.store.save(snapshot, lease)
    assert not saved.unchanged, "a first save is taken for one that changes nothing"

    stored = await stage.other.load(stage.session())
    assert stored.revision.number == saved.revision.number, "another revision was loaded"
    assert await read_files(stored) == files, "the files are not those that were saved"
    assert await stored.document("local_storage.json") == b"{}", "a document is another one"
    assert await stored.document("cookies.json") == b"", "an empty document is not empty"
    assert (stored.browser, stored.captured_at) == (_CHROMIUM, _NOON), "what wrote it was lost"
    assert (await stage.other.verify(stage.session())).ok, "a healthy store does not verify"
    await _refuses(
        SnapshotNotFound, stored.document("other"), "a document that was never saved is given"
    )


async def _saving_again_stores_only_what_changed(stage: _Stage) -> None:
    lease = await stage.store.acquire(stage.session(), "one")
    log = _noise(40 * _CHUNK)
    first = await stage.store.save(_web(log=log), lease)
    again = await stage.store.save(_web(log=log), lease)
    assert again.unchanged, "an unchanged session was stored again"
    assert again.uploaded == 0, "an unchanged session was uploaded again"
    assert again.revision.number == first.revision.number, "an unchanged session got a revision"

    grown = await stage.store.save(_web(log=log + b"one line more"), lease)
    assert grown.revision.number > first.revision.number, "a later revision has no higher number"
    assert grown.uploaded < 4 * _CHUNK, f"one line more uploaded {grown.uploaded:,} bytes"
    assert await _content(stage.other, stage.session()) == {"log": log + b"one line more"}


async def _revisions_are_kept_and_kinds_apart(stage: _Stage) -> None:
    session = stage.session()
    lease = await stage.store.acquire(session, "one")
    older = (await stage.store.save(_web(log=b"older"), lease)).revision
    token = Snapshot.of_credentials({"token": "EAAG", "pin": "123456"})
    secret = (await stage.store.save(token, lease)).revision
    newer = (await stage.store.save(_web(log=b"newer"), lease)).revision
    assert older.number < secret.number < newer.number, "numbers do not grow over all kinds"

    history = await stage.other.history(session)
    assert [each.number for each in history] == [newer.number, secret.number, older.number]
    web = await stage.other.history(session, kind=Kind.WEB)
    assert [each.number for each in web] == [newer.number, older.number]
    loaded = await stage.other.load(session, revision=older.number)
    assert await read_files(loaded) == {"log": b"older"}, "an older revision has other content"
    credentials = await (await stage.other.load(session, kind=Kind.CREDENTIALS)).credentials()
    assert {name: value.reveal() for name, value in credentials.items()} == {
        "token": "EAAG",
        "pin": "123456",
    }
    await _refuses(
        SnapshotNotFound,
        stage.other.load(session, revision=newer.number + 1),
        "a revision that does not exist was loaded",
    )
    await _refuses(
        SnapshotNotFound, stage.other.load(stage.session("never")), "an unknown session was loaded"
    )


async def _one_owner_at_a_time(stage: _Stage) -> None:
    session = stage.session()
    assert await stage.store.holder(session) is None, "a session is held before it is acquired"
    first = await stage.store.acquire(session, "one", ttl=_LONG)
    await _refuses(LeaseTaken, stage.other.acquire(session, "two"), "two owners hold one session")
    holder = await stage.other.holder(session)
    assert holder is not None, "nobody holds a session that was acquired"
    assert (holder.owner, holder.epoch) == ("one", first.epoch)
    renewed = await stage.store.renew(first)
    assert renewed.ends_at >= first.ends_at, "renewing shortened a lease"
    await stage.store.release(renewed)
    await stage.store.release(renewed)
    second = await stage.other.acquire(session, "two", ttl=_LONG)
    assert second.epoch > first.epoch, "a later owner has no higher epoch"
    await _refuses(
        OwnershipLost, stage.store.save(_web(log=b"old"), first), "a released lease may write"
    )
    again = await stage.other.acquire(session, "two", ttl=_LONG)
    assert again.epoch > second.epoch, "an owner that comes back has no higher epoch"
    await _refuses(OwnershipLost, stage.other.renew(second), "a lease outlived its successor")


async def _an_owner_that_ended_changes_nothing(stage: _Stage) -> None:
    session = stage.session()
    old = await stage.store.acquire(session, "old", ttl=_SHORT)
    await stage.store.save(_web(log=b"first"), old)
    new = await stage.other.acquire(session, "new", ttl=_LONG, wait=_PATIENCE)
    assert new.epoch > old.epoch, "a later owner has no higher epoch"
    await stage.other.save(_web(log=b"second"), new)
    before = await stage.other.history(session)

    lost = "an owner whose lease has ended may still "
    await _refuses(OwnershipLost, stage.store.save(_web(log=b"late"), old), lost + "save")
    await _refuses(OwnershipLost, stage.store.renew(old), lost + "renew")
    await _refuses(OwnershipLost, stage.store.delete(old), lost + "delete")
    await stage.store.release(old)
    assert await stage.other.history(session) == before, lost + "change the history"
    holder = await stage.other.holder(session)
    assert holder is not None, lost + "end another one's lease"
    assert holder.epoch == new.epoch
    assert await _content(stage.store, session) == {"log": b"second"}
    assert (await stage.other.verify(session)).ok, lost + "damage what is stored"


async def _of_many_who_ask_one_gets_it(stage: _Stage) -> None:
    leases: list[Lease] = []

    async def ask(store: AuthStore, owner: str) -> None:
        try:
            leases.append(await store.acquire(stage.session(), owner, ttl=_LONG))
        except LeaseTaken:
            return

    async with anyio.create_task_group() as tasks:
        for number in range(10):
            store = stage.store if number % 2 else stage.other
            tasks.start_soon(ask, store, f"owner-{number}")
    assert len(leases) == 1, f"{len(leases)} of 10 owners got the session"


async def _a_stale_state_is_refused(stage: _Stage) -> None:
    session = stage.session()
    lease = await stage.store.acquire(session, "one")
    first = (await stage.store.save(_web(log=b"first"), lease)).revision
    second = (await stage.store.save(_web(log=b"second"), lease, base=first.number)).revision
    await _refuses(
        StaleSnapshot,
        stage.store.save(_web(log=b"third"), lease, base=first.number),
        "a state that grew from an older revision replaced a newer one",
    )
    assert await _content(stage.other, session) == {"log": b"second"}
    await stage.store.save(_web(log=b"third"), lease, base=second.number)


@dataclass(slots=True)
class _Broken:
    """A file that vanishes while it is read, or that never ends."""

    size: int
    hangs: bool
    reached: anyio.Event

    async def read(self, offset: int, length: int) -> bytes:
        if offset == 0:
            return _noise(length, seed=offset)
        self.reached.set()
        if self.hangs:
            await anyio.sleep_forever()
        raise SourceChanged


async def _a_save_is_whole_or_absent(stage: _Stage) -> None:
    session = stage.session()
    lease = await stage.store.acquire(session, "one")
    await stage.store.save(_web(log=b"whole"), lease)

    def broken(*, hangs: bool) -> tuple[Snapshot, anyio.Event]:
        reached = anyio.Event()
        source = _Broken(200 * _CHUNK, hangs, reached)
        return replace(_web(), files=(SnapshotFile("log", source),)), reached

    vanishing, _ = broken(hangs=False)
    await _refuses(
        SourceChanged, stage.store.save(vanishing, lease), "half a file was stored as a whole one"
    )
    endless, reached = broken(hangs=True)
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(stage.store.save, endless, lease)
        await reached.wait()
        tasks.cancel_scope.cancel()
    assert len(await stage.other.history(session)) == 1, "a save that failed left a revision"
    assert await _content(stage.other, session) == {"log": b"whole"}, "the one before is damaged"
    await stage.store.save(_web(log=b"next"), lease)
    assert await _content(stage.other, session) == {"log": b"next"}, "it cannot be saved any more"
    assert (await stage.other.verify(session)).ok


async def _sessions_do_not_mix(stage: _Stage) -> None:
    names = [f"session-{number}" for number in range(5)]

    async def work(name: str) -> None:
        session = stage.session(name)
        lease = await stage.store.acquire(session, "one")
        for turn in range(3):
            await stage.store.save(_web(log=_noise(_CHUNK) + f"{name} {turn}".encode()), lease)

    async with anyio.create_task_group() as tasks:
        for name in names:
            tasks.start_soon(work, name)
    for name in names:
        expected = {"log": _noise(_CHUNK) + f"{name} 2".encode()}
        assert await _content(stage.other, stage.session(name)) == expected
    listed = await stage.other.sessions(stage.workspace)
    assert listed == [stage.session(name) for name in names], "sessions are not all listed"
    assert set(listed) <= set(await stage.other.sessions())


async def _what_is_deleted_is_gone(stage: _Stage) -> None:
    session = stage.session()
    lease = await stage.store.acquire(session, "one")
    await stage.store.save(_web(log=b"gone"), lease)
    await stage.store.delete(lease)
    assert await stage.other.history(session) == [], "a deleted session has revisions"
    assert await stage.other.sessions(stage.workspace) == [], "a deleted session is listed"
    await _refuses(SnapshotNotFound, stage.other.load(session), "a deleted session was loaded")
    saved = await stage.store.save(_web(log=b"again"), lease)
    assert saved.revision.number > 1, "the number of a deleted revision was used again"
    await stage.store.delete(lease)
    await stage.store.release(lease)
    later = await stage.other.acquire(session, "two")
    assert later.epoch > lease.epoch, "a deleted session has lost its epoch"


_CHECKS: Sequence[Callable[[_Stage], Awaitable[None]]] = (
    _what_is_saved_is_loaded,
    _saving_again_stores_only_what_changed,
    _revisions_are_kept_and_kinds_apart,
    _one_owner_at_a_time,
    _an_owner_that_ended_changes_nothing,
    _of_many_who_ask_one_gets_it,
    _a_stale_state_is_refused,
    _a_save_is_whole_or_absent,
    _sessions_do_not_mix,
    _what_is_deleted_is_gone,
)
