"""An inbox on any SQL database that can run an operation in one transaction."""

from __future__ import annotations

import functools
import logging
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from typing import Final, Self, TypeVar

from blazz.databases.operations import Operation
from blazz.webhooks.inbox import excess, operations
from blazz.webhooks.inbox.base import (
    Arrived,
    Counts,
    Entry,
    Failure,
    Item,
    Page,
    Retention,
    RouteTable,
    Split,
    SplitResult,
    State,
)

T = TypeVar("T")

_PRUNE_CHUNK: Final = 2_000
_FORGET_CHUNK: Final = 2_000

_log = logging.getLogger(__name__)


class SqlInbox(ABC):
    """Runs `operations`; a backend says how. See `Inbox` for what each method does."""

    @abstractmethod
    async def open(self) -> None:
        """Open the database."""

    @abstractmethod
    async def close(self) -> None:
        """Close the database."""

    @abstractmethod
    async def put(self, body: bytes, *, signer: str) -> None:
        """Keep a body as it came."""

    @abstractmethod
    async def change(
        self,
        operation: Callable[[float], Operation[T]],
        *,
        alone: bool = True,
        durable: bool = True,
    ) -> T:
        """Run an operation that writes.

        Args:
            operation: Makes the operation, given the time in seconds since 1970.
            alone: Whether others who change rows must wait for its commit.
            durable: Whether it must survive a power cut; if not, it is repeated after one.

        Raises:
            InboxUnavailable: The database fails.
        """

    @abstractmethod
    async def look(self, operation: Operation[T]) -> T:
        """Run an operation that only reads.

        Raises:
            InboxUnavailable: The database fails.
        """

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    async def arrived(self, sessions: Collection[str], *, limit: int) -> Sequence[Arrived]:
        """Read the oldest bodies for these sessions that are not split yet."""
        return await self.look(operations.arrived(sessions, limit))

    async def split(self, splits: Sequence[Split], *, version: int) -> SplitResult | None:
        """Store the updates of bodies; those whose key is known are left out."""
        return await self.change(lambda _: operations.split(splits, version), durable=False)

    async def take(
        self, owner: str, *, sessions: Collection[str], limit: int, lease: float
    ) -> Sequence[Item]:
        """Take the oldest updates that are ready, in order, evenly from these sessions."""
        return await self.change(
            lambda now: operations.take(owner, sessions, limit=limit, lease=lease, now=now),
            durable=False,
        )

    async def renew(self, owner: str, *, lease: float) -> None:
        """Keep what the owner has taken for another `lease` seconds."""
        await self.change(lambda now: operations.renew(owner, now + lease), durable=False)

    async def settle(
        self,
        owner: str,
        *,
        done: Sequence[Item] = (),
        failed: Sequence[Failure] = (),
        released: Sequence[Item] = (),
    ) -> None:
        """Record what became of updates."""
        await self.change(
            lambda now: operations.settle(
                owner, done=done, failed=failed, released=released, now=now
            ),
            durable=False,
        )

    async def retire(self, owner: str) -> None:
        """Make ready at once what the owner still has."""
        await self.change(lambda _: operations.retire(owner))

    async def bodies(self, body_ids: Collection[int]) -> Mapping[int, bytes]:
        """Read bodies; those that retention has removed are left out."""
        return await self.look(operations.bodies(body_ids))

    async def register(
        self, session: str, *, accounts: Collection[str], signers: Collection[str]
    ) -> int:
        """Route the updates of these accounts that these secrets sign to a session."""
        return await self.change(lambda _: operations.register(session, accounts, signers))

    async def unregister(self, session: str) -> None:
        """Forget a session for good."""
        await self.change(lambda _: operations.unregister(session))

    async def routes(self) -> RouteTable:
        """Read all routes."""
        return await self.look(operations.routes())

    async def backlog(self, sessions: Collection[str] | None = None) -> int:
        """Count what handlers still have to see; a body counts one per kilobyte until split."""
        return await self.look(operations.backlog(sessions))

    async def counts(self) -> Counts:
        """Count what waits and what is kept."""
        return await self.look(operations.counts())

    async def entries(
        self,
        *,
        states: Collection[State] | None = None,
        session: str | None = None,
        after: int = 0,
        limit: int = 100,
    ) -> Sequence[Entry]:
        """List updates with numbers above `after`, lowest first; without `states` all of them."""
        return await self.look(operations.entries(states, session, after, limit))

    async def entry(self, seq: int) -> Entry | None:
        """Look one update up."""
        found = await self.look(operations.entries(None, None, seq - 1, 1))
        return found[0] if found and found[0].seq == seq else None

    async def replay(self, seqs: Collection[int]) -> int:
        """Give dead updates another full round of attempts; split kept ones again."""
        return await self.change(lambda _: operations.replay(seqs))

    async def read_after(self, position: int, *, limit: int, session: str | None = None) -> Page:
        """Read the log of routed updates after a position; 0 is its beginning."""
        return await self.look(operations.read_after(position, limit, session))

    async def last_position(self) -> int:
        """Tell the position after the newest update."""
        return await self.look(operations.last_position())

    async def cursor(self, name: str) -> int | None:
        """Read a named position."""
        return await self.look(operations.cursor(name))

    async def set_cursor(self, name: str, position: int) -> None:
        """Keep a named position."""
        await self.change(lambda _: operations.set_cursor(name, position), alone=False)

    async def prune(self, retention: Retention) -> int:
        """Remove what is older than its retention, in small transactions; free what is stuck."""
        await self._free()
        handled, kept = retention.handled.total_seconds(), retention.kept.total_seconds()
        queries = await self.change(lambda now: operations.mark(now, handled, kept))
        removed = {query: await self._prune(query, limits) for query, limits in queries.items()}
        return sum(removed.values()) - removed["prune_bodies"]

    async def forget_excess(self, most: int) -> Mapping[str, int]:
        """Forget the oldest kept updates of each signer beyond so many bytes."""
        forgotten: Counter[str] = Counter()
        while (found := await self.look(excess.find(most, _FORGET_CHUNK))) is not None:
            forgotten += await self.change(functools.partial(_forget, found))
        return forgotten

    async def _free(self) -> None:
        """Let go on what nothing holds up; there hardly ever is any, so it is looked for first."""
        if any(await self.look(operations.stuck())) and (
            count := await self.change(lambda _: operations.free())
        ):
            _log.warning("%d conversations were stuck, and go on now", count)

    async def _prune(self, query: str, limits: tuple[float, ...]) -> int:
        removed = 0
        while True:
            count = await self.change(
                lambda _: operations.prune(query, limits, _PRUNE_CHUNK),
                # The others remove what nobody touches any more.
                alone=query in {"prune_kept", "prune_forgotten"},
            )
            removed += count
            if count < _PRUNE_CHUNK:
                return removed


def _forget(found: excess.Excess, _: float) -> Operation[Counter[str]]:
    return excess.forget(found)
