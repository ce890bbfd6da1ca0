"""Both limiters do the same sums, whatever is asked of them and whenever."""

from __future__ import annotations

import asyncio
import itertools
from dataclasses import dataclass

from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.campaigns.limiter.base import Grant, Limit, Limiter, Quota
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.limiter.redis import RedisLimiter
from blazz.campaigns.priority import Priority


@dataclass
class Clock:
    now: float = 1.7e9

    def __call__(self) -> float:
        return self.now


LIMITS = st.builds(Limit, st.sampled_from([0.5, 7.0, 78.0, 980.0]), st.sampled_from([1, 5, 40]))
MEMBERS = st.lists(st.sampled_from("abcd"), max_size=5)
STEPS = st.one_of(
    st.tuples(st.just("acquire"), LIMITS, st.integers(1, 60), st.sampled_from(Priority)),
    st.tuples(st.just("acquire_each"), LIMITS, MEMBERS),
    st.tuples(st.just("admit"), st.builds(Quota, st.integers(1, 3), st.just(20.0)), MEMBERS),
    st.tuples(st.just("slow"), st.sampled_from([0.5, 0.75]), st.sampled_from([0.0, 1.0, 5.0])),
)
# Multiples of an eighth are exact in binary: the two must not differ by a rounding.
PAUSES = st.integers(0, 64).map(lambda eighths: eighths / 8)


async def do(limiter: Limiter, key: str, step: tuple[object, ...]) -> list[Grant]:
    match step:
        case ("acquire", Limit() as limit, int(n), Priority() as priority):
            return [await limiter.acquire(key, n, limit=limit, priority=priority)]
        case ("acquire_each", Limit() as limit, list(members)):
            return list(await limiter.acquire_each(key, members, limit=limit))
        case ("admit", Quota() as quota, list(members)):
            return list(await limiter.admit(key, members, quota=quota))
        case ("slow", float(cut), float(pause)):
            await limiter.slow(key, cut=cut, pause=pause)
    return []


def test_they_grant_the_same_at_the_same_time(redis_url: str) -> None:
    clock = Clock()
    keys = itertools.count()
    with asyncio.Runner() as runner:
        redis = RedisLimiter(redis_url, clock=clock)

        @settings(max_examples=60)
        @given(st.lists(st.tuples(PAUSES, STEPS), max_size=15))
        def tell(story: list[tuple[float, tuple[object, ...]]]) -> None:
            runner.run(compare(story))

        async def compare(story: list[tuple[float, tuple[object, ...]]]) -> None:
            local, key = LocalLimiter(clock=clock), str(next(keys))
            for pause, step in story:
                clock.now += pause
                ours, theirs = await do(local, key, step), await do(redis, key, step)
                assert [it.granted for it in ours] == [it.granted for it in theirs], step
                for one, other in zip(ours, theirs, strict=True):
                    assert abs(one.wait - other.wait) < 1e-4

        tell()
        runner.run(redis.close())
