"""Which revisions are kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.auth_stores.snapshot.retention import Retention
from blazz.errors import InvalidValue

NOON = datetime(2026, 3, 4, 12, tzinfo=UTC)


@dataclass(frozen=True)
class At:
    at: datetime


MOMENTS = st.lists(
    st.integers(0, 60 * 24 * 20).map(lambda minutes: At(NOON + timedelta(minutes=minutes))),
    max_size=60,
)
POLICIES = st.builds(
    Retention, newest=st.integers(1, 4), hourly=st.integers(0, 6), daily=st.integers(0, 4)
)


def test_a_month_of_minutes_becomes_two_a_day_of_hours_and_a_week_of_days() -> None:
    minutes = [At(NOON + timedelta(minutes=minute)) for minute in range(60 * 24 * 30)]

    kept = Retention().keep(minutes)

    # The newest is also the newest of its hour and day; each earlier hour and day has one of its
    # own, and the last hour of yesterday is yesterday, too.
    assert len(kept) == 2 + 23 + 5
    assert kept[-2:] == tuple(minutes[-2:])
    assert kept[0].at.date() == (minutes[-1].at - timedelta(days=6)).date()


@given(POLICIES, MOMENTS)
def test_the_newest_are_kept_in_order(policy: Retention, revisions: list[At]) -> None:
    kept = policy.keep(revisions)

    assert len(kept) <= policy.newest + policy.hourly + policy.daily
    assert kept[-policy.newest :] == tuple(revisions[-policy.newest :])
    positions = [next(i for i, each in enumerate(revisions) if each is one) for one in kept]
    assert positions == sorted(positions)


@given(POLICIES, MOMENTS)
def test_what_is_dropped_once_is_dropped_ever_after(policy: Retention, revisions: list[At]) -> None:
    one_by_one: tuple[At, ...] = ()
    for revision in revisions:
        one_by_one = policy.keep((*one_by_one, revision))

    assert one_by_one == policy.keep(revisions)
    assert policy.keep(one_by_one) == one_by_one


def test_hours_without_a_revision_do_not_count() -> None:
    years = [At(NOON.replace(year=year)) for year in range(2000, 2030)]

    assert Retention(newest=1, hourly=0, daily=7).keep(years) == tuple(years[-7:])


def test_a_clock_that_jumps_costs_one_hour_at_most() -> None:
    hours = [At(NOON + timedelta(hours=hour)) for hour in range(5)]
    jumped = [*hours[:2], At(NOON + timedelta(days=36500)), *hours[2:]]

    kept = Retention(newest=1, hourly=5, daily=0).keep(jumped)

    assert set(hours[1:]) <= set(kept)


def test_days_are_those_of_utc() -> None:
    east = timezone(timedelta(hours=14))
    same_day = [At(datetime(2026, 3, 5, 1, tzinfo=east)), At(datetime(2026, 3, 4, 23, tzinfo=UTC))]

    assert Retention(newest=1, hourly=0, daily=9).keep(same_day) == (same_day[1],)


@pytest.mark.parametrize("values", [{"newest": 0}, {"hourly": -1}, {"daily": 10_001}])
def test_a_policy_that_cannot_be_is_refused(values: dict[str, int]) -> None:
    with pytest.raises(InvalidValue, match=r"Retention\."):
        Retention(**values)
