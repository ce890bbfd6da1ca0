"""Every engine keeps the promises of the seam."""

from __future__ import annotations

import itertools

from blazz.campaigns.engine.local import LocalEngine
from blazz.campaigns.engine.streaq import StreaqEngine
from blazz.testing.engine import check_engine


async def test_the_local_engine() -> None:
    await check_engine(LocalEngine)


async def test_the_engine_in_redis(redis_url: str) -> None:
    names = itertools.count()
    await check_engine(lambda: StreaqEngine(redis_url, concurrency=2, queue=f"q{next(names)}"))
