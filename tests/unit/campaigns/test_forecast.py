"""How long a campaign takes."""

from __future__ import annotations

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.campaigns.forecast import forecast
from blazz.campaigns.hours import ALWAYS, Opening, Span, Timetable

NIGHT = Timetable(quiet=[Span.parse("21:00-08:00")])
NOON = 1_780_000_000.0
ZONES = [("Asia/Jakarta",), ("Europe/Berlin",), ("America/New_York",), ("Pacific/Auckland",)]
people = st.dictionaries(st.sampled_from(ZONES), st.integers(1, 100_000), min_size=1)


@given(st.integers(1, 10**7), st.floats(0.1, 1000))
def test_without_hours_the_rate_decides(count: int, rate: float) -> None:
    end = forecast({(): count}, lambda _zones, _at: ALWAYS, rate=rate, start=NOON)
    assert math.isclose(end - NOON, count / rate, rel_tol=1e-6, abs_tol=1e-3)


@settings(max_examples=40, deadline=None)
@given(people, st.floats(1, 500))
def test_hours_only_make_it_longer(counted: dict[tuple[str, ...], int], rate: float) -> None:
    end = forecast(counted, NIGHT.at, rate=rate, start=NOON)
    least = sum(counted.values()) / rate
    assert end - NOON >= least - 1e-3
    # Each of them has 13 open hours a day of its own.
    assert end - NOON <= (least / (13 * 3600) + 2) * 86_400 * len(counted)


def test_people_who_can_never_be_written_to_are_told() -> None:
    never = Opening(open=False, until=math.inf)
    assert forecast({(): 1}, lambda _zones, _at: never, rate=1.0, start=NOON) == math.inf
    assert forecast({}, lambda _zones, _at: never, rate=1.0, start=NOON) == NOON


def test_those_awake_are_served_while_others_sleep() -> None:
    two = {("Asia/Jakarta",): 3600.0, ("America/New_York",): 3600.0}
    both = forecast(two, NIGHT.at, rate=1.0, start=NOON)
    slowest = max(forecast({zones: 3600.0}, NIGHT.at, rate=1.0, start=NOON) for zones in two)
    assert both <= slowest + 3600
