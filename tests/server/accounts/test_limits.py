"""Rate limits: counted for each key, for all instances together, and said when to try again."""

from __future__ import annotations

import asyncio

import httpx
import pytest

from blazz.campaigns.limiter.base import Limit
from blazz_server.accounts.limits import REFUSALS, RateLimits
from blazz_server.errors import ApiError
from blazz_server.settings import Settings
from tests.server.conftest import MakeTenant
from tests.servers.redis import RedisServer

SLOW = Limit(0.01, 3)


@pytest.fixture
def settings(settings: Settings) -> Settings:
    slow = {"calls_per_second": SLOW.rate, "calls_at_once": SLOW.burst, "sandbox": "off"}
    return settings.model_copy(update=slow)


async def test_a_key_that_calls_too_often_is_told_when_to_call_again(tenant: MakeTenant) -> None:
    acme = await tenant("acme")

    answers = [await acme.api.get(acme.path) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
    refused = answers[-1]
    assert refused.json()["code"] == "rate_limited"
    assert int(refused.headers["Retry-After"]) == refused.json()["retry_after"]
    assert 90 < refused.json()["retry_after"] <= 100


async def test_one_key_takes_nothing_from_another(settings: Settings) -> None:
    limits = RateLimits("", SLOW)
    for _ in range(SLOW.burst):
        await limits.count("one")

    await limits.count("another")
    with pytest.raises(ApiError, match="too many calls"):
        await limits.count("one")


async def test_guesses_of_keys_are_slowed_down(anonymous: httpx.AsyncClient) -> None:
    wrong = {"Authorization": "Bearer bz_0123456789abcdef_" + "a" * 43}

    answers = [
        await anonymous.get("/v1/workspaces", headers=wrong) for _ in range(REFUSALS.burst + 1)
    ]

    assert [answer.status_code for answer in answers] == [401] * REFUSALS.burst + [429]
    assert "Retry-After" in answers[-1].headers


async def test_instances_count_together(redis_url: str) -> None:
    one, two = RateLimits(redis_url, SLOW), RateLimits(redis_url, SLOW)
    counted = await asyncio.gather(
        *(limits.count("key") for limits in (one, two) for _ in range(5)), return_exceptions=True
    )
    await one.close()
    await two.close()

    assert counted.count(None) == SLOW.burst


async def test_without_redis_each_instance_counts_for_itself(redis_server: RedisServer) -> None:
    limits = RateLimits(redis_server.url, SLOW)
    await limits.count("key")
    redis_server.kill()

    for _ in range(SLOW.burst):
        await limits.count("key")
    with pytest.raises(ApiError, match="too many calls"):
        await limits.count("key")
    await limits.close()
