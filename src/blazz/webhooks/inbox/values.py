"""What goes into an inbox and comes out of it."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from blazz.errors import InvalidValue

LONGEST_PAUSE: Final = 86_400.0
"""The most seconds that an update may wait for its next attempt: a day."""

_LEAST_MEMORY = timedelta(days=7)
_LEAST_KEPT: Final = 16 * 1024 * 1024


class State(enum.IntEnum):
    """Where an update is on its way; the numbers are stored."""

    READY = 0
    """It waits for a dispatcher."""
    TAKEN = 1
    """A dispatcher is handling it."""
    WAITING = 2
    """Handling it failed; it is tried again when its pause is over."""
    BLOCKED = 3
    """An earlier update of its conversation is taken or waiting."""
    DONE = 4
    """All its handlers have succeeded."""
    DEAD = 5
    """It failed too often; `replay` makes it ready again."""
    UNROUTED = 6
    """No session is registered for its account; it is routed when one is."""
    FOREIGN = 7
    """The secret that signed it does not belong to the session of its account."""
    UNREADABLE = 8
    """A signed body that the parser could not split; `replay` tries again."""


UNFINISHED = frozenset({State.READY, State.TAKEN, State.WAITING, State.BLOCKED})
"""The states of updates that handlers still have to see."""


class Arrived(NamedTuple):
    """A body that waits to be split.

    Attributes:
        body_id: Its number in the inbox.
        signer: The fingerprint of the secret that signed it; empty if nothing was checked.
        body: The raw body.
    """

    body_id: int
    signer: str
    body: bytes


class Row(NamedTuple):
    """One update of a body as it is stored.

    Attributes:
        position: Its place among the updates of the body.
        key: A digest of what it is and whom it is for; an inbox keeps one row per key.
        session: The session that it is for; None unless it is routed.
        lane: Updates of one session with one lane are handled in order; empty: no order is needed.
        state: READY, UNROUTED, FOREIGN or UNREADABLE.
        account: The account that it names.
        error: Why it could not be routed or read.
    """

    position: int
    key: bytes
    session: str | None
    lane: str
    state: State
    account: str | None = None
    error: str | None = None


class Split(NamedTuple):
    """All updates of one body."""

    body_id: int
    rows: Sequence[Row]


@dataclass(frozen=True, slots=True)
class SplitResult:
    """What `Inbox.split` stored.

    Attributes:
        new: Updates that were not known before.
        duplicates: Updates that were, and were left out.
    """

    new: int
    duplicates: int


class Item(NamedTuple):
    """An update that a dispatcher has taken.

    Attributes:
        seq: Its number in the log; later updates have higher ones.
        session: The session that it is for.
        lane: See `Row.lane`.
        body_id: The body that it is part of.
        position: Its place among the updates of the body.
        key: See `Row.key`.
        attempts: How often it failed before.
        finished: The names of handlers that have succeeded already.
    """

    seq: int
    session: str
    lane: str
    body_id: int
    position: int
    key: bytes
    attempts: int
    finished: frozenset[str]


@dataclass(frozen=True, slots=True)
class Failure:
    """An update whose handling failed.

    Attributes:
        item: The update; its `finished` names the handlers that need not run again.
        error: What went wrong, in a line.
        after: Seconds until it is tried again, at most `LONGEST_PAUSE`; None: it is dead.
    """

    item: Item
    error: str
    after: float | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """An update as `blazz inbox list` shows it.

    Attributes:
        seq: Its number in the log.
        state: Where it is on its way.
        session: The session that it is for; None unless it is routed.
        account: The account that it names, kept for updates that are not routed.
        lane: Its conversation.
        attempts: How often it failed.
        error: What went wrong last.
        until: When it is tried again, if it is waiting; when it died, if it is dead.
        finished: The handlers that have succeeded, if others have not.
        received_at: When its body came; None if retention has removed the body.
        body_id: The body that it is part of.
        position: Its place among the updates of the body.
        key: See `Row.key`.
    """

    seq: int
    state: State
    session: str | None
    account: str | None
    lane: str
    attempts: int
    error: str | None
    until: datetime | None
    finished: frozenset[str]
    received_at: datetime | None
    body_id: int
    position: int
    key: bytes


class Logged(NamedTuple):
    """An update as a reader of the log sees it, whether or not it has been handled."""

    seq: int
    session: str
    body_id: int
    position: int
    key: bytes


@dataclass(frozen=True, slots=True)
class Page:
    """A part of the log.

    Attributes:
        entries: The updates found, in order.
        position: Where to read on; it moves even when nothing was found.
        more: Whether there is more at once.
    """

    entries: Sequence[Logged]
    position: int
    more: bool


class Route(NamedTuple):
    """Where updates go.

    Attributes:
        session: The session.
        last_body: If the route was replaced, the last body that it is for.
    """

    session: str
    last_body: int | None = None


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Which sessions have registered for which account, with which secrets.

    Attributes:
        version: Changes whenever any session registers or unregisters.
        routes: The routes of each pair of account and signer.
    """

    version: int
    routes: Mapping[tuple[str, str], Sequence[Route]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long an inbox keeps what is over.

    Meta repeats an update for up to 7 days, so handled ones are remembered for longer.

    Attributes:
        handled: For how long duplicates of handled updates are recognised and the log can be read.
        kept: For how long dead, unrouted, foreign and unreadable updates are kept, and those of
            sessions that were forgotten: from when they came, or died.
        kept_bytes: How many bytes of bodies with unrouted, foreign and unreadable updates are kept
            of each secret. Whoever has the secret could send without end; beyond it the oldest are
            forgotten, which is logged and observed.

    Raises:
        InvalidValue: Duplicates would be forgotten before Meta stops repeating them, or not even a
            few bodies would be kept.
    """

    handled: timedelta = timedelta(days=8)
    kept: timedelta = timedelta(days=30)
    kept_bytes: int = 256 * 1024 * 1024

    def __post_init__(self) -> None:
        for name in ("handled", "kept"):
            value: timedelta = getattr(self, name)
            if value <= _LEAST_MEMORY:
                raise InvalidValue(f"Retention.{name}", "more than 7 days", value)
        if self.kept_bytes < _LEAST_KEPT:
            raise InvalidValue(
                "Retention.kept_bytes", f"at least {_LEAST_KEPT} bytes", self.kept_bytes
            )


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bodies and updates wait or are kept.

    Attributes:
        arrived: Bodies that are not split yet.
        updates: Updates by state; handled ones are not counted.
    """

    arrived: int
    updates: Mapping[State, int] = field(default_factory=dict)
