"""Where `check_inbox` plays: two processes, a session, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

from blazz.webhooks.inbox.base import Inbox, Item, Row, Split, SplitResult, State

LEASE = 60.0
ANN, BOB = "ann", "bob"


class Clock:
    """A clock that the checks move."""

    def __init__(self) -> None:
        self._now = 1_780_000_000.0

    def __call__(self) -> float:
        """Tell the time in seconds since 1970."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Let time pass."""
        self._now += seconds


class Scene:
    """One check's session, with two processes that have the inbox open."""

    def __init__(self, inbox: Inbox, other: Inbox, clock: Clock, *, name: str) -> None:
        self.inbox = inbox
        self.other = other
        self.clock = clock
        self.session = f"acme/{name}"
        self.account = f"account-{name}"
        self.signer = f"signer-{name}"

    async def leave(self) -> None:
        """Finish what a check has left, so that the next one finds nothing."""
        for owner in (ANN, BOB):
            await self.inbox.retire(owner)
        self.clock.advance(10_000)
        while items := await self.take(ANN):
            await self.inbox.settle(ANN, done=items)

    def row(self, name: str, lane: str = "", *, position: int = 0) -> Row:
        """A row of this session."""
        return Row(position, self.key(name), self.session, lane, State.READY)

    def key(self, name: str) -> bytes:
        """The key of an update of this session."""
        return blake2b(f"{self.session} {name}".encode(), digest_size=16).digest()

    async def body(self, content: bytes = b"{}") -> int:
        """Put a body; returns its number."""
        await self.inbox.put(content, signer=self.signer)
        return (await self.inbox.arrived([self.session], limit=1_000))[-1].body_id

    async def split(self, *rows: Row) -> SplitResult:
        """Put a body and store these rows of it."""
        version = (await self.inbox.routes()).version
        result = await self.inbox.split([Split(await self.body(), rows)], version=version)
        assert result is not None
        return result

    async def deliver(self, *names: str) -> None:
        """Store updates of one body: `a1` is the update 1 of the conversation a."""
        rows = [self.row(name, name[0], position=place) for place, name in enumerate(names)]
        await self.split(*rows)

    async def take(self, owner: str, *, limit: int = 100) -> Sequence[Item]:
        """Take what is ready."""
        return await self.inbox.take(owner, sessions=[self.session], limit=limit, lease=LEASE)

    def named(self, names: str) -> list[bytes]:
        """The keys of several updates."""
        return [self.key(name) for name in names.split()]
