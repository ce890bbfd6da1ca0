"""At what times messages may leave, by the clock on the recipient's wall. Pure.

Quiet hours and windows are written as people say them: `21:00-08:00`, `mon-fri 09:00-18:00`. A
minute is open when it lies in a window (if there are any) and in no quiet hour. Whoever may live in
several time zones is only written to when the minute is open in all of them.
"""

from __future__ import annotations

import functools
import re
from array import array
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final
from zoneinfo import ZoneInfo

from blazz.errors import InvalidValue

FOREVER: Final = float("inf")

_DAY: Final = 24 * 60
_WEEK: Final = 7 * _DAY
_NAMES: Final = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN: Final = re.compile(
    r"(?:(?P<days>[a-z]{3}(?:-[a-z]{3})?(?:,[a-z]{3}(?:-[a-z]{3})?)*)\s+)?"
    r"(?P<from_h>[0-9]{1,2}):(?P<from_m>[0-9]{2})\s*[-\u2013]\s*"
    r"(?P<to_h>[0-9]{1,2}):(?P<to_m>[0-9]{2})"
)
_RULE: Final = 'hours such as "21:00-08:00" or "mon-fri 09:00-18:00", up to 24:00'
# 1970-01-01 was a Thursday.
_MONDAY: Final = 4 * 86_400
_SEARCH: Final = 15 * 86_400.0


@dataclass(frozen=True, slots=True)
class Span:
    """Some hours of some weekdays, by the clock on a wall.

    Attributes:
        days: The days that it begins on, 0 for Monday to 6 for Sunday.
        start: The minute of the day that it begins with, 0 to 1439.
        end: The minute that it ends before, 1 to 1440; at or below `start` it ends the day after.
    """

    days: frozenset[int]
    start: int
    end: int

    @classmethod
    def parse(cls, text: str) -> Span:
        """Read hours as people write them.

        Raises:
            InvalidValue: It is not of the form `21:00-08:00` or `mon-fri,sun 09:00-18:00`.

        Example:
            >>> Span.parse("sat 22:00-06:30")
            Span(days=frozenset({5}), start=1320, end=390)
        """
        match = _SPAN.fullmatch(str(text).strip().lower())
        if match is None:
            raise InvalidValue("hours", _RULE, text)
        start = _minute(match["from_h"], match["from_m"], text)
        end = _minute(match["to_h"], match["to_m"], text)
        if start in (_DAY, end):
            raise InvalidValue("hours", _RULE, text)
        return cls(_days(match["days"], text), start, end or _DAY)

    def minutes(self) -> Iterable[int]:
        """Its minutes of the week, from Monday 00:00."""
        length = (self.end - self.start) % _DAY or _DAY
        for day in self.days:
            first = day * _DAY + self.start
            yield from (minute % _WEEK for minute in range(first, first + length))


def _minute(hour: str, minute: str, text: str) -> int:
    found = int(hour) * 60 + int(minute)
    if int(minute) > 59 or found > _DAY:
        raise InvalidValue("hours", _RULE, text)
    return found


def _days(text: str | None, whole: str) -> frozenset[int]:
    if text is None:
        return frozenset(range(7))
    days: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in _NAMES or (last or first) not in _NAMES:
            raise InvalidValue("hours", "weekdays are mon, tue, wed, thu, fri, sat, sun", whole)
        begin, end = _NAMES.index(first), _NAMES.index(last or first)
        days.update((begin + step) % 7 for step in range((end - begin) % 7 + 1))
    return frozenset(days)


@dataclass(frozen=True, slots=True)
class Opening:
    """Whether messages may leave, and how long that holds.

    Attributes:
        open: They may.
        until: When that changes, in seconds since the epoch; infinite if it never does.
    """

    open: bool
    until: float


ALWAYS: Final = Opening(open=True, until=FOREVER)


class Timetable:
    """The week of one set of windows and quiet hours, worked out minute by minute.

    Args:
        windows: When messages may leave; without any, at all times.
        quiet: When they may not.

    Example:
        >>> table = Timetable(quiet=[Span.parse("21:00-08:00")])
        >>> noon = datetime(2026, 11, 22, 5, 0, tzinfo=UTC).timestamp()  # 12:00 in Jakarta
        >>> table.at(("Asia/Jakarta",), noon).open
        True
    """

    def __init__(self, *, windows: Sequence[Span] = (), quiet: Sequence[Span] = ()) -> None:
        week = bytearray([not windows]) * _WEEK
        for span in windows:
            for minute in span.minutes():
                week[minute] = 1
        for span in quiet:
            for minute in span.minutes():
                week[minute] = 0
        self.minutes_open: int = sum(week)
        self._until_open = _distances(week, 1)
        self._until_shut = _distances(week, 0)

    def at(self, zones: Sequence[str], now: float) -> Opening:
        """Tell whether a minute is open in all of these time zones.

        Args:
            zones: The zones by their names; at least one.
            now: Seconds since the epoch.

        Returns:
            What holds now, and until when. `until` is infinite where the zones have no open minute
            in common.
        """
        if self.minutes_open == _WEEK:
            return ALWAYS
        clocks = _clocks(tuple(zones))
        first = self._next_open(clocks, now)
        if first > now:
            return Opening(open=False, until=first)
        return Opening(
            open=True, until=min(_next(clock, now, self._until_shut) for clock in clocks)
        )

    def _next_open(self, clocks: Sequence[ZoneInfo], now: float) -> float:
        """Find the first moment that is open for all clocks: go on until no clock objects."""
        moment, agreed, place = now, 0, 0
        while agreed < len(clocks):
            later = _next(clocks[place % len(clocks)], moment, self._until_open)
            agreed = agreed + 1 if later == moment else 1
            moment = later
            place += 1
            if moment - now > _SEARCH:
                return FOREVER
        return moment


@functools.lru_cache(maxsize=4096)
def _clocks(zones: tuple[str, ...]) -> tuple[ZoneInfo, ...]:
    return tuple(ZoneInfo(name) for name in zones)


def _distances(week: bytearray, wanted: int) -> array[int]:
    """For each minute of the week, how many minutes until one is as wanted; -1: none ever is."""
    distances = array("i", [-1]) * _WEEK
    ahead = -1
    for minute in range(2 * _WEEK - 1, -1, -1):
        if week[minute % _WEEK] == wanted:
            ahead = 0
        elif ahead >= 0:
            ahead += 1
        if minute < _WEEK:
            distances[minute] = ahead
    return distances


def _next(clock: ZoneInfo, moment: float, distances: array[int]) -> float:
    """Find the first moment whose minute is as wanted, on one clock.

    The clock may be put forward or back on the way, so no step goes past such a change.
    """
    limit = moment + 2 * _SEARCH
    while moment < limit:
        offset = _offset(clock, moment)
        wall = moment + offset - _MONDAY
        ahead = distances[int(wall // 60) % _WEEK]
        if ahead == 0:
            return moment
        if ahead < 0:
            return FOREVER
        target = (wall // 60 + ahead) * 60 + _MONDAY - offset
        step = min(target, moment + 86_400.0)
        if _offset(clock, step) != offset:
            step = _change(clock, moment, step)
        moment = step
    return FOREVER


def _change(clock: ZoneInfo, before: float, after: float) -> float:
    """Find the second at which a clock was put forward or back."""
    offset = _offset(clock, before)
    low, high = int(before // 1), int(-(-after // 1))
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(clock, middle) == offset:
            low = middle
        else:
            high = middle
    return float(high)


def _offset(clock: ZoneInfo, moment: float) -> float:
    offset = datetime.fromtimestamp(moment, UTC).astimezone(clock).utcoffset()
    return offset.total_seconds() if offset is not None else 0.0
