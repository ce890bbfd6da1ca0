"""When messages may leave, by the recipient's clock: also on days when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from blazz.campaigns.hours import FOREVER, Span, Timetable
from blazz.errors import InvalidValue

NIGHT = Timetable(quiet=[Span.parse("21:00-08:00")])
ZONES = (
    "Asia/Jakarta",
    "Europe/Berlin",
    "America/New_York",
    "America/Los_Angeles",
    "Australia/Lord_Howe",  # its clocks change by half an hour
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Casablanca",
)


def moment(zone: str, *when: int, fold: int = 0) -> float:
    return datetime(*when, tzinfo=ZoneInfo(zone), fold=fold).timestamp()  # type: ignore[arg-type,misc]


def test_a_night_is_quiet_and_a_day_is_not() -> None:
    shut = NIGHT.at(("Asia/Jakarta",), moment("Asia/Jakarta", 2026, 11, 22, 22, 30))
    assert (shut.open, shut.until) == (False, moment("Asia/Jakarta", 2026, 11, 23, 8, 0))
    noon = NIGHT.at(("Asia/Jakarta",), moment("Asia/Jakarta", 2026, 11, 22, 12, 0))
    assert (noon.open, noon.until) == (True, moment("Asia/Jakarta", 2026, 11, 22, 21, 0))
    for minute, is_open in ((20 * 60 + 59, True), (21 * 60, False), (7 * 60 + 59, False)):
        at = moment("Asia/Jakarta", 2026, 11, 22, *divmod(minute, 60))
        assert NIGHT.at(("Asia/Jakarta",), at).open is is_open


def test_windows_and_quiet_hours_hold_together() -> None:
    table = Timetable(
        windows=[Span.parse("mon-fri 09:00-18:00")], quiet=[Span.parse("12:00-13:00")]
    )
    berlin = ("Europe/Berlin",)
    friday = table.at(berlin, moment("Europe/Berlin", 2026, 11, 20, 18, 0))
    assert friday.until == moment("Europe/Berlin", 2026, 11, 23, 9, 0)
    lunch = table.at(berlin, moment("Europe/Berlin", 2026, 11, 20, 12, 30))
    assert (lunch.open, lunch.until) == (False, moment("Europe/Berlin", 2026, 11, 20, 13, 0))


def test_clocks_that_are_put_forward_or_back_are_followed() -> None:
    new_york = ("America/New_York",)
    # 2026-03-08 02:00 becomes 03:00, 2026-11-01 02:00 becomes 01:00.
    spring = NIGHT.at(new_york, moment("America/New_York", 2026, 3, 7, 23, 0))
    assert spring.until == datetime(2026, 3, 8, 12, 0, tzinfo=UTC).timestamp()
    autumn = NIGHT.at(new_york, moment("America/New_York", 2026, 10, 31, 23, 0))
    assert autumn.until == datetime(2026, 11, 1, 13, 0, tzinfo=UTC).timestamp()
    # Quiet until 02:30: the hour that does not exist ends it early, the hour that comes twice is
    # quiet twice.
    early = Timetable(quiet=[Span.parse("21:00-02:30")])
    skipped = early.at(new_york, moment("America/New_York", 2026, 3, 8, 1, 0))
    assert skipped.until == datetime(2026, 3, 8, 7, 0, tzinfo=UTC).timestamp()
    twice = Timetable(quiet=[Span.parse("21:00-01:30")])
    first = twice.at(new_york, moment("America/New_York", 2026, 11, 1, 1, 29))
    assert first.until == moment("America/New_York", 2026, 11, 1, 1, 30)
    back = twice.at(new_york, moment("America/New_York", 2026, 11, 1, 1, 40))
    assert (back.open, back.until) == (
        True,
        moment("America/New_York", 2026, 11, 1, 1, 0, fold=1),
    )
    again = twice.at(new_york, moment("America/New_York", 2026, 11, 1, 1, 10, fold=1))
    assert again.until == moment("America/New_York", 2026, 11, 1, 1, 30, fold=1)


def test_several_zones_share_the_strictest_window() -> None:
    both = ("America/New_York", "America/Los_Angeles")
    before = NIGHT.at(both, moment("America/New_York", 2026, 11, 20, 9, 0))
    assert before.until == moment("America/Los_Angeles", 2026, 11, 20, 8, 0)
    within = NIGHT.at(both, moment("America/New_York", 2026, 11, 20, 12, 0))
    assert (within.open, within.until) == (
        True,
        moment("America/New_York", 2026, 11, 20, 21, 0),
    )
    morning = Timetable(windows=[Span.parse("09:00-10:00")])
    never = morning.at(("Asia/Tokyo", "America/New_York"), 1_780_000_000.0)
    assert (never.open, never.until) == (False, FOREVER)


@pytest.mark.parametrize(
    "text",
    ["", "9-17", "25:00-26:00", "08:00-08:00", "08:61-09:00", "24:00-08:00", "mo 08:00-09:00",
     "mon-xxx 08:00-09:00", "08:00", "08:00-24:01", 8],
)  # fmt: skip
def test_hours_that_cannot_be_read_are_refused(text: str) -> None:
    with pytest.raises(InvalidValue, match="hours"):
        Span.parse(text)


def test_days_are_named_singly_and_in_ranges() -> None:
    assert Span.parse("fri-mon,wed 08:00-24:00").days == {4, 5, 6, 0, 2}
    assert Span.parse("8:00 - 00:00").end == 24 * 60


spans = st.builds(
    lambda days, start, length: Span(days, start, (start + length) % 1440 or 1440),
    st.frozensets(st.integers(0, 6), min_size=1),
    st.integers(0, 1439),
    st.integers(1, 1439),
)


@settings(max_examples=30, deadline=None)
@given(
    windows=st.lists(spans, max_size=2),
    quiet=st.lists(spans, max_size=2),
    zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=3, unique=True),
    # Around the days on which clocks change in 2026, and others.
    start=st.sampled_from([1_772_928_000, 1_774_656_000, 1_793_491_200, 1_774_051_200])
    .flatmap(lambda day: st.integers(day - 90_000, day + 90_000)),
)  # fmt: skip
def test_an_opening_is_what_a_look_at_every_minute_finds(
    windows: list[Span], quiet: list[Span], zones: list[str], start: int
) -> None:
    table = Timetable(windows=windows, quiet=quiet)
    assume(table.minutes_open)

    def is_open(at: float) -> bool:
        def by(zone: str) -> bool:
            wall = datetime.fromtimestamp(at, UTC).astimezone(ZoneInfo(zone))
            minute = wall.weekday() * 1440 + wall.hour * 60 + wall.minute
            inside = not windows or any(minute in set(span.minutes()) for span in windows)
            return inside and not any(minute in set(span.minutes()) for span in quiet)

        return all(map(by, zones))

    found = table.at(zones, float(start))
    assert found.open == is_open(start)
    assert found.until > start
    if found.until != FOREVER:
        assert is_open(found.until) != found.open
        steps = range(start - start % 60 + 60, int(min(found.until, start + 90 * 60)), 60)
        assert all(is_open(at) == found.open for at in steps)
