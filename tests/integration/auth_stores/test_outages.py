"""Servers that go away in the middle, disks that are full, servers that are unfit."""

from __future__ import annotations

import asyncio
import logging
import sys
import textwrap
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import pytest
from redis.asyncio import Redis

from blazz.auth_stores import (
    LeaseKeeper,
    LocalAuth,
    RedisAuth,
    S3Auth,
    Settings,
    SnapshotFile,
    from_url,
)
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import StoreFull, StoreUnavailable, UnsuitableStore
from blazz.testing.auth_stores import read_files
from tests.servers.process import ServerProcess, answers, free_port
from tests.servers.proxy import Proxy
from tests.servers.redis import RedisServer
from tests.servers.s3 import S3Server
from tests.sessions import RING, SESSION, noise, web

SMALL = Settings(chunk_bytes=4096, pack_bytes=16_384)


@dataclass
class Reached:
    """A store that is reached through a proxy."""

    store: SnapshotStore
    proxy: Proxy


@pytest.fixture(params=["redis", "s3"])
async def reached(request: pytest.FixtureRequest) -> AsyncIterator[Reached]:
    if request.param == "redis":
        redis: RedisServer = request.getfixturevalue("redis_server")
        proxy = Proxy(redis.port)
        url = f"redis://127.0.0.1:{proxy.port}/0"
    else:
        s3: S3Server = request.getfixturevalue("s3_server")
        proxy = Proxy(s3.port)
        url = s3.url(endpoint=f"http://127.0.0.1:{proxy.port}")
    async with from_url(url, keyring=RING, settings=SMALL) as store:
        yield Reached(store, proxy)
    proxy.close()


class _CutsIn:
    """A file in whose middle the connection breaks."""

    size = 400_000

    def __init__(self, proxy: Proxy, *, drop_answers: bool) -> None:
        self._proxy = proxy
        self._drop_answers = drop_answers

    async def read(self, offset: int, length: int) -> bytes:
        if offset > 0 and self._drop_answers:
            self._proxy.drop_answers = True
        elif offset > 0:
            self._proxy.cut()
        return noise(self.size)[offset : offset + length]


@pytest.mark.parametrize("drop_answers", [False, True])
async def test_a_server_that_goes_away_in_the_middle_of_a_save(
    reached: Reached, drop_answers: bool
) -> None:
    store = reached.store
    lease = await store.acquire(SESSION, "one")
    await store.save(web({"log": b"before"}), lease)
    source = _CutsIn(reached.proxy, drop_answers=drop_answers)

    with pytest.raises(StoreUnavailable, match=r"redis://|s3://"):
        await store.save(replace(web(), files=(SnapshotFile("log", source),)), lease)
    reached.proxy.mend()

    assert await read_files(await store.load(SESSION)) == {"log": b"before"}
    await store.save(web({"log": noise(400_000)}), lease)
    assert await read_files(await store.load(SESSION)) == {"log": noise(400_000)}
    assert (await store.verify(SESSION)).ok


async def test_a_keeper_gives_up_when_the_server_stays_away(reached: Reached) -> None:
    lease = await reached.store.acquire(SESSION, "one", ttl=4)
    remaining: list[float] = []

    async def stop() -> None:
        remaining.append(keeper.lease.remaining())

    keeper = LeaseKeeper(reached.store, lease, on_lost=stop)
    reached.proxy.cut()
    async with asyncio.timeout(60):
        await keeper.run()

    assert remaining[0] > 0


async def test_a_redis_that_crashes_keeps_what_it_confirmed(redis_server: RedisServer) -> None:
    async with RedisAuth(redis_server.url, keyring=RING) as store:
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": noise(200_000)}), lease)
        redis_server.kill()
        with pytest.raises(StoreUnavailable):
            await store.save(web({"log": b"lost"}), lease)
        redis_server.start()

        assert await read_files(await store.load(SESSION)) == {"log": noise(200_000)}
        await store.save(web({"log": b"after"}), lease)
        assert (await store.verify(SESSION)).ok


# Fit or unfit


async def test_a_redis_that_evicts_is_refused(redis_url: str) -> None:
    async with Redis.from_url(redis_url) as admin:
        await admin.config_set("maxmemory-policy", "allkeys-lru")
        try:
            with pytest.raises(UnsuitableStore, match="CONFIG SET maxmemory-policy noeviction"):
                await RedisAuth(redis_url, keyring=RING).open()
            await admin.config_set("maxmemory-policy", "volatile-lru")
            store = RedisAuth(redis_url, keyring=RING)
            await store.open()
            await store.close()
        finally:
            await admin.config_set("maxmemory-policy", "noeviction")
    assert any("volatile-lru" in warning for warning in store.warnings)


async def test_a_redis_that_forgets_is_warned_of(
    redis_url: str, redis_server: RedisServer, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.WARNING):
        async with RedisAuth(redis_url, keyring=RING) as store:
            assert any("appendonly yes" in warning for warning in store.warnings)
    assert "appendonly yes" in caplog.text
    async with RedisAuth(redis_server.url, keyring=RING) as store:
        assert store.warnings == ()


async def test_a_redis_without_room_says_so_and_keeps_what_it_has(
    redis_server: RedisServer,
) -> None:
    async with (
        Redis.from_url(redis_server.url) as admin,
        RedisAuth(redis_server.url, keyring=RING) as store,
    ):
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": b"before"}), lease)
        used = (await admin.info("memory"))["used_memory"]
        await admin.config_set("maxmemory", used + 100_000)

        with pytest.raises(StoreFull, match="maxmemory"):
            await store.save(web({"log": noise(3_000_000)}), lease)
        assert await read_files(await store.load(SESSION)) == {"log": b"before"}
        async with RedisAuth(redis_server.url, keyring=RING) as other:
            assert any("are in use" in warning for warning in other.warnings)

        await admin.config_set("maxmemory", 0)
        await store.save(web({"log": noise(3_000_000)}), lease)
        assert (await store.verify(SESSION)).ok


async def test_a_server_that_is_not_there_is_unavailable() -> None:
    with pytest.raises(StoreUnavailable):
        await RedisAuth(f"redis://127.0.0.1:{free_port()}", keyring=RING).open()


async def test_a_bucket_that_is_not_there_is_unavailable(s3_server: S3Server) -> None:
    url = f"s3://no-such-bucket/x?endpoint={s3_server.endpoint}&region=us-east-1"

    with pytest.raises(StoreUnavailable, match="s3://no-such-bucket/x"):
        await S3Auth(url, keyring=RING).open()


# An S3 that takes every write, whatever its conditions.
CARELESS = textwrap.dedent("""
    import http.server, sys
    objects = {}
    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        def do_PUT(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            first = "If-None-Match" in self.headers
            if sys.argv[2] == "501" and (first or "If-Match" in self.headers):
                return self.answer(501)
            if sys.argv[2] == "412" and not (first and self.path not in objects):
                return self.answer(412)
            objects[self.path] = body
            self.answer(200)
        def do_POST(self):
            body = self.rfile.read(int(self.headers["Content-Length"]))
            key = body.partition(b"<Key>")[2].partition(b"</Key>")[0]
            answer = b"<DeleteResult><Deleted><Key>%s</Key></Deleted></DeleteResult>"
            self.answer(200, answer % key)
        def answer(self, status, body=b""):
            self.send_response(status)
            self.send_header("ETag", '"1"')
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)
        def log_message(self, *_): pass
    http.server.ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Handler).serve_forever()
""")


@pytest.fixture(params=["200", "501", "412"])
def careless_s3(request: pytest.FixtureRequest, s3_server: S3Server) -> Iterator[str]:
    port, server = free_port(), ServerProcess("careless-s3", as_us=True)
    command = [sys.executable, "-c", CARELESS, str(port), request.param]
    server.start(command, ready=lambda: answers(port))
    yield f"s3://bucket/x?endpoint=http://127.0.0.1:{port}&region=us-east-1"
    server.remove()


async def test_a_bucket_without_conditional_writes_is_refused(careless_s3: str) -> None:
    with pytest.raises(UnsuitableStore, match="condition"):
        await S3Auth(careless_s3, keyring=RING).open()


# Full disks

LIMITED = textwrap.dedent("""
    import asyncio, resource, sys
    from blazz.auth_stores import LocalAuth
    from blazz.errors import StoreFull
    from tests.sessions import SESSION, noise, web
    async def main():
        async with LocalAuth(sys.argv[1]) as store:
            lease = await store.acquire(SESSION, "one")
            resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
            try:
                await store.save(web({"log": noise(600_000)}), lease)
            except StoreFull as error:
                print("full:", error)
    asyncio.run(main())
""")


async def test_a_file_that_the_system_cuts_off_is_no_revision(tmp_path: Path) -> None:
    async with LocalAuth(tmp_path) as store:
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": b"before"}), lease)
        await store.release(lease)

    root = Path(__file__).parents[3]
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", LIMITED, str(tmp_path)), cwd=root, stdout=asyncio.subprocess.PIPE
    )
    output, _ = await process.communicate()

    assert output.startswith(b"full: file://")
    async with LocalAuth(tmp_path) as store:
        assert await read_files(await store.load(SESSION)) == {"log": b"before"}
        lease = await store.acquire(SESSION, "one")
        await store.save(web({"log": noise(600_000)}), lease)
        verification = await store.verify(SESSION)
        assert (verification.ok, verification.unreferenced) == (True, 0)
