"""How a number slows down and recovers."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.limiter.adaptive import ONE_BURST, RECOVERY, SLOWEST, Throttle
from blazz.campaigns.limiter.base import Limit
from blazz.campaigns.limiter.local import LocalLimiter
from blazz.campaigns.priority import Priority


def test_a_complaint_halves_the_rate_once_per_burst() -> None:
    throttle = Throttle().slowed(100, cut=0.5, pause=1)
    assert (throttle.factor_at(100), throttle.rest_until) == (0.5, 101)
    throttle = throttle.slowed(100.5, cut=0.5, pause=1)
    assert (throttle.factor_at(100), throttle.rest_until) == (0.5, 101.5)
    assert throttle.slowed(101, cut=0.5, pause=1).factor_at(101) == (0.5 + RECOVERY) / 2


def test_a_number_never_stops_altogether_and_wins_its_rate_back() -> None:
    throttle = Throttle()
    for second in range(0, 40, 2):
        throttle = throttle.slowed(second, cut=0.5, pause=0)
    assert SLOWEST <= throttle.factor_at(38) < 3 * SLOWEST
    assert throttle.factor_at(throttle.over_at()) == 1.0


def test_a_rest_is_as_long_as_the_longest_that_was_asked_for() -> None:
    throttle = Throttle().slowed(100, cut=0.5, pause=60).slowed(110, cut=0.5, pause=1)
    assert throttle.rest_until == 160
    assert throttle.over_at() >= 160


COMPLAINT = st.tuples(st.floats(0, 30), st.floats(0.1, 0.9), st.floats(0, 10))


@given(st.lists(COMPLAINT, max_size=20), st.floats(0, 100))
def test_a_throttle_stays_within_its_bounds(
    story: list[tuple[float, float, float]], later: float
) -> None:
    throttle, now = Throttle(), 1000.0
    for pause_before, cut, pause in story:
        now += pause_before
        before = throttle.factor_at(now)
        fresh = before == 1 or now - throttle.cut_at >= ONE_BURST
        throttle = throttle.slowed(now, cut=cut, pause=pause)
        assert SLOWEST <= throttle.factor_at(now) <= 1
        assert throttle.factor_at(now) <= max(before, SLOWEST)
        if fresh:
            assert throttle.factor_at(now) == max(SLOWEST, before * cut)
        assert throttle.rest_until >= now + pause
    assert throttle.factor_at(now + later) >= throttle.factor_at(now), "time gives back"
    assert throttle.factor_at(max(now, throttle.over_at()) + 0.001) == 1.0


async def test_a_number_that_was_slowed_down_settles_below_what_the_provider_takes() -> None:
    """With 80 a second asked for and 50 taken, it complains now and then and wastes little."""
    now = 1000.0
    limiter = LocalLimiter(clock=lambda: now)
    taken = complaints = 0
    allowance = 50.0
    for _ in range(12_000):  # ten minutes in steps of a twentieth of a second
        now += 0.05
        allowance = min(50.0, allowance + 50 * 0.05)
        grant = await limiter.acquire("n", 100, limit=Limit(80.0), priority=Priority.NORMAL)
        good = min(grant.granted, int(allowance))
        taken += good
        allowance -= good
        if grant.granted > good:
            complaints += grant.granted - good
            await limiter.slow("n")
    assert taken > 0.6 * 50 * 600
    assert complaints < taken / 20
