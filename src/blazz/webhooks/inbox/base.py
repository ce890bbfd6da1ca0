"""The seam between receiving and handling: where updates are kept until they are handled.

A body is put as it came, and the request is answered once that is committed. Later a dispatcher
splits it into updates, takes them and settles them::

    put ──> arrived ──split──> READY ──take──> TAKEN ──settle──> DONE
                                 ^               ├──────────────> WAITING ──(time)──> READY
                                 └──(lapse)──────┴──────────────> DEAD    ──replay──> READY

While an update is TAKEN or WAITING, the later ones of its conversation are BLOCKED.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol, runtime_checkable

from blazz.webhooks.inbox.values import (
    LONGEST_PAUSE,
    UNFINISHED,
    Arrived,
    Counts,
    Entry,
    Failure,
    Item,
    Logged,
    Page,
    Retention,
    Route,
    RouteTable,
    Row,
    Split,
    SplitResult,
    State,
)

__all__ = [
    "LONGEST_PAUSE",
    "UNFINISHED",
    "Arrived",
    "Counts",
    "Entry",
    "Failure",
    "Inbox",
    "Intake",
    "Item",
    "Logged",
    "Page",
    "Retention",
    "Route",
    "RouteTable",
    "Row",
    "Split",
    "SplitResult",
    "State",
]


class Intake(Protocol):
    """Where a `Receiver` puts what it accepts: an `Inbox`, or what passes it on to several.

    See `Inbox` for the methods.
    """

    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body as it came; it is answered 200 when this returns."""
        ...

    async def register(
        self, session: str, *, accounts: Collection[str], signers: Collection[str]
    ) -> int:
        """Route the updates of these accounts that these secrets sign to a session."""
        ...

    async def backlog(self, sessions: Collection[str] | None = None) -> int:
        """Count what waits to be handled."""
        ...


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

    async def arrived(self, sessions: Collection[str], *, limit: int) -> Sequence[Arrived]:
        """Read the oldest bodies that are not split yet.

        Those whose signer has a route to one of the sessions, or no route at all any more.
        """
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

        Outlives the process. Replaces what was registered for the session before, except for bodies
        that are in the inbox already: they were accepted under it. Kept updates that now have a
        route are split again; returns how many there are.
        """
        ...

    async def unregister(self, session: str) -> None:
        """Forget a session for good: its updates are unrouted from now on.

        What waits for it goes with the retention of kept updates, unless it registers again.
        """
        ...

    async def routes(self) -> RouteTable:
        """Read all routes."""
        ...

    async def backlog(self, sessions: Collection[str] | None = None) -> int:
        """Count what handlers still have to see; a body counts one per kilobyte until split.

        With `sessions` only what is for them is counted.
        """
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

    async def forget_excess(self, most: int) -> Mapping[str, int]:
        """Forget the oldest unrouted, foreign and unreadable updates of each signer.

        Args:
            most: How many bytes of bodies with such updates are kept of one signer; each counts 512
                more.

        Returns:
            How many updates were forgotten, by signer.
        """
        ...

    async def prune(self, retention: Retention) -> int:
        """Remove what is older than its retention; returns the number of updates removed.

        Handled updates whose body may be split again stay: they would come out of it as new. Time
        is measured in marks that `prune` itself leaves: call it about once an hour. It also lets
        conversations go on that are blocked although nothing of them is taken or waiting.
        """
        ...
