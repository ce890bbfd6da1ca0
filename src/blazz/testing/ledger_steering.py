"""Checks that a ledger keeps its promises about steering campaigns and about their history."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from blazz.campaigns.delivery import Accepted, State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import (
    CampaignState,
    Counts,
    Finding,
    Note,
    Sample,
)
from blazz.campaigns.priority import Priority
from blazz.errors import CampaignConflict, LedgerError
from blazz.testing.ledger_scene import TTL, Scene, raises


async def _alters_a_campaign(at: Scene) -> None:
    row = await at.imported(5, options='{"cap":1}', rate=80.0)
    altered = await at.ledger.alter(
        row.number, {"priority": Priority.HIGH, "rate": None, "not_before": at.now + 60}
    )
    assert altered == await at.ledger.get(row.number)
    assert (altered.priority, altered.rate, altered.not_before) == (
        Priority.HIGH,
        None,
        at.now + 60,
    )
    assert (altered.options, altered.session) == ('{"cap":1}', row.session), "the rest stays"
    assert altered.state is CampaignState.RUNNING
    assert await at.offered(row) == [], "its new time holds at once"
    await at.ledger.alter(row.number, {"not_before": 0.0, "options": "{}"})
    assert await at.offered(row) == [1]
    again = await at.ledger.create(row, now=at.now)
    assert (again.options, again.not_before) == ('{"cap":1}', 0.0), "a start is not put off again"
    await raises(LedgerError, at.ledger.alter(10**6, {"rate": 1.0}))


async def _lists_campaigns(at: Scene) -> None:
    ready, running = await at.imported(1, running=False), await at.imported(1)
    listed = await at.ledger.campaigns(at.workspace, states={CampaignState.RUNNING})
    assert [row.number for row in listed] == [running.number]
    everywhere = await at.ledger.campaigns(states={CampaignState.READY, CampaignState.RUNNING})
    numbers = [row.number for row in everywhere]
    assert {ready.number, running.number} <= set(numbers)
    assert numbers == sorted(numbers, reverse=True), "the newest first"


async def _forgets_a_campaign(at: Scene) -> None:
    kept, gone = await at.imported(3), await at.imported(3)
    lease = await at.lease(gone, 1)
    await at.window(lease, 1)
    await raises(CampaignConflict, at.ledger.delete(gone.number))
    await at.ledger.change(gone.number, CampaignState.CANCELLED, expected={CampaignState.RUNNING})
    await at.ledger.delete(gone.number)
    await at.ledger.delete(gone.number)
    assert await at.ledger.get(gone.number) is None
    assert await at.ledger.recipients(gone.number, tuple(State)) == []
    assert await at.record(Finding(gone.number, 1, 1, Accepted("wamid"))) == 0
    await at.ledger.release(lease, now=at.now)
    late = await at.ledger.lease_chunk(ChunkId(gone.number, 1), owner=at.ann, ttl=TTL, now=at.now)
    assert late is None
    assert len(await at.states(kept)) == 3, "others stay"
    fresh = await at.ledger.create(gone, now=at.now)
    assert fresh.number not in {gone.number, kept.number}, "a number is never given twice"


async def _remembers_what_happened(at: Scene) -> None:
    row, other = await at.imported(3), await at.imported(1)
    for seconds, read in ((2.0, 5), (1.0, 3), (2.0, 9)):
        await at.ledger.sample(row.number, Counts(read=read, failed=1), at=at.now + seconds)
    assert await at.ledger.samples(row.number) == [
        Sample(at.now + 1, Counts(read=3, failed=1)),
        Sample(at.now + 2, Counts(read=5, failed=1)),
    ]
    await at.ledger.note(row.number, "paused", at=at.now)
    await at.ledger.note(row.number, "resumed", at=at.now + 1)
    notes = await at.ledger.notes(row.number)
    assert notes == [Note(at.now, "paused"), Note(at.now + 1, "resumed")]
    assert await at.ledger.notes(other.number) == []
    assert await at.ledger.samples(other.number) == []


CHECKS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    _alters_a_campaign,
    _lists_campaigns,
    _forgets_a_campaign,
    _remembers_what_happened,
)
