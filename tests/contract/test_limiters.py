"""Every limiter keeps the promises of the seam."""

from __future__ import annotations

from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.limiter.redis import RedisLimiter
from blazz.testing.limiter import check_limiter


async def test_the_local_limiter() -> None:
    await check_limiter(LocalLimiter())


async def test_the_limiter_in_redis(redis_url: str) -> None:
    limiter = RedisLimiter(redis_url)
    await check_limiter(limiter)
    await limiter.close()
