"""The subjects of `benchmarks.limiter`: each takes what the limiter grants for a while."""

from __future__ import annotations

import asyncio
import json
import sys
import time

from blazz.campaigns.limiter.base import Limit
from blazz.campaigns.limiter.redis import RedisLimiter
from blazz.campaigns.priority import Priority

AT_ONCE = 25
TICK = 0.05
URGENT_EVERY = 0.25


async def take(limiter: RedisLimiter, rate: float, seconds: float) -> dict[str, float]:
    """Take all that is granted to campaigns, a batch at a time as a worker does."""
    granted = calls = 0
    end = time.perf_counter() + seconds
    while (left := end - time.perf_counter()) > 0:
        grant = await limiter.acquire(f"n{rate}", AT_ONCE, limit=Limit(rate))
        granted += grant.granted
        calls += 1
        await asyncio.sleep(min(left, max(TICK, grant.wait)))
    return {"granted": granted, "calls": calls}


async def hurry(limiter: RedisLimiter, rate: float, seconds: float) -> dict[str, float]:
    """Ask for an urgent message now and then; note the longest wait."""
    granted, longest = 0, 0.0
    end = time.perf_counter() + seconds
    while (began := time.perf_counter()) < end:
        while True:
            grant = await limiter.acquire(
                f"n{rate}", 1, limit=Limit(rate), priority=Priority.URGENT
            )
            if grant.granted:
                break
            await asyncio.sleep(grant.wait)
        granted += 1
        longest = max(longest, time.perf_counter() - began)
        await asyncio.sleep(URGENT_EVERY)
    return {"granted": granted, "longest": longest}


async def main() -> None:
    """Do what each line asks for."""
    limiter = RedisLimiter(sys.argv[1])
    for line in sys.stdin:  # nothing else runs: waiting for a line blocks nobody
        what, rate, start, seconds = line.split()
        await asyncio.sleep(float(start) - time.time())
        work = take if what == "take" else hurry
        print(json.dumps(await work(limiter, float(rate), float(seconds))), flush=True)
    await limiter.close()


if __name__ == "__main__":
    asyncio.run(main())
