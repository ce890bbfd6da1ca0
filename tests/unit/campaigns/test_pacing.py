"""How fast a number sends, and when a campaign must stop."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.delivery import Accepted, Evidence, Lost, NeverLeft, RefusedBy
from blazz.campaigns.pacing import (
    LARGEST_WINDOW,
    Complaint,
    Pace,
    Stop,
    adapt,
    complaint,
    concurrency,
    most_rows,
    tick,
    verdict,
    window,
)
from blazz.errors import Retry

OK = Accepted("wamid.1")
SLOW = RefusedBy(Retry.BACKOFF, 130429, "too fast", counts=False)
GONE = NeverLeft("no connection", 1.0)


def test_a_number_that_sends_too_fast_rests_and_is_slowed_down() -> None:
    pace = adapt(Pace(), [OK, SLOW, SLOW], now=100)
    assert pace == Pace(rest_until=101)
    assert adapt(pace, [SLOW], now=100.5).rest_until == 101.5
    assert complaint([OK, SLOW, SLOW]) == Complaint(cut=0.5, pause=1.0)
    assert complaint([OK, GONE, Lost(), RefusedBy(Retry.BACKOFF, 131016)]) is None


def test_it_rests_as_long_as_the_provider_asks() -> None:
    asked = RefusedBy(Retry.BACKOFF, 130429, retry_after=7.0, counts=False)
    assert adapt(Pace(), [asked, SLOW], now=100).rest_until == 107
    assert complaint([asked, SLOW]) == Complaint(cut=0.5, pause=7.0)


def test_too_much_for_one_person_slows_the_number_a_little() -> None:
    pair = RefusedBy(Retry.PAIR, 131056)
    assert complaint([OK, pair]) == Complaint(cut=0.75, pause=0.0)
    assert complaint([pair, SLOW]) == Complaint(cut=0.5, pause=1.0)
    assert adapt(Pace(), [pair], now=100) == Pace(), "it may go on writing to others"


def test_rests_grow_while_nothing_is_answered_and_end_with_an_answer() -> None:
    pace, now, rests = Pace(), 100.0, []
    for _ in range(8):
        pace = adapt(pace, [GONE, GONE], now=now)
        rests.append(pace.rest_until - now)
        now = pace.rest_until
    assert rests == [0.5, 1, 2, 4, 8, 16, 30, 30]
    assert window(1000, 0.3, most=50, pace=pace) == 1, "it probes with single messages"
    assert verdict(pace, [GONE], now=now) is None, "what never left is not lost"
    assert adapt(pace, [OK], now=now).trouble == 0


def test_answers_that_fail_to_come_in_one_moment_are_one_trouble() -> None:
    pace = Pace()
    for _ in range(10):
        pace = adapt(pace, [Lost()] * 5, now=100.0)
    assert (pace.trouble, pace.lost) == (1, 50)
    assert verdict(pace, [], now=100) is None


def test_a_campaign_halts_when_probe_after_probe_is_lost() -> None:
    pace, now = Pace(), 100.0
    for _ in range(5):
        pace = adapt(pace, [Lost()], now=now)
        now = pace.rest_until
    assert verdict(pace, [Lost()], now=now) == Stop("5 messages in a row got no answer")


def test_a_provider_that_is_down_is_probed_with_growing_rests() -> None:
    down = RefusedBy(Retry.BACKOFF, 131016, "down")
    pace = adapt(Pace(), [down] * 10, now=100)
    assert (pace.trouble, pace.rest_until) == (1, 100.5)
    assert adapt(pace, [down, OK], now=101).trouble == 0, "one fault among answers is none"
    assert verdict(pace, [down], now=100) is None


def test_a_campaign_halts_when_every_request_is_wrong() -> None:
    wrong = RefusedBy(Retry.NEVER, 132001, "no such template", wrong=True)
    pace = adapt(Pace(), [wrong] * 19, now=100)
    assert verdict(pace, [wrong], now=100) is None
    pace = adapt(pace, [wrong], now=101)
    assert verdict(pace, [wrong], now=101) == Stop(
        "20 messages in a row were refused: no such template"
    )
    assert adapt(pace, [wrong, OK], now=102).wrong == 0
    assert adapt(pace, [Lost()], now=102).wrong == 20


def test_rows_that_are_given_back_say_nothing() -> None:
    assert adapt(Pace(), [NeverLeft()], now=100) == Pace()


def test_what_concerns_the_whole_account_stops_the_campaign() -> None:
    for retry in (Retry.CREDENTIALS, Retry.OPERATOR):
        refused = RefusedBy(retry, 190, "the token expired", counts=False)
        assert verdict(Pace(), [OK, refused], now=100) == Stop("the token expired")
    later = RefusedBy(Retry.LATER, 133004, "busy", counts=False)
    assert verdict(Pace(), [later], now=100) == Stop("busy", until=700)
    much_later = RefusedBy(Retry.LATER, 133004, None, retry_after=3600, counts=False)
    assert verdict(Pace(), [much_later], now=0) == Stop("the provider refused", until=3600)
    assert verdict(Pace(), [OK, SLOW, RefusedBy(Retry.NEVER)], now=100) is None


@pytest.mark.parametrize("code", [131048, 132015])
def test_what_going_on_would_make_worse_pauses_the_campaign(code: int) -> None:
    refused = RefusedBy(Retry.LATER, code, "quality", counts=False)
    assert verdict(Pace(), [OK, refused], now=100) == Stop("quality", pause=True)


def test_windows_fit_the_rate() -> None:
    assert window(None, 5.0, most=77, pace=Pace()) == 77
    assert window(1000.0, 0.3, most=500, pace=Pace()) == 400
    assert window(1000.0, 0.9, most=500, pace=Pace()) == 500
    assert window(0.1, 0.3, most=50, pace=Pace()) == 1
    assert [concurrency(rate) for rate in (None, 10.0, 10_000.0)] == [100, 50, 500]
    assert [tick(rate) for rate in (None, 1.0, 10_000.0)] == [0.05, 0.1, 0.05]


EVIDENCE = st.sampled_from(
    [
        OK,
        SLOW,
        GONE,
        Lost(),
        NeverLeft(),
        RefusedBy(Retry.NEVER),
        RefusedBy(Retry.NEVER, wrong=True),
        RefusedBy(Retry.BACKOFF),
    ]
)


@given(st.lists(st.tuples(st.lists(EVIDENCE), st.floats(0, 60)), max_size=30))
def test_a_pace_stays_within_its_bounds(story: list[tuple[list[Evidence], float]]) -> None:
    pace, now = Pace(), 1000.0
    for batch, pause in story:
        pace = adapt(pace, batch, now=now)
        assert pace.rest_until <= now + 30
        now += pause


@given(st.integers(1, 1000), st.floats(0, 100), st.floats(0, 100))
def test_a_window_has_room_for_what_is_answered_meanwhile_and_an_end(
    at_once: int, latency: float, step: float
) -> None:
    most = most_rows(at_once, latency=latency, step=step)
    assert math.ceil(1.5 * at_once) <= most <= LARGEST_WINDOW * at_once
    if latency >= 0.001 and step <= latency:
        assert most >= at_once * (1 + step / latency)


def test_slow_answers_leave_the_window_as_it_is() -> None:
    assert most_rows(100, latency=0.3, step=0.02) == 150
    assert most_rows(100, latency=0.02, step=60.0) == 400
