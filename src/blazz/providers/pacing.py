"""How a session holds back for people's sake: pauses, typing, daily caps, warm-up. Pure.

An account of a person that writes to many strangers, at once and without a pause, is reported and
banned. So there are two kinds of messages: an *answer* goes to somebody who wrote within the last
24 hours, and an *uninvited* message to anybody else. Answers only keep to the limit per minute;
uninvited messages have random pauses between them and a daily cap, which grows while a number is
new. A day is one of UTC.
"""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass, field, replace
from typing import Final, Self, TypeAlias

from blazz.errors import InvalidValue

_DAY: Final = 86_400
_MINUTE: Final = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """How a session holds back. The defaults are those of WhatsApp Web.

    Nobody outside WhatsApp knows what gets an account banned: these values are careful, and no
    promise.

    Attributes:
        per_minute: The most messages within any 60 seconds; None: no limit.
        pause: The shortest and the longest pause before an uninvited message, in seconds.
        typing: Characters per second at which a text is typed before it is sent; None: at once.
        longest_typing: The most seconds that typing takes.
        daily_cap: The most uninvited messages in a day; None: no limit.
        warm_up_days: On how many days of writing the cap grows to `daily_cap`.
        first_day: The cap of the first of those days.

    Raises:
        InvalidValue: A value breaks its limit.

    Example:
        >>> pacing = Pacing(daily_cap=100, warm_up_days=3, first_day=10)
        >>> [pacing.cap_on(day) for day in range(5)]
        [10, 22, 46, 100, 100]
    """

    per_minute: int | None = 20
    pause: tuple[float, float] = (2.0, 8.0)
    typing: float | None = 15.0
    longest_typing: float = 6.0
    daily_cap: int | None = 200
    warm_up_days: int = 7
    first_day: int = 20

    def __post_init__(self) -> None:
        if self.per_minute is not None and not 1 <= self.per_minute <= 6_000:
            raise InvalidValue("Pacing.per_minute", "1 to 6,000 messages, or None", self.per_minute)
        shortest, longest = self.pause
        if not 0 <= shortest <= longest <= 3_600:
            rule = "two numbers of seconds from 0 to 3,600, the smaller one first"
            raise InvalidValue("Pacing.pause", rule, self.pause)
        if self.typing is not None and not 0.1 <= self.typing <= 10_000:
            raise InvalidValue("Pacing.typing", "0.1 to 10,000 characters per second", self.typing)
        if not 0 <= self.longest_typing <= 60:
            raise InvalidValue("Pacing.longest_typing", "0 to 60 seconds", self.longest_typing)
        if self.daily_cap is not None and self.daily_cap < 1:
            raise InvalidValue("Pacing.daily_cap", "at least 1, or None", self.daily_cap)
        if not 0 <= self.warm_up_days <= 365:
            raise InvalidValue("Pacing.warm_up_days", "0 to 365 days", self.warm_up_days)
        if self.first_day < 1:
            raise InvalidValue("Pacing.first_day", "at least 1", self.first_day)

    @classmethod
    def off(cls) -> Self:
        """No holding back at all.

        Example:
            >>> Pacing.off().is_off
            True
        """
        return cls(per_minute=None, pause=(0.0, 0.0), typing=None, daily_cap=None, warm_up_days=0)

    @property
    def is_off(self) -> bool:
        """Whether nothing ever waits."""
        nothing_slow = self.per_minute is None and self.pause[1] == 0 and self.typing is None
        return nothing_slow and self.daily_cap is None

    def cap_on(self, day: int) -> int | None:
        """The cap of a day of writing, counted from 0; None: there is none."""
        if self.daily_cap is None or day >= self.warm_up_days or self.first_day >= self.daily_cap:
            return self.daily_cap
        growth = math.pow(self.daily_cap / self.first_day, day / self.warm_up_days)
        return round(self.first_day * growth)


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """What a session has sent, as far as it matters.

    Attributes:
        day: The last day with an uninvited message, in days since 1970; None: there was none.
        day_of_writing: Which one it was, from 0, among all days with such messages.
        uninvited: How many there were on that day.
        pause_until: No uninvited message before this time, in seconds since 1970.
        recent: When messages left within the last minute, oldest first; lost when it is stored.
    """

    day: int | None = None
    day_of_writing: int = 0
    uninvited: int = 0
    pause_until: float = 0.0
    recent: tuple[float, ...] = field(default=(), repr=False)

    def to_json(self) -> str:
        """Write what has to survive a restart."""
        return json.dumps(asdict(replace(self, recent=())))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` wrote.

        Example:
            >>> History.from_json(History(day=20_000, uninvited=3).to_json()).uninvited
            3
        """
        found = json.loads(text)
        return cls(**{**found, "recent": ()})


@dataclass(frozen=True, slots=True)
class Go:
    """The message may leave now; `history` counts it."""

    history: History


@dataclass(frozen=True, slots=True)
class Wait:
    """It may leave after so many seconds, if nothing else leaves before it."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Full:
    """The day's cap is reached; the next day begins at `until`, in seconds since 1970."""

    until: float
    cap: int


Decision: TypeAlias = Go | Wait | Full


def decide(pacing: Pacing, history: History, *, now: float, answer: bool, dice: float) -> Decision:
    """Tell whether a message may leave now.

    Args:
        pacing: How the session holds back.
        history: What it has sent.
        now: The time, in seconds since 1970.
        answer: Whether the recipient wrote within the last 24 hours.
        dice: A random number from 0 to 1, for the pause after this message.

    Example:
        >>> pacing = Pacing(pause=(2, 8))
        >>> first = decide(pacing, History(), now=1000.0, answer=False, dice=0.5)
        >>> decide(pacing, first.history, now=1001.0, answer=False, dice=0.5)
        Wait(seconds=4.0)
        >>> decide(pacing, first.history, now=1001.0, answer=True, dice=0.5).history.uninvited
        1
    """
    recent = tuple(at for at in history.recent if now - _MINUTE < at <= now)
    waits = [0.0]
    if pacing.per_minute is not None and len(recent) >= pacing.per_minute:
        waits.append(recent[-pacing.per_minute] + _MINUTE - now)
    if answer:
        waiting = max(waits)
        return Wait(waiting) if waiting > 0 else Go(_with(history, pacing, recent, now))
    today = _today(history, now)
    cap = pacing.cap_on(today.day_of_writing)
    if cap is not None and today.uninvited >= cap:
        return Full(_next_day(now), cap)
    # A clock that was set back must not make a pause longer than the longest.
    waits.append(min(today.pause_until - now, pacing.pause[1]))
    if (waiting := max(waits)) > 0:
        return Wait(waiting)
    shortest, longest = pacing.pause
    counted = replace(
        today,
        uninvited=today.uninvited + 1,
        pause_until=now + shortest + (longest - shortest) * dice,
    )
    return Go(_with(counted, pacing, recent, now))


def typing_time(pacing: Pacing, characters: int, *, dice: float) -> float:
    """Seconds for which somebody would type a text, a fifth more or less.

    Args:
        pacing: How the session holds back.
        characters: The length of the text.
        dice: A random number from 0 to 1.

    Example:
        >>> typing_time(Pacing(typing=10), 30, dice=0.5)
        3.0
    """
    if pacing.typing is None:
        return 0.0
    return min(characters / pacing.typing * (0.8 + 0.4 * dice), pacing.longest_typing)


def _today(history: History, now: float) -> History:
    """The history with the counters of today; a clock that was set back gives no new day."""
    day = math.floor(now / _DAY)
    if history.day is None:
        return replace(history, day=day)
    if day <= history.day:
        return history
    return replace(history, day=day, day_of_writing=history.day_of_writing + 1, uninvited=0)


def _with(history: History, pacing: Pacing, recent: tuple[float, ...], now: float) -> History:
    if pacing.per_minute is None:
        return replace(history, recent=())
    return replace(history, recent=(*recent, now)[-pacing.per_minute :])


def _next_day(now: float) -> float:
    return float((math.floor(now / _DAY) + 1) * _DAY)
