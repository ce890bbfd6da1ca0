"""Every auth store keeps the promises of the seam, on real servers."""

from __future__ import annotations

from pathlib import Path

import anyio
import anyio.lowlevel
import pytest

from blazz.auth_stores import LocalAuth, MemoryAuth, RedisAuth, S3Auth
from blazz.auth_stores.memory import MemoryBackend
from blazz.auth_stores.record import Record
from blazz.testing.auth_stores import check_auth_store
from tests.sessions import RING


async def test_memory() -> None:
    shared = MemoryBackend()
    await check_auth_store(lambda: MemoryAuth(shared, keyring=RING))


async def test_local(tmp_path: Path) -> None:
    await check_auth_store(lambda: LocalAuth(tmp_path / "store"))


async def test_redis(redis_url: str) -> None:
    await check_auth_store(lambda: RedisAuth(redis_url, keyring=RING))


async def test_s3(s3_url: str) -> None:
    await check_auth_store(lambda: S3Auth(s3_url, keyring=RING))


async def test_it_may_run_again_on_the_same_storage(tmp_path: Path) -> None:
    for _ in range(2):
        await check_auth_store(lambda: LocalAuth(tmp_path / "store"))
    async with LocalAuth(tmp_path / "store") as store:
        assert await store.sessions() == []


# A check that cannot fail proves nothing: stores that break one promise each.


class _ForgetsEpochs(MemoryBackend):
    async def swap_record(self, session, content, *, expected):
        record = Record.decode(content)
        if not record.entries:
            content = Record(epoch=0, holding=record.holding).encode()
        await super().swap_record(session, content, expected=expected)


class _IgnoresTheCondition(MemoryBackend):
    async def read_record(self, session):
        found = await super().read_record(session)
        await anyio.lowlevel.checkpoint()  # time for others, as a server far away gives it
        return found

    async def swap_record(self, session, content, *, expected):
        now = await super().read_record(session)
        await super().swap_record(session, content, expected=now)


class _LosesBlobs(MemoryBackend):
    async def put(self, session, name, blob):
        if "/packs/" not in name or len(self.blobs[session]) < 2:
            await super().put(session, name, blob)


class _GarblesBlobs(MemoryBackend):
    async def get(self, session, name):
        blob = await super().get(session, name)
        return blob and blob[:-1] + b"!"


@pytest.mark.parametrize("kind", [_ForgetsEpochs, _IgnoresTheCondition, _LosesBlobs, _GarblesBlobs])
async def test_a_backend_that_breaks_a_promise_is_found_out(kind: type[MemoryBackend]) -> None:
    shared = kind()

    with pytest.raises(Exception) as found:  # noqa: PT011  # an assertion or the store's own error
        await check_auth_store(lambda: MemoryAuth(shared, keyring=RING))
    assert not isinstance(found.value, TypeError)


class _StoresAgain(MemoryAuth):
    async def save(self, snapshot, lease, **options):
        return await super().save(snapshot, lease, **options, refresh=0)

    async def load(self, session, **options):
        return await super().load(session)


async def test_a_store_that_ignores_what_is_asked_is_found_out() -> None:
    shared = MemoryBackend()

    with pytest.raises(AssertionError):
        await check_auth_store(lambda: _StoresAgain(shared, keyring=RING))
