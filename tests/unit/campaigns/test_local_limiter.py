"""The limiter's arithmetic: no span of time ever sees more than its limit."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.limiter import local
from blazz.campaigns.limiter.base import Grant, Limit
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.priority import Priority
from blazz.errors import InvalidValue

LIMITS = st.builds(Limit, st.sampled_from([0.5, 1.0, 78.0, 80.0, 1000.0]), st.integers(1, 300))
REQUESTS = st.lists(
    st.tuples(st.floats(0, 2), st.integers(1, 400), st.sampled_from(Priority)), max_size=40
)


class Clock:
    """A clock that stands still until it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@given(LIMITS, REQUESTS)
async def test_no_span_gets_more_than_its_burst_and_rate(
    limit: Limit, requests: list[tuple[float, int, Priority]]
) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    granted: list[tuple[float, int]] = []
    for pause, n, priority in requests:
        clock.now += pause
        grant = await limiter.acquire("a", n, limit=limit, priority=priority)
        assert 0 <= grant.granted <= n
        assert (grant.wait > 0) == (grant.granted == 0)
        granted.append((clock.now, grant.granted))
    for start in range(len(granted)):
        total = 0
        for moment, count in granted[start:]:
            total += count
            assert total <= limit.burst + limit.rate * (moment - granted[start][0]) + 1e-3


@given(LIMITS, st.sampled_from(Priority))
async def test_after_the_wait_there_is_something(limit: Limit, priority: Priority) -> None:
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    await limiter.acquire("a", 10**6, limit=limit, priority=Priority.URGENT)
    grant = await limiter.acquire("a", 1, limit=limit, priority=priority)
    clock.now += grant.wait
    assert await limiter.acquire("a", 1, limit=limit, priority=priority) == Grant(1, 0.0)


async def test_keys_that_are_full_again_are_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(local, "_MOST_KEYS", 3)
    clock = Clock()
    limiter = LocalLimiter(clock=clock)
    limit = Limit(1.0, burst=2)
    for number in range(3):
        await limiter.acquire(str(number), 2, limit=limit, priority=Priority.NORMAL)
        clock.now += 1
    await limiter.acquire("3", 2, limit=limit, priority=Priority.NORMAL)
    assert {key for key, _ in limiter._arrivals} == {"2", "3"}


def test_a_limit_is_checked_and_shared_out() -> None:
    assert Limit(1000.0) == Limit(1000.0, 250)
    assert [Limit(80.0).share(priority) for priority in Priority] == [20, 20, 20, 16]
    assert Limit(1.0).share(Priority.CAMPAIGN) == 1, "a small burst still lets campaigns send"
    assert Limit(80.0).slowed(0.5) == Limit(40.0, 10)
    assert Limit(80.0).slowed(1.0) is not None
    for rate, burst in ((0.0, 1), (-1.0, 1), (float("inf"), 1), (float("nan"), 1), (1.0, -1)):
        with pytest.raises(InvalidValue, match="Limit"):
            Limit(rate, burst)
