"""Every limiter keeps the promises of the seam."""

from __future__ import annotations

from blazz.campaigns.limiter.local import LocalLimiter
from blazz.testing.limiter import check_limiter


async def test_the_local_limiter() -> None:
    await check_limiter(LocalLimiter())
