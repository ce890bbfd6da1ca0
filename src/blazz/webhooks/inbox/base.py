"""The seam between receiving and handling: where updates are kept until they are handled.

A body is put as it came, and the request is answered once that is committed. Later a dispatcher
splits it into updates, takes them and settles them::

    put ──> arrived ──split──> READY ──take──> TAKEN ──settle──> DONE
                                 ^               ├──────────────> WAITING ──(time)──> READY
                                 └──(lapse)──────┴──────────────> DEAD    ──replay──> READY

While an update is TAKEN or WAITING, the later ones of its conversation are BLOCKED.
"""

from __future__ import annotations

import enum
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import NamedTuple, Protocol, runtime_checkable

from blazz.errors import InvalidValue

_LEAST_MEMORY = timedelta(days=7)


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
        after: Seconds until it is tried again; None: it is dead.
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
        until: When it is tried again, if it is waiting.
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


@dataclass(frozen=True, slots=True)
class RouteTable:
    """Which sessions have registered for which account, with which secrets.

    Attributes:
        version: Changes whenever any session registers or unregisters.
        routes: The sessions of each pair of account and signer.
    """

    version: int
    routes: Mapping[tuple[str, str], Sequence[str]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retention:
    """How long an inbox keeps what is over.

    Meta repeats an update for up to 7 days, so handled ones are remembered for longer.

    Attributes:
        handled: For how long duplicates of handled updates are recognised and the log can be read.
        kept: For how long dead, unrouted, foreign and unreadable updates are kept.

    Raises:
        InvalidValue: Duplicates would be forgotten before Meta stops repeating them.
    """

    handled: timedelta = timedelta(days=8)
    kept: timedelta = timedelta(days=30)

    def __post_init__(self) -> None:
        for name in ("handled", "kept"):
            value: timedelta = getattr(self, name)
            if value <= _LEAST_MEMORY:
                raise InvalidValue(f"Retention.{name}", "more than 7 days", value)


@dataclass(frozen=True, slots=True)
class Counts:
    """How many bodies and updates wait or are kept.

    Attributes:
        arrived: Bodies that are not split yet.
        updates: Updates by state; handled ones are not counted.
    """

    arrived: int
    updates: Mapping[State, int] = field(default_factory=dict)


@runtime_checkable
class Inbox(Protocol):
    """A durable inbox; `blazz.testing.check_inbox` tests these semantics.

    * What a method did is committed when it returns: a killed process does not undo it. A power cut
      does not undo `put`, `register` and `set_cursor`, nor what was done before them; it may undo
      the last of `split`, `take` and `settle`, which are then repeated.
    * Every method is one transaction and may be called by several processes at once.
    * Rows get their numbers in the order in which their transactions commit: a reader who has seen
      one number never misses a lower one.

    Raises:
        InboxUnavailable: The database does not answer, is full, or is damaged.
    """

    async def open(self) -> None:
        """Open the database and bring its schema up to date; a second call does nothing."""
        ...

    async def close(self) -> None:
        """Close it; a second call does nothing."""
        ...

    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body as it came. Bodies put at the same time share one commit."""
        ...

    async def arrived(self, signers: Collection[str], *, limit: int) -> Sequence[Arrived]:
        """Read the oldest bodies of these signers that are not split yet."""
        ...

    async def split(self, splits: Sequence[Split], *, version: int) -> SplitResult | None:
        """Store the updates of bodies; those whose key is known are left out.

        A body that another process has split meanwhile is left out, too. Returns None, having done
        nothing, if the routes are not those of `version`: a session has registered meanwhile.
        """
        ...

    async def take(
        self, owner: str, *, sessions: Collection[str], limit: int, lease: float
    ) -> Sequence[Item]:
        """Take the oldest updates that are ready, in order, evenly from these sessions.

        Nothing is taken of a conversation that has an update taken or waiting. Updates whose owner
        has not renewed its lease in time are ready again.

        Args:
            owner: Who takes them; unique among all running dispatchers.
            sessions: The sessions whose updates it can handle.
            limit: The most to take.
            lease: Seconds after which everything that the owner has taken lapses, unless `renew`
                or `take` is called before.
        """
        ...

    async def renew(self, owner: str, *, lease: float) -> None:
        """Keep what the owner has taken for another `lease` seconds."""
        ...

    async def settle(
        self,
        owner: str,
        *,
        done: Sequence[Item] = (),
        failed: Sequence[Failure] = (),
        released: Sequence[Item] = (),
    ) -> None:
        """Record what became of updates.

        `done` is a fact and is recorded even if the lease has lapsed; the rest only while the
        owner still has them. Released updates are ready again, with what is `finished`.
        """
        ...

    async def retire(self, owner: str) -> None:
        """Make ready at once what the owner still has."""
        ...

    async def bodies(self, body_ids: Collection[int]) -> Mapping[int, bytes]:
        """Read bodies; those that retention has removed are left out."""
        ...

    async def register(
        self, session: str, *, accounts: Collection[str], signers: Collection[str]
    ) -> int:
        """Route the updates of these accounts that these secrets sign to a session.

        Replaces what was registered for the session before, and outlives the process. Kept updates
        that now have a route are split again. Returns how many there are.
        """
        ...

    async def unregister(self, session: str) -> None:
        """Forget a session for good: its updates are unrouted from now on."""
        ...

    async def routes(self) -> RouteTable:
        """Read all routes."""
        ...

    async def backlog(self) -> int:
        """Count what handlers still have to see; a body counts one per kilobyte until split."""
        ...

    async def counts(self) -> Counts:
        """Count what waits and what is kept."""
        ...

    async def entries(
        self,
        *,
        states: Collection[State] | None = None,
        session: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Entry]:
        """List updates with numbers above `after`, lowest first; without `states` all of them."""
        ...

    async def entry(self, seq: int) -> Entry | None:
        """Look one update up."""
        ...

    async def replay(self, seqs: Collection[int]) -> int:
        """Give dead updates another full round of attempts; split kept ones again.

        Returns how many there were; updates in other states are left alone.
        """
        ...

    async def read_after(self, position: int, *, limit: int, session: str | None = None) -> Page:
        """Read the log of routed updates after a position; 0 is its beginning."""
        ...

    async def last_position(self) -> int:
        """Tell the position after the newest update."""
        ...

    async def cursor(self, name: str) -> int | None:
        """Read a named position."""
        ...

    async def set_cursor(self, name: str, position: int) -> None:
        """Keep a named position."""
        ...

    async def prune(self, retention: Retention) -> int:
        """Remove what is older than its retention; returns the number of updates removed.

        Time is measured in marks that `prune` itself leaves: call it about once an hour.
        """
        ...
