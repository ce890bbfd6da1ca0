"""Checks that a ledger keeps its promises about who is sent to: lanes, limits, caps, variants."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from blazz.campaigns.delivery import Accepted, NeverLeft, RefusedBy, State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    DueRow,
    Finding,
    NewRow,
    Tally,
)
from blazz.errors import LeaseLost, Retry
from blazz.testing.ledger_scene import TTL, Scene, raises


async def _keeps_lanes_in_chunks_of_their_own(at: Scene) -> None:
    row = await at.ledger.create(at.row(), now=at.now)
    await at.begin(row)
    await at.add(row, range(1, 8))
    await at.add(row, range(8, 13), lane=1)
    await at.add(row, range(13, 18))
    row = await at.finish(row)
    assert row.rows_read == 17, "rows of all lanes count"
    await at.ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    found = await at.ledger.recipients(row.number, tuple(State))
    assert sorted(it.line for it in found) == list(range(1, 18)), "every row is there, once"
    assert sorted(await at.states(row)) == sorted({it.seq for it in found})
    assert len(await at.offered(row, depth=1)) == 2, "each lane has a queue of its own"
    at.now += 31
    leases = [await at.lease(row, chunk) for chunk in await at.offered(row)]
    lanes = {lease.lane: 0 for lease in leases}
    for lease in leases:
        lanes[lease.lane] += lease.due
        lines = {it.seq: it.line for it in found}
        for it in await at.ledger.due_rows(lease, now=at.now):
            assert (8 <= lines[it.seq] <= 12) == (lease.lane == 1), "a chunk is of one lane"
    assert lanes == {0: 12, 1: 5}
    assert len(leases) == 3, "chunks of a lane are filled up before a new one is begun"


async def _shows_what_is_due(at: Scene) -> None:
    row = await at.imported(10)
    old = await at.lease(row, 1)
    await at.window(old, 2)
    await at.record(Finding(row.number, 1, 1, NeverLeft("no connection", 20.0)))
    due = await at.ledger.due_rows(old, now=at.now)
    assert [(it.seq, it.attempt) for it in due] == [(n, 0) for n in range(3, 11)]
    assert due[0].address == f"+62{10**9 + 3}"
    at.now += 20
    due = await at.ledger.due_rows(old, now=at.now)
    assert [(it.seq, it.attempt) for it in due][:2] == [(1, 1), (3, 0)], "retries, too"
    at.now += TTL
    await at.lease(row, 1, owner=at.bob)
    await raises(LeaseLost, at.ledger.due_rows(old, now=at.now))


async def _sends_up_to_a_limit(at: Scene) -> None:
    row = await at.imported(35)
    await at.ledger.limit(row.number, 15)
    stored = await at.ledger.get(row.number)
    assert stored is not None
    assert stored.upto == 15
    assert await at.offered(row) == [1, 2], "chunks above the limit are not offered"
    above = await at.ledger.lease_chunk(ChunkId(row.number, 3), owner=at.ann, ttl=TTL, now=at.now)
    assert above is None, "nor leased"
    at.now += 31
    taken = 0
    for chunk in (1, 2):
        lease = await at.lease(row, chunk)
        assert lease.due == len(await at.ledger.due_rows(lease, now=at.now)), "nor seen"
        rows = await at.window(lease, 100)
        taken += len(rows)
        await at.record(*(Finding(row.number, it.seq, 1, Accepted("wamid")) for it in rows))
        await at.ledger.release(lease, now=at.now)
    assert taken == 15, "nor taken"
    assert await at.offered(row) == [], "a chunk with nothing below the limit is left alone"
    standing = await at.ledger.standing(row.number, now=at.now)
    assert (standing.next_at, standing.counts.pending) == (None, 20)
    changed = await at.ledger.change(
        row.number, CampaignState.RUNNING, expected={CampaignState.RUNNING}, lift=True
    )
    assert changed
    assert sorted(await at.offered(row)) == [2, 3, 4], "lifted, all the rest is due"
    assert (await at.lease(row, 2)).due == 5
    assert (await at.ledger.create(row, now=at.now)).upto is None


async def _counts_what_recipients_have_in_common(at: Scene) -> None:
    row = await at.ledger.create(at.row(), now=at.now)
    await at.begin(row)
    rows = [
        NewRow(line, f"+62{10**9 + line}", "[]", "ID" if line < 4 else "", line % 2)
        for line in range(1, 6)
    ]
    await at.ledger.import_rows(row.number, rows, owner=at.ann, now=at.now, ttl=TTL)
    row = await at.finish(row)
    await at.ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    lease = await at.lease(row, 1)
    window = await at.window(lease, 2)
    assert [it.variant for it in window] == [1, 0], "who sends a row knows its variant"
    await at.record(Finding(row.number, 1, 1, Accepted("wamid.1", 2)))
    assert await at.ledger.tallies(row.number) == [
        Tally("", 0, 0, State.PENDING, 1),
        Tally("", 1, 0, State.PENDING, 1),
        Tally("ID", 0, 0, State.SENDING, 1),
        Tally("ID", 1, 0, State.PENDING, 1),
        Tally("ID", 1, 2, State.ACCEPTED, 1),
    ]
    first, second = (await at.ledger.recipients(row.number, tuple(State)))[:2]
    assert (first.country, first.variant, first.sender) == ("ID", 1, 2)
    assert (first.sent_at, second.variant) == (at.now, 0)


async def _caps_how_often_a_person_is_sent_to(at: Scene) -> None:
    async def admit(row: CampaignRow, *seqs: int, scope: str = "all") -> dict[int, float]:
        rows = [DueRow(seq, 0, f"+62{10**9 + seq}") for seq in seqs]
        refused = await at.ledger.admit(
            row.number, rows, scope=scope, most=2, within=100.0, now=at.now
        )
        return dict(refused)

    first, second, third = [await at.imported(3) for _ in range(3)]
    began = at.now
    assert await admit(first, 1, 2) == {}
    assert await admit(first, 1) == {}, "who is entered already is not refused"
    at.now += 10
    assert await admit(second, 1, 2, 3) == {}
    assert await admit(third, 1, 2, 3) == {1: began + 100, 2: began + 100}
    assert await admit(third, 1, scope="other") == {}, "each book has its own entries"
    lease = await at.lease(first, 1)
    await at.window(lease, 1)
    await at.record(Finding(first.number, 1, 1, RefusedBy(Retry.NEVER, 131026, "undeliverable")))
    assert await admit(third, 1) == {}, "a message that failed does not count"
    await at.ledger.change(second.number, CampaignState.CANCELLED, expected={CampaignState.RUNNING})
    assert await admit(third, 2) == {}, "nor one that will never be sent"
    at.now += 200
    assert await admit(second, 1, 2, 3) == {}


async def _caps_those_who_come_together(at: Scene) -> None:
    rows = [await at.imported(1) for _ in range(6)]
    refused: list[int] = []

    async def admit(row: CampaignRow) -> None:
        found = await at.ledger.admit(
            row.number,
            [DueRow(1, 0, f"+62{10**9 + 1}")],
            scope="together",
            most=2,
            within=100.0,
            now=at.now,
        )
        refused.extend(found)

    async with anyio.create_task_group() as tasks:
        for row in rows:
            tasks.start_soon(admit, row)
    assert len(refused) == len(rows) - 2, "of several that come together no more than fit get in"


async def _counts_who_was_reached(at: Scene) -> None:
    first, second = await at.imported(3), await at.imported(2)
    since = at.now
    at.now += 10
    for row, failed in ((first, 3), (second, 0)):
        lease = await at.lease(row, 1)
        for it in await at.window(lease, 10):
            evidence = RefusedBy(Retry.NEVER) if it.seq == failed else Accepted("wamid")
            await at.record(Finding(row.number, it.seq, it.attempt, evidence))
    session = [first.session]
    assert await at.ledger.reached(at.workspace, session, since=since) == 2, "people count once"
    assert await at.ledger.reached(at.workspace, session, since=at.now + 1) == 0
    assert await at.ledger.reached(at.workspace, ["another"], since=since) == 0
    assert await at.ledger.reached("another", session, since=since) == 0


CHECKS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    _keeps_lanes_in_chunks_of_their_own,
    _shows_what_is_due,
    _sends_up_to_a_limit,
    _counts_what_recipients_have_in_common,
    _caps_how_often_a_person_is_sent_to,
    _caps_those_who_come_together,
    _counts_who_was_reached,
)
