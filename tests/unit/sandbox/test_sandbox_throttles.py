"""The limits never let more through than they say, and never refuse somebody who waits."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.sandbox.throttles import PAIR_BURST, RateLimit, pair_limit, throughput_limit

pauses = st.lists(st.floats(0.0, 30.0, allow_nan=False), min_size=1, max_size=200)


@given(pauses, st.integers(1, 10), st.sampled_from([0.0125, 0.5, 6.0]))
def test_no_stretch_of_time_sees_more_than_rate_and_burst(
    pauses: list[float], burst: int, interval: float
) -> None:
    limit = RateLimit(interval=interval, burst=burst)
    now, granted = 1000.0, []
    for pause in pauses:
        now += pause
        if limit.take("a", now) == 0:
            granted.append(now)

    for first in range(len(granted)):
        for last in range(first, len(granted)):
            allowed = burst + (granted[last] - granted[first]) / interval
            assert last - first + 1 <= allowed + 1e-3


@given(pauses, st.integers(1, 10))
def test_whoever_waits_as_told_is_let_through(pauses: list[float], burst: int) -> None:
    limit = RateLimit(interval=6.0, burst=burst)
    now = 1000.0
    for pause in pauses:
        now += pause
        wait = limit.take("a", now)
        if wait:
            assert limit.take("a", now + wait) == 0
            now += wait


@given(st.floats(0, 1e6, allow_nan=False))
def test_a_refused_event_takes_nothing(now: float) -> None:
    limit = RateLimit(interval=6.0, burst=1)
    limit.take("a", now)

    first = limit.take("a", now + 1)

    assert [limit.take("a", now + 1) for _ in range(20)] == [first] * 20


def test_keys_do_not_hinder_each_other() -> None:
    limit = RateLimit(interval=6.0, burst=1)

    assert [limit.take(key, 0.0) for key in "abcabc"] == [0, 0, 0, 6, 6, 6]


def test_meta_s_limits() -> None:
    eighty = throughput_limit(80)
    assert sum(eighty.take("n", 0.0) == 0 for _ in range(200)) == 80
    assert sum(eighty.take("n", 1.0) == 0 for _ in range(200)) == 80

    pair = pair_limit()
    assert sum(pair.take("p", 0.0) == 0 for _ in range(100)) == PAIR_BURST
    assert pair.take("p", 5.9) > 0
    assert pair.take("p", 6.0) == 0


def test_a_message_that_a_user_sent_uses_up_the_limit() -> None:
    limit = throughput_limit(2)
    limit.record("n", 0.0)

    assert [limit.take("n", 0.0) == 0 for _ in range(2)] == [True, False]


def test_idle_keys_take_no_memory() -> None:
    limit = pair_limit()
    for second in range(20):
        for user in range(2000):
            limit.take((second, user), second * 10.0)

    assert len(limit) <= 2 * 2000 + 1024
