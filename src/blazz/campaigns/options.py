"""How a campaign goes about it: hours, a canary, a cap, several numbers; values and checks."""

from __future__ import annotations

import enum
import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any, Self

from blazz.campaigns.geography import is_zone
from blazz.campaigns.hours import Span, Timetable
from blazz.errors import InvalidValue

_DAY = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SendHours:
    """When messages may leave, by the clock on the recipient's wall.

    Attributes:
        quiet: When nobody is written to: `"21:00-08:00"`, `"sat-sun 00:00-24:00"`; one or several.
        open: If given, the only times at which anybody is written to: `"mon-fri 09:00-18:00"`.
        zone: A time zone that holds for everybody, such as `Asia/Jakarta`; by default each
            recipient's own, read off the phone number. Whoever may live in several zones is written
            to when it suits them all.
        fallback: The zone of recipients whose number tells none, and of those whose zones have no
            suitable minute in common.

    Raises:
        InvalidValue: Hours cannot be read, leave no time at all, or a zone is unknown.

    Example:
        >>> SendHours(quiet="21:00-08:00", fallback="Asia/Jakarta").quiet
        ('21:00-08:00',)
    """

    quiet: str | Sequence[str] = ()
    open: str | Sequence[str] = ()
    zone: str | None = None
    fallback: str = "UTC"

    def __post_init__(self) -> None:
        for name in ("quiet", "open"):
            given = getattr(self, name)
            object.__setattr__(self, name, (given,) if isinstance(given, str) else tuple(given))
        if not self.quiet and not self.open:
            raise InvalidValue("SendHours", "needs quiet= or open= hours", "neither")
        for name in ("zone", "fallback"):
            zone = getattr(self, name)
            if zone is not None and not (isinstance(zone, str) and is_zone(zone)):
                raise InvalidValue(f"SendHours.{name}", "a time zone such as Asia/Jakarta", zone)
        if not self.timetable().minutes_open:
            raise InvalidValue("SendHours", "quiet and open hours must leave some time", self.quiet)

    def timetable(self) -> Timetable:
        """Work the week out."""
        return _timetable(tuple(self.open), tuple(self.quiet))

    def leave_time(self, start: float, end: float) -> bool:
        """Whether anybody, anywhere, may be written to between two moments."""
        zones = [self.zone] if self.zone else [f"Etc/GMT{hours:+d}" for hours in range(-14, 13)]
        openings = (self.timetable().at((zone,), start) for zone in zones)
        return any(opening.open or opening.until < end for opening in openings)


@functools.lru_cache(maxsize=64)
def _timetable(windows: tuple[str, ...], quiet: tuple[str, ...]) -> Timetable:
    return Timetable(
        windows=[Span.parse(text) for text in windows], quiet=[Span.parse(text) for text in quiet]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """The first few messages, which must do well before the others follow.

    Attributes:
        share: The part of the audience that goes first, above 0 and below 1; at least one person.
        most_failures: The part of them that may fail, 0 to below 1; unknown ones count as failed.
        wait: Seconds between the last of their answers and the judgement, for statuses to come in.
        go_on: If they did well, the others follow by themselves; else the campaign is paused until
            somebody resumes it.

    Raises:
        InvalidValue: A value breaks its limit.

    Example:
        >>> Canary(share=0.01, most_failures=0.05).size(audience=1234)
        13
    """

    share: float = 0.01
    most_failures: float = 0.05
    wait: float = 10.0
    go_on: bool = True

    def __post_init__(self) -> None:
        if not 0 < self.share < 1:
            raise InvalidValue("Canary.share", "above 0 and below 1", self.share)
        if not 0 <= self.most_failures < 1:
            raise InvalidValue("Canary.most_failures", "0 to below 1", self.most_failures)
        if not 0 <= self.wait <= _DAY:
            raise InvalidValue("Canary.wait", "0 to 86400 seconds", self.wait)

    def size(self, *, audience: int) -> int:
        """How many recipients go first."""
        # The tiny subtraction makes up for rounding: 0.07 * 100 must be 7, not 8.
        return max(1, min(audience, -int(-(audience * self.share - 1e-9) // 1)))


class OverCap(enum.StrEnum):
    """What becomes of a message that would be one too many."""

    SKIP = "skip"
    """It is not sent, and counts as failed, with the reason."""
    WAIT = "wait"
    """It waits until the person may get one again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FrequencyCap:
    """At most so many messages to one person in so many days, over all campaigns that share it.

    Attributes:
        messages: The most messages, at least 1.
        days: The days that they are counted over, up to 366.
        scope: Campaigns of the workspace that name the same scope count together; those without a
            cap are not counted.
        then: What becomes of a message that would be one too many.

    Raises:
        InvalidValue: A value breaks its limit.

    Example:
        >>> FrequencyCap(messages=2, days=7).within
        604800.0
    """

    messages: int = 1
    days: float = 7.0
    scope: str = "marketing"
    then: OverCap = OverCap.SKIP

    def __post_init__(self) -> None:
        if isinstance(self.messages, bool) or not 1 <= self.messages <= 1000:
            raise InvalidValue("FrequencyCap.messages", "1 to 1000", self.messages)
        if not 0 < self.days <= 366:
            raise InvalidValue("FrequencyCap.days", "above 0, at most 366", self.days)
        if not 1 <= len(str(self.scope)) <= 63:
            raise InvalidValue("FrequencyCap.scope", "1 to 63 characters", self.scope)
        object.__setattr__(self, "then", OverCap(self.then))

    @property
    def within(self) -> float:
        """The seconds that messages are counted over."""
        return self.days * _DAY


class Share(enum.StrEnum):
    """How several numbers divide a campaign among themselves."""

    CHUNKS = "chunks"
    """They take turns at chunks: the load is even."""
    RECIPIENTS = "recipients"
    """Each person belongs to one number, in every campaign of these numbers: a conversation stays
    where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbers:
    """Several numbers that send one campaign.

    Attributes:
        share: How they divide it.
        failover: Others take over from a number that is blocked, told to rest or without answers;
            else the whole campaign waits for it, or halts until a person has acted.

    Example:
        >>> Numbers(share="recipients").share
        <Share.RECIPIENTS: 'recipients'>
    """

    share: Share = Share.CHUNKS
    failover: bool = True

    def __post_init__(self) -> None:
        object.__setattr__(self, "share", Share(self.share))


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """The messaging limit of a Meta business portfolio: so many people in any 24 hours.

    Attributes:
        people: How many different people: Meta's steps are 250, 2,000, 10,000 and 100,000.
        portfolio: Campaigns of the workspace that name the same one count together.

    Raises:
        InvalidValue: A value breaks its limit.

    Example:
        >>> Tier(people=2000).portfolio
        'default'
    """

    people: int
    portfolio: str = "default"

    def __post_init__(self) -> None:
        if isinstance(self.people, bool) or not 1 <= self.people <= 10**7:
            raise InvalidValue("Tier.people", "1 to 10000000", self.people)
        if not 1 <= len(str(self.portfolio)) <= 63:
            raise InvalidValue("Tier.portfolio", "1 to 63 characters", self.portfolio)


class OptOuts(enum.StrEnum):
    """Whose suppression lists a campaign heeds."""

    SESSION = "session"
    """That of the session that sends it, and the workspace's own."""
    WORKSPACE = "workspace"
    """Those of all sessions of the workspace: who said stop to one number said it to all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CampaignOptions:
    """All of these together, as the ledger keeps them.

    Attributes:
        hours: When messages may leave; None: at any time.
        canary: The first few messages; None: all go at once.
        cap: How often one person may be written to; None: as often as you like.
        tier: How many people the portfolio may write to in 24 hours; None: no limit.
        numbers: How several numbers share it.
        sessions: The sessions that send it, if there are several.
        opt_outs: Whose suppression lists hold.
        end_at: What is not sent by then stays unsent, in seconds since the epoch.
    """

    hours: SendHours | None = None
    canary: Canary | None = None
    cap: FrequencyCap | None = None
    tier: Tier | None = None
    numbers: Numbers = Numbers()
    sessions: tuple[str, ...] = ()
    opt_outs: OptOuts = OptOuts.SESSION
    end_at: float | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "opt_outs", OptOuts(self.opt_outs))
        if len(set(self.sessions)) < len(self.sessions):
            raise InvalidValue("sessions", "each session once", self.sessions)

    def to_json(self) -> str:
        """Write them; what has its default is left out."""
        found: dict[str, Any] = {}
        for field in fields(self):
            value = getattr(self, field.name)
            if value != field.default:
                found[field.name] = _plain(value)
        return json.dumps(found, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read them.

        Raises:
            InvalidValue: A value breaks its limit, or an option is unknown: a newer version wrote
                it, and it must not be sent without it.
            ValueError: It is not JSON.

        Example:
            >>> CampaignOptions.from_json('{"canary":{"share":0.1}}').canary.share
            0.1
        """
        found: dict[str, Any] = json.loads(text)
        kinds = {
            "hours": SendHours,
            "canary": Canary,
            "cap": FrequencyCap,
            "numbers": Numbers,
            "tier": Tier,
        }
        unknown = sorted(set(found) - {field.name for field in fields(cls)})
        if unknown:
            raise InvalidValue("options", "options that this version knows", ", ".join(unknown))
        for name, kind in kinds.items():
            if found.get(name) is not None:
                found[name] = kind(**found[name])
        if "sessions" in found:
            found["sessions"] = tuple(found["sessions"])
        return cls(**found)


NO_OPTIONS = CampaignOptions()


def _plain(value: object) -> object:
    if isinstance(value, SendHours | Canary | FrequencyCap | Numbers | Tier):
        return {field.name: getattr(value, field.name) for field in fields(value)}
    return value
