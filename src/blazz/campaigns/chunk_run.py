"""One leased chunk in the hands of a worker."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import anyio

from blazz.campaigns.delivery import Evidence
from blazz.campaigns.ledger.records import Finding, Lease, WindowRow
from blazz.campaigns.priority import Priority


class ChunkRun:
    """What is on its way for a chunk, and what came back.

    Args:
        lease: The lease.
        now: When it was asked for, in monotonic seconds.
        ttl: Seconds that it lasts.
        priority: How urgent its campaign is.

    Attributes:
        remaining: How many due rows have not been taken yet.
        taken: The number of the last row that was taken.
        in_flight: How many rows were taken and have no result yet.
        deadline: Monotonic seconds; after this the lease may belong to another.
        renewed_at: Monotonic seconds of the last renewal.
        stopping: Rows that wait for their turn are given back instead of sent.
        findings: Results that are not yet recorded.
    """

    def __init__(
        self, lease: Lease, *, now: float, ttl: float, priority: Priority = Priority.CAMPAIGN
    ) -> None:
        self.lease = lease
        self.priority = priority
        self.remaining = lease.due
        self.taken = 0
        self.in_flight = 0
        self.stopping = False
        self.findings: list[Finding] = []
        self._enough = 1
        self._ttl = ttl
        self._changed = asyncio.Event()
        self.renew(now)

    def renew(self, now: float) -> None:
        """Note a renewal that was asked for at `now`, in monotonic seconds."""
        self.renewed_at = now
        self.deadline = now + self._ttl

    def must_renew(self, now: float) -> bool:
        """Whether a third of the lease has passed without a renewal."""
        return now - self.renewed_at > self._ttl / 3

    def take(self, rows: Sequence[WindowRow], asked: int) -> None:
        """Note rows that were taken; fewer than asked for means that there are no more."""
        self.in_flight += len(rows)
        left = self.remaining - len(rows) if len(rows) == asked else 0
        self.remaining = max(0, left)  # it is 0 already if the chunk was stopped meanwhile
        if rows:
            self.taken = rows[-1].seq

    def finish(self, row: WindowRow, evidence: Evidence) -> None:
        """Note one result."""
        self.findings.append(Finding(self.lease.chunk.campaign, row.seq, row.attempt, evidence))
        self.in_flight -= 1
        if len(self.findings) >= self._enough or not self.in_flight:
            self._changed.set()

    def take_findings(self) -> list[Finding]:
        """Take what came back since the last time."""
        findings, self.findings = self.findings, []
        self._changed.clear()
        return findings

    @property
    def done(self) -> bool:
        """Whether nothing is left to take, to wait for or to record."""
        return not (self.remaining or self.in_flight or self.findings)

    async def wait(self, seconds: float, *, enough: int) -> None:
        """Wait for so many results, or for all that are on their way, or for so long."""
        # Fast answers are there before anybody waits for them; stopping must get its turn, too.
        await anyio.lowlevel.checkpoint_if_cancelled()
        self._enough = enough
        with anyio.move_on_after(seconds):
            await self._changed.wait()

    def stop(self) -> None:
        """Take nothing more; what waits for its turn is given back."""
        self.stopping = True
        self.remaining = 0

    def wake(self) -> None:
        """End a `wait`: there may be something to take."""
        self._changed.set()

    async def drained(self) -> None:
        """Wait until nothing is on its way."""
        while self.in_flight:
            self._changed.clear()
            await self._changed.wait()
