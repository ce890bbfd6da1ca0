"""The owners, the clock and the campaigns that the checks of a ledger play with."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Sequence
from dataclasses import replace

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Finding,
    Lease,
    NewRow,
    Reject,
    WindowRow,
)
from blazz.errors import BlazzError

TTL = 60.0
_START = 1_780_000_000.0


class Scene:
    """One check's workspace, its two owners, and its clock."""

    def __init__(self, ledger: Ledger, ann: str, bob: str, *, workspace: str) -> None:
        self.ledger = ledger
        self.ann = ann
        self.bob = bob
        self.workspace = workspace
        self.now = _START
        self._ids = itertools.count(1)

    def row(self, **changes: object) -> CampaignRow:
        """A campaign that is not stored yet."""
        row = CampaignRow(
            workspace=self.workspace,
            id=f"campaign-{next(self._ids)}",
            session=f"{self.workspace}-session",
            message='{"type":"text","version":1,"body":"Halo {name}"}',
            columns=("name",),
            chunk_size=10,
        )
        return replace(row, **changes)  # type: ignore[arg-type]

    async def imported(self, count: int, *, running: bool = True, **changes: object) -> CampaignRow:
        """A campaign with so many recipients."""
        row = await self.ledger.create(self.row(**changes), now=self.now)
        await self.begin(row)
        await self.add(row, range(1, count + 1))
        row = await self.finish(row)
        if running:
            await self.ledger.change(
                row.number, CampaignState.RUNNING, expected={CampaignState.READY}
            )
        return row

    async def begin(self, row: CampaignRow, *, owner: str | None = None) -> None:
        """Begin an import, as Ann if not as another."""
        await self.ledger.begin_import(row.number, owner=owner or self.ann, now=self.now, ttl=TTL)

    async def add(
        self,
        row: CampaignRow,
        lines: Sequence[int],
        *,
        rejects: Sequence[Reject] = (),
        lane: int = 0,
    ) -> None:
        """Import rows with these line numbers, as Ann."""
        rows = [NewRow(line, f"+62{10**9 + line}", f'["n{line}"]') for line in lines]
        await self.ledger.import_rows(
            row.number, rows, rejects, owner=self.ann, now=self.now, ttl=TTL, lane=lane
        )

    async def finish(self, row: CampaignRow, *, owner: str | None = None) -> CampaignRow:
        """Finish an import."""
        return await self.ledger.finish_import(
            row.number,
            owner=owner or self.ann,
            audience="fingerprint",
            columns=("phone", "name"),
            now=self.now,
            ttl=TTL,
        )

    async def offered(self, row: CampaignRow, *, depth: int = 100) -> list[int]:
        """The numbers of a campaign's chunks that are offered now."""
        offers = await self.ledger.offer(
            owner=self.ann, depth=depth, hold=30.0, now=self.now, campaign=row.number
        )
        return [offer.chunk.number for offer in offers]

    async def lease(self, row: CampaignRow, number: int, *, owner: str | None = None) -> Lease:
        """Lease a chunk that can be leased."""
        lease = await self.ledger.lease_chunk(
            ChunkId(row.number, number), owner=owner or self.ann, ttl=TTL, now=self.now
        )
        assert lease is not None, "a chunk that nobody has can be leased"
        return lease

    async def window(self, lease: Lease, n: int, *, after: int = 0) -> Sequence[WindowRow]:
        """Begin a window."""
        return await self.ledger.begin_window(lease, n, after=after, ttl=TTL, now=self.now)

    async def record(self, *findings: Finding) -> int:
        """Record findings."""
        return await self.ledger.record(findings, now=self.now)

    async def states(self, row: CampaignRow) -> dict[int, State]:
        """The state of each recipient, after a check that the counters agree with them."""
        found = await self.ledger.recipients(row.number, tuple(State), limit=10_000)
        counts = (await self.ledger.standing(row.number, now=self.now)).counts
        for state in State:
            there = sum(it.state is state for it in found)
            assert getattr(counts, state) == there, f"the counter of {state} fits the rows"
        return {it.seq: it.state for it in found}


async def raises(kind: type[BlazzError], work: Awaitable[object]) -> None:
    """Check that something raises this error."""
    try:
        await work
    except kind:
        return
    raise AssertionError(f"this raises {kind.__name__}")
