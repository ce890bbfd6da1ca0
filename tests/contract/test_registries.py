"""Every registry keeps the promises of the seam."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from blazz.cluster.placement import Instance
from blazz.cluster.registry.memory import MemoryRegistry
from blazz.cluster.registry.redis import RedisRegistry
from blazz.errors import InvalidValue, RegistryUnavailable
from blazz.testing.registry import check_registry

EAST = Instance(name="east", address="http://east")


async def test_the_registry_in_memory() -> None:
    await check_registry(MemoryRegistry())


async def test_the_registry_in_redis(redis_url: str) -> None:
    registry = RedisRegistry(redis_url)
    await registry.open()
    await check_registry(registry)
    await registry.close()


async def test_a_silent_instance_is_not_alive_in_memory() -> None:
    now = 100.0
    registry = MemoryRegistry(ttl=15, clock=lambda: now)
    await registry.announce(EAST)
    now += 14.9
    assert await registry.instances() == [EAST]
    now += 0.1
    assert await registry.instances() == []


async def test_a_silent_instance_is_not_alive_in_redis(redis_url: str) -> None:
    registry = RedisRegistry(redis_url)
    await registry.announce(EAST)
    assert await registry.instances() == [EAST]
    redis = Redis.from_url(redis_url)
    await redis.zadd("blazz:{cluster}:alive", {"east": 1.0})
    await redis.aclose()
    assert await registry.instances() == []
    await registry.close()


async def test_a_server_that_is_away_has_a_name() -> None:
    registry = RedisRegistry("redis://127.0.0.1:1")
    with pytest.raises(RegistryUnavailable, match="does not answer"):
        await registry.open()


@pytest.mark.parametrize("ttl", [0, 0.09, 3601])
def test_a_time_to_live_is_checked(ttl: float) -> None:
    with pytest.raises(InvalidValue, match=r"Registry\.ttl"):
        MemoryRegistry(ttl=ttl)
