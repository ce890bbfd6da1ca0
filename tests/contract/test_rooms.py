"""Rooms keep the promises of the seam, on one instance and on many."""

from __future__ import annotations

import pytest
from redis.asyncio import Redis

from blazz.errors import BusUnavailable, InvalidValue
from blazz.realtime.rooms.base import REMEMBERED, Departure, Seat, Turnover
from blazz.realtime.rooms.memory import MemoryRooms
from blazz.realtime.rooms.redis import RedisRooms
from blazz.testing.rooms import check_rooms

CHANNEL = "presence-chat.1"


async def test_rooms_in_memory() -> None:
    await check_rooms(MemoryRooms())


async def test_rooms_in_redis(redis_url: str) -> None:
    rooms = RedisRooms(redis_url)
    await rooms.open()
    await check_rooms(rooms)
    await rooms.close()
    assert await only_memories(redis_url), "nothing else is left behind"


async def test_what_was_last_is_forgotten_in_memory() -> None:
    now = 0.0
    rooms = MemoryRooms(clock=lambda: now)
    await rooms.remember("c", "n", "{}")
    now = REMEMBERED
    assert await rooms.last("c") is None


async def test_a_user_on_two_instances(redis_url: str) -> None:
    one, two = RedisRooms(redis_url), RedisRooms(redis_url)
    here, there = Seat(CHANNEL, "1.1", "7", "{}"), Seat(CHANNEL, "2.2", "7", "{}")
    assert await one.enter(here)
    assert not await two.enter(there)
    assert not await one.leave([here])
    assert not await one.leave([there]), "nobody gives up the seat of another instance"
    await two.close()
    assert await one.members(CHANNEL) == {}, "who closes gives up all seats"
    await one.close()


async def test_a_dead_instance_is_noticed_by_one(redis_url: str) -> None:
    dead = RedisRooms(redis_url)
    await dead.open()
    await dead.enter(Seat(CHANNEL, "1.1", "7", "{}"))
    await expire_all(redis_url)

    one, two = RedisRooms(redis_url), RedisRooms(redis_url)
    turnovers = [await one.keep_alive(), await two.keep_alive()]
    assert [list(it.departed) for it in turnovers] == [[Departure(CHANNEL, "7")], []]
    assert await one.occupied() == {}
    for rooms in (one, two, dead):
        await rooms.close()


async def test_an_instance_that_was_taken_for_dead_comes_back(redis_url: str) -> None:
    slept, other = RedisRooms(redis_url), RedisRooms(redis_url)
    await slept.open()
    seat = Seat(CHANNEL, "1.1", "7", "{}")
    await slept.enter(seat)
    await expire_all(redis_url)
    await other.keep_alive()

    assert await slept.keep_alive() == Turnover([seat], [])
    assert await other.members(CHANNEL) == {"7": "{}"}
    assert await slept.keep_alive() == Turnover([], [])
    await slept.close()
    await other.close()


async def test_a_server_that_is_away_has_a_name() -> None:
    rooms = RedisRooms("redis://127.0.0.1:1")
    with pytest.raises(BusUnavailable, match="does not answer"):
        await rooms.open()


@pytest.mark.parametrize("ttl", [0, 0.09, 3601])
def test_a_time_to_live_is_checked(ttl: float) -> None:
    with pytest.raises(InvalidValue, match=r"Rooms\.ttl"):
        RedisRooms("redis://127.0.0.1:1", ttl=ttl)


async def expire_all(url: str) -> None:
    """Let all instances have been silent for too long."""
    redis = Redis.from_url(url)
    for instance in await redis.zrange("blazz:{rooms}:instances", 0, -1):
        await redis.zadd("blazz:{rooms}:instances", {instance: 1.0})
    await redis.aclose()


async def keys(url: str) -> list[bytes]:
    redis = Redis.from_url(url)
    found: list[bytes] = sorted(await redis.keys("blazz:{rooms}:*"))
    await redis.aclose()
    return found


async def only_memories(url: str) -> bool:
    return all(b":last:" in key or key.endswith(b":instances") for key in await keys(url))
