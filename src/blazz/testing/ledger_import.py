"""Checks that a ledger keeps its promises about campaigns and their import."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from blazz.campaigns.delivery import State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import CampaignState, NewRow, Reject, RejectKind
from blazz.campaigns.priority import Priority
from blazz.errors import CampaignConflict, LeaseLost
from blazz.testing.ledger_scene import TTL, Scene, raises


async def _finds_campaigns_again(at: Scene) -> None:
    stored = await at.ledger.create(at.row(rate=80.0), now=at.now)
    again = await at.ledger.create(
        replace(stored, number=0, rate=20.0, priority=Priority.HIGH), now=at.now + 5
    )

    assert again.number == stored.number, "the same id is the same campaign"
    assert (again.rate, again.priority) == (20.0, Priority.HIGH), "options are brought up to date"
    assert again.created_at == at.now, "it was created once"
    assert await at.ledger.get(stored.number) == again
    assert await at.ledger.find(at.workspace, stored.id) == again
    assert await at.ledger.find("another", stored.id) is None, "workspaces are kept apart"
    other = await at.ledger.create(at.row(), now=at.now)
    listed = await at.ledger.campaigns(at.workspace)
    assert [row.number for row in listed] == [other.number, stored.number], "the newest first"


async def _refuses_another_message(at: Scene) -> None:
    stored = await at.ledger.create(at.row(), now=at.now)
    changed = replace(stored, message='{"type":"text","version":1,"body":"Hai"}', columns=())
    replaced = await at.ledger.create(changed, now=at.now)
    assert replaced.message == changed.message, "before the import is complete it may change"
    row = await at.imported(1)
    await raises(CampaignConflict, at.ledger.create(replace(row, message="{}"), now=at.now))


async def _imports_all_or_nothing(at: Scene) -> None:
    row = await at.ledger.create(at.row(), now=at.now)
    await at.begin(row)
    await at.add(row, range(1, 16))
    running = await at.ledger.change(
        row.number, CampaignState.RUNNING, expected={CampaignState.READY}
    )
    assert not running, "an import that is not complete cannot run"
    assert await at.offered(row) == [], "nothing is offered before the import is complete"
    early = await at.ledger.lease_chunk(ChunkId(row.number, 1), owner=at.ann, ttl=TTL, now=at.now)
    assert early is None, "nothing is leased before the import is complete"
    await at.begin(row)
    await at.add(row, [7, 8])
    row = await at.finish(row)
    assert row.rows_read == 2, "an import that was begun again starts from nothing"
    assert [it.line for it in await at.ledger.recipients(row.number, tuple(State))] == [7, 8]
    assert (row.state, row.audience) == (CampaignState.READY, "fingerprint")
    assert row.audience_columns == ("phone", "name")
    await raises(CampaignConflict, at.begin(row))


async def _imports_for_one_owner(at: Scene) -> None:
    row = await at.ledger.create(at.row(), now=at.now)
    await at.begin(row)
    await raises(CampaignConflict, at.begin(row, owner=at.bob))
    at.now += TTL + 1
    await at.begin(row, owner=at.bob)
    await raises(LeaseLost, at.add(row, [1]))
    await raises(LeaseLost, at.finish(row))
    await at.finish(row, owner=at.bob)


async def _sorts_out_what_cannot_be_sent_to(at: Scene) -> None:
    row = await at.ledger.create(at.row(), now=at.now)
    await at.begin(row)
    bad = Reject(5, RejectKind.INVALID, "no number", ("x", "ü,\n"))
    await at.add(row, [1, 2, 3], rejects=[bad])
    await at.ledger.import_rows(
        row.number,
        [NewRow(line, f"+62{10**9 + 2}", "[]") for line in (6, 7, 8)],
        owner=at.ann,
        now=at.now,
        ttl=TTL,
    )
    row = await at.finish(row)
    assert (row.rows_read, row.rejected, row.duplicates) == (7, 1, 3)
    left = await at.ledger.recipients(row.number, tuple(State))
    assert [it.line for it in left] == [1, 2, 3], "the first of several stays"
    assert (await at.states(row)).keys() == {1, 2, 3}
    listed = await at.ledger.rejects(row.number)
    assert listed[0] == bad, "a reject comes back as it was given"
    assert [it.kind for it in listed[1:]] == [RejectKind.DUPLICATE] * 3
    assert [it.line for it in await at.ledger.rejects(row.number, after=5, limit=2)] == [6, 7]


CHECKS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    _finds_campaigns_again,
    _refuses_another_message,
    _imports_all_or_nothing,
    _imports_for_one_owner,
    _sorts_out_what_cannot_be_sent_to,
)
