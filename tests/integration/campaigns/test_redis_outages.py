"""Redis goes away, comes back, and comes back with nothing; the engine and the limiter go on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager

import anyio
import pytest
from anyio import to_thread

from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.engine.streaq import StreaqEngine
from blazz.campaigns.limiter.base import Limit
from blazz.campaigns.limiter.redis import RedisLimiter
from blazz.campaigns.priority import Priority
from blazz.errors import (
    ConfigurationError,
    EngineUnavailable,
    InvalidValue,
    LimiterUnavailable,
)
from tests.servers.redis import RedisServer


class Handled:
    """Chunks that were handled, each let go by hand if it is held."""

    def __init__(self) -> None:
        self.seen: list[ChunkId] = []
        self.ended: list[ChunkId] = []
        self.hold = anyio.Event()
        self.held: set[ChunkId] = set()

    async def handle(self, chunk: ChunkId) -> None:
        self.seen.append(chunk)
        if chunk in self.held:
            await self.hold.wait()
        self.ended.append(chunk)

    async def until(self, condition: Callable[[], bool]) -> None:
        with anyio.fail_after(30):
            while True:
                if condition():
                    return
                await anyio.sleep(0.01)


@asynccontextmanager
async def serving(engine: StreaqEngine, handled: Handled) -> AsyncIterator[None]:
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(engine.run, handled.handle)
        yield
        await engine.close()


async def offer(engine: StreaqEngine, chunk: ChunkId) -> None:
    """Offer it as a dispatcher does: until it is taken."""
    with anyio.fail_after(30):
        while True:
            try:
                await engine.offer(chunk)
            except EngineUnavailable:
                await anyio.sleep(0.05)
            else:
                return


@pytest.mark.parametrize("with_its_data", [True, False])
async def test_the_engine_goes_on(redis_server: RedisServer, with_its_data: bool) -> None:
    first, held, waiting, later = (ChunkId(1, number) for number in range(1, 5))
    handled = Handled()
    handled.held = {held, waiting}
    engine = StreaqEngine(redis_server.url, concurrency=1, reserve=0, recovery=2)
    async with serving(engine, handled):
        for chunk in (first, held, waiting):
            await offer(engine, chunk)
        await handled.until(lambda: held in handled.seen)

        if not with_its_data:
            redis_server.empty()
        await to_thread.run_sync(redis_server.kill)
        with pytest.raises(EngineUnavailable):
            await engine.offer(later)
        handled.hold.set()
        await handled.until(lambda: held in handled.ended)

        await to_thread.run_sync(redis_server.start)
        await offer(engine, later)
        await handled.until(lambda: later in handled.ended)
        if with_its_data:
            await handled.until(lambda: waiting in handled.ended)


async def test_an_engine_that_starts_before_redis_waits_for_it(redis_server: RedisServer) -> None:
    redis_server.stop()
    handled = Handled()
    engine = StreaqEngine(redis_server.url)
    async with serving(engine, handled):
        with pytest.raises(EngineUnavailable):
            await engine.offer(ChunkId(1, 1))
        await to_thread.run_sync(redis_server.start)
        await offer(engine, ChunkId(1, 1))
        await handled.until(lambda: handled.ended == [ChunkId(1, 1)])


async def test_a_chunk_of_an_engine_that_died_goes_to_another(redis_url: str) -> None:
    handled = Handled()
    dead = StreaqEngine(redis_url, concurrency=1, recovery=1)
    living = StreaqEngine(redis_url, concurrency=1, recovery=1)
    taken = anyio.Event()

    async def never(_chunk: ChunkId) -> None:
        taken.set()
        await anyio.sleep_forever()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(dead.run, never)
        await dead.offer(ChunkId(1, 1))
        await taken.wait()
        # While it runs it is renewed; what is offered beside it is queued beside it.
        await dead.offer(ChunkId(1, 1))
        async with serving(living, handled):
            await handled.until(lambda: handled.ended == [ChunkId(1, 1)])
        tasks.cancel_scope.cancel()
    await dead.close()


@pytest.mark.parametrize("with_its_data", [True, False])
async def test_the_limiter_grants_at_most_one_burst_more(
    redis_server: RedisServer, with_its_data: bool
) -> None:
    limiter = RedisLimiter(redis_server.url)
    slow = Limit(1 / 600, burst=20)

    async def take() -> int:
        return (await limiter.acquire("n", 100, limit=slow, priority=Priority.NORMAL)).granted

    assert await take() == 20
    if not with_its_data:
        redis_server.empty()
    await to_thread.run_sync(redis_server.kill)
    with pytest.raises(LimiterUnavailable):
        await take()
    await to_thread.run_sync(redis_server.start)
    assert await take() == (0 if with_its_data else 20)
    await limiter.close()


def test_contradictory_settings_are_refused() -> None:
    for wrong in ({"concurrency": 0}, {"reserve": -1}, {"recovery": 0.5}):
        with pytest.raises(InvalidValue):
            StreaqEngine("redis://localhost", **wrong)  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError):
        RedisLimiter("postgresql://localhost")


async def test_a_password_that_is_wrong_is_not_waited_for(redis_url: str) -> None:
    url = redis_url.replace("redis://", "redis://nobody:wrong@")
    limiter, engine = RedisLimiter(url), StreaqEngine(url)
    with pytest.raises(ConfigurationError, match="turned us away"):
        await limiter.acquire("n", 1, limit=Limit(1.0))
    with pytest.raises(ConfigurationError, match="turned us away") as caught:
        await engine.offer(ChunkId(1, 1))
    assert "wrong@" not in str(caught.value)
    await limiter.close()
    await engine.close()
