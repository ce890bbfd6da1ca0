"""Rate limits of keys: counted in Redis for all instances together, or here for this one."""

from __future__ import annotations

import logging
import math
from typing import Final

from blazz.campaigns.limiter.base import Limit, Limiter
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.priority import Priority
from blazz.errors import LimiterUnavailable
from blazz_server.errors import ApiError

REFUSALS: Final = Limit(0.5, 20)
"""How many calls with a wrong key an address may make."""

log = logging.getLogger(__name__)


class RateLimits:
    """Counts calls.

    Args:
        redis_url: Where they are counted; without it, in this process.
        limit: How many calls each key may make.
    """

    def __init__(self, redis_url: str, limit: Limit) -> None:
        self._limit = limit
        self._here = LocalLimiter()
        self._shared: Limiter = _redis(redis_url) if redis_url else self._here

    async def count(self, key_id: str) -> None:
        """Count a call of a key.

        Raises:
            ApiError: It makes too many; says after how many seconds it may call again.
        """
        await self._take(f"key:{key_id}", self._limit, "this key makes too many calls")

    async def count_refusal(self, address: str) -> None:
        """Count a call with a wrong key, by where it comes from.

        Raises:
            ApiError: Too many come from there.
        """
        await self._take(f"address:{address}", REFUSALS, "too many calls with a wrong key")

    async def close(self) -> None:
        """Let go of connections."""
        await self._shared.close()

    async def _take(self, key: str, limit: Limit, detail: str) -> None:
        try:
            grant = await self._shared.acquire(key, 1, limit=limit, priority=Priority.URGENT)
        except LimiterUnavailable:
            # Better a limit for each instance than none, and than no answers.
            log.warning("the limiter's server does not answer; calls are counted here")
            grant = await self._here.acquire(key, 1, limit=limit, priority=Priority.URGENT)
        if not grant.granted:
            seconds = max(1, math.ceil(grant.wait))
            raise ApiError(
                429,
                "rate_limited",
                f"{detail}; try again in {seconds} s",
                headers={"Retry-After": str(seconds)},
                retry_after=seconds,
            )


def _redis(url: str) -> Limiter:
    from blazz.campaigns.limiter.redis import RedisLimiter

    return RedisLimiter(url, prefix="blazz:server:calls")
