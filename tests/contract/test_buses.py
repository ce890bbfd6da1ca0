"""Every bus keeps the promises of the seam."""

from __future__ import annotations

from typing import Any

import anyio
import pytest
from redis.asyncio import Redis

from blazz.errors import BacklogLost, BusUnavailable
from blazz.realtime.bus.memory import MemoryBus
from blazz.realtime.bus.redis import RedisBus
from blazz.testing.bus import check_bus


async def test_the_bus_in_memory() -> None:
    await check_bus(MemoryBus(backlog=60), backlog=60)


async def test_the_bus_in_redis(redis_url: str) -> None:
    bus = RedisBus(redis_url, backlog=60)
    await bus.open()
    await check_bus(bus, backlog=60)
    await bus.close()


async def test_processes_share_a_bus_in_redis(redis_url: str) -> None:
    ours, theirs = RedisBus(redis_url), RedisBus(redis_url)
    start = await ours.newest()
    published = await theirs.publish("c", "n", "{}")

    assert await anext(ours.follow(after=start)) == published
    await ours.close()
    await theirs.close()


async def test_a_redis_that_lost_its_data_is_a_new_bus(redis_url: str) -> None:
    bus = RedisBus(redis_url)
    for _ in range(3):
        old = await bus.publish("c", "old", "{}")
    redis = Redis.from_url(redis_url)
    await redis.flushall()
    await redis.aclose()

    for _ in range(5):
        new = await bus.publish("c", "new", "{}")
    with pytest.raises(BacklogLost):
        await anext(bus.follow(after=old.cursor))
    assert await bus.newest() == new.cursor
    await bus.close()


async def test_a_follower_notices_that_redis_lost_its_data(redis_url: str) -> None:
    bus = RedisBus(redis_url)
    old = await bus.publish("c", "old", "{}")
    follower = bus.follow(after=old.cursor)
    outcome: list[Exception] = []

    async def follow() -> None:
        try:
            await anext(follower)
        except BacklogLost as error:
            outcome.append(error)

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await anyio.lowlevel.checkpoint()
        redis = Redis.from_url(redis_url)
        await redis.flushall()
        await redis.aclose()
    assert outcome
    await bus.close()


@pytest.mark.parametrize("kind", ["memory", "redis"])
async def test_closing_ends_its_followers(kind: str, redis_url: str) -> None:
    bus = MemoryBus() if kind == "memory" else RedisBus(redis_url)
    start = await bus.newest()
    seen: list[str] = []
    is_seen = anyio.Event()

    async def follow() -> None:
        async for notice in bus.follow(after=start):
            seen.append(notice.name)
            is_seen.set()

    async with anyio.create_task_group() as tasks:
        tasks.start_soon(follow)
        await bus.publish("c", "last", "{}")
        await is_seen.wait()
        await bus.close()
    assert seen == ["last"]


async def test_a_publication_whose_answer_was_lost_is_published_once(redis_url: str) -> None:
    bus = RedisBus(redis_url)
    script, calls = bus._publish, []

    async def twice(**call: Any) -> Any:
        calls.append(await script(**call))
        return await script(**call)

    bus._publish = twice  # type: ignore[assignment]
    notice = await bus.publish("c", "n", "{}")
    assert await bus.newest() == notice.cursor
    assert calls
    await bus.close()


async def test_a_server_that_is_away_has_a_name() -> None:
    bus = RedisBus("redis://127.0.0.1:1")
    with pytest.raises(BusUnavailable, match=r"redis://127.0.0.1:1/0 does not answer"):
        await bus.open()
    await bus.close()
