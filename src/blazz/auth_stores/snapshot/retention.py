"""Which revisions are kept; pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol, TypeVar

from blazz.errors import InvalidValue


class Dated(Protocol):
    """Something with a time."""

    @property
    def at(self) -> datetime:
        """When it was captured."""
        ...


D = TypeVar("D", bound=Dated)


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How many revisions are kept.

    An hour or a day is kept by its newest revision. Hours and days without a revision do not
    count, so nothing is lost because time passed, and a clock that jumps costs one of them at most.

    Attributes:
        newest: The newest ones, at least 1; with 2 a damaged one has another behind it.
        hourly: The newest of each of so many hours.
        daily: The newest of each of so many days (UTC).
    """

    newest: int = 2
    hourly: int = 24
    daily: int = 7

    def __post_init__(self) -> None:
        for name, least in (("newest", 1), ("hourly", 0), ("daily", 0)):
            value = getattr(self, name)
            if not least <= value <= 10_000:
                raise InvalidValue(f"Retention.{name}", f"{least} to 10,000", value)

    def keep(self, revisions: Iterable[D]) -> tuple[D, ...]:
        """Choose what is kept.

        What is dropped once would be dropped ever after: applying it after each revision, or once
        after all of them, keeps the same.

        Args:
            revisions: Oldest first.

        Returns:
            Those that are kept, oldest first.

        Example:
            >>> from types import SimpleNamespace as At
            >>> day = [At(at=datetime(2026, 11, 21, hour, tzinfo=UTC)) for hour in range(5)]
            >>> kept = Retention(newest=2, hourly=3, daily=1).keep(day)
            >>> tuple(it.at.hour for it in kept)
            (2, 3, 4)
        """
        ordered = list(revisions)
        chosen = set(range(max(0, len(ordered) - self.newest), len(ordered)))
        chosen |= _newest_of_each(ordered, self.hourly, lambda at: at.strftime("%Y-%m-%d %H"))
        chosen |= _newest_of_each(ordered, self.daily, lambda at: at.strftime("%Y-%m-%d"))
        return tuple(ordered[index] for index in sorted(chosen))


def _newest_of_each(ordered: list[D], most: int, period: Callable[[datetime], str]) -> set[int]:
    """The newest revision of each of the last `most` periods that have one."""
    chosen: dict[str, int] = {}
    for index in range(len(ordered) - 1, -1, -1):
        if len(chosen) >= most:
            break
        chosen.setdefault(period(ordered[index].at.astimezone(UTC)), index)
    return set(chosen.values())
