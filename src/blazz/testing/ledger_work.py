"""Checks that a ledger keeps its promises about leases, windows and evidence."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import anyio

from blazz.campaigns.delivery import Accepted, Lost, NeverLeft, RefusedBy, Reported, State
from blazz.campaigns.engine.base import ChunkId
from blazz.campaigns.ledger.records import CampaignState, Finding, Lease
from blazz.campaigns.priority import Priority
from blazz.errors import LeaseLost, Retry
from blazz.events.statuses import Status
from blazz.testing.ledger_scene import TTL, Scene, raises


async def _offers_what_is_due(at: Scene) -> None:
    row = await at.imported(25, running=False)
    assert await at.offered(row) == [], "nothing is offered before the campaign runs"
    await at.ledger.change(row.number, CampaignState.RUNNING, expected={CampaignState.READY})
    assert await at.offered(row, depth=2) == [1, 2], "no more than fit"
    assert await at.offered(row, depth=2) == [], "not twice while they wait"
    await at.lease(row, 1)
    assert await at.offered(row, depth=2) == [3], "what is leased makes room"
    at.now += 31
    assert await at.offered(row) == [2, 3], "what nobody took is offered again"
    at.now += TTL
    assert await at.offered(row) == [1, 2, 3], "a lease that ran out is offered again"


async def _offers_the_urgent_first(at: Scene) -> None:
    slow = await at.imported(5)
    fast = await at.imported(5, priority=Priority.URGENT)
    late = await at.imported(5, not_before=at.now + 10)
    offers = await at.ledger.offer(owner=at.ann, depth=100, hold=30, now=at.now)
    ours = [it for it in offers if it.chunk.campaign in {slow.number, fast.number, late.number}]
    assert [it.chunk.campaign for it in ours] == [fast.number, slow.number]
    assert [it.priority for it in ours] == [Priority.URGENT, Priority.CAMPAIGN]
    at.now += 10
    assert await at.offered(late) == [1], "a campaign is offered from its time on"
    await at.ledger.rest(late.number, until=at.now + 100, reason="a limit was reached")
    at.now += 60
    assert await at.offered(late) == [], "a campaign that rests is not offered"
    resting = await at.ledger.get(late.number)
    assert resting is not None
    assert resting.reason == "a limit was reached"


async def _leases_to_one(at: Scene) -> None:
    row = await at.imported(10)
    leases: list[Lease | None] = []

    async def take(owner: str) -> None:
        leases.append(
            await at.ledger.lease_chunk(ChunkId(row.number, 1), owner=owner, ttl=TTL, now=at.now)
        )

    async with anyio.create_task_group() as takers:
        for owner in (at.ann, at.bob) * 5:
            takers.start_soon(take, owner)
    held = [lease for lease in leases if lease is not None]
    assert len(held) == 1, "of several that come together one gets the lease"
    assert held[0].due == 10
    second = await at.ledger.lease_chunk(
        ChunkId(row.number, 1), owner=at.bob, ttl=TTL, now=at.now + TTL - 1
    )
    assert second is None, "nobody else gets it before it runs out"
    await at.window(held[0], 0)
    await at.ledger.release(held[0], now=at.now)
    again = await at.lease(row, 1, owner=at.bob)
    assert again.epoch > held[0].epoch, "every lease has a higher epoch"


async def _fences_the_earlier_holder(at: Scene) -> None:
    row = await at.imported(10)
    old = await at.lease(row, 1)
    sent = await at.window(old, 3)
    assert [(it.seq, it.attempt) for it in sent] == [(1, 1), (2, 1), (3, 1)]
    assert [it.address for it in sent][:1] == [f"+62{10**9 + 1}"]
    at.now += TTL + 1
    new = await at.lease(row, 1, owner=at.bob)
    states = await at.states(row)
    assert [states[seq] for seq in (1, 2, 3)] == [State.UNKNOWN] * 3, "nobody knows of these"
    assert new.due == 7, "unknown rows are not sent again"
    await raises(LeaseLost, at.window(old, 3, after=3))
    assert await at.states(row) == states, "a fenced holder changes nothing"
    await at.ledger.release(old, now=at.now)
    assert len(await at.window(new, 100)) == 7, "a fenced holder releases nothing"
    recorded = await at.record(Finding(row.number, 1, 1, Accepted("wamid.1")))
    assert recorded == 1, "results are facts, whoever brings them"
    assert (await at.states(row))[1] is State.ACCEPTED


async def _renews_a_lease_with_each_window(at: Scene) -> None:
    row = await at.imported(10)
    lease = await at.lease(row, 1)
    for _ in range(3):
        at.now += TTL - 1
        await at.window(lease, 0)
    assert await at.offered(row) == [], "a lease that is renewed does not run out"


async def _hands_over_when_an_owner_leaves(at: Scene) -> None:
    row = await at.imported(10)
    carl = await at.ledger.join()
    await at.window(await at.lease(row, 1, owner=carl), 2)
    await at.ledger.leave(carl)
    lease = await at.lease(row, 1)
    assert lease.due == 8, "what an owner left behind is taken over at once"


async def _takes_rows_in_order_and_once(at: Scene) -> None:
    row = await at.imported(10)
    lease = await at.lease(row, 1)
    taken: list[int] = []
    while rows := await at.window(lease, 4, after=taken[-1] if taken else 0):
        taken += [it.seq for it in rows]
    assert taken == list(range(1, 11)), "every row once, in order"


async def _stops_when_the_campaign_does(at: Scene) -> None:
    row = await at.imported(10)
    lease = await at.lease(row, 1)
    for state in (CampaignState.PAUSED, CampaignState.HALTED, CampaignState.CANCELLED):
        changed = await at.ledger.change(
            row.number, state, expected={CampaignState.RUNNING}, reason="because"
        )
        assert changed
        assert await at.window(lease, 5) == [], f"nothing is sent while it is {state}"
        stored = await at.ledger.get(row.number)
        assert stored is not None
        assert (stored.state, stored.reason) == (state, "because")
        await at.ledger.change(row.number, CampaignState.RUNNING, expected={state})
    assert not await at.ledger.change(
        row.number, CampaignState.READY, expected={CampaignState.PAUSED}
    ), "a state that was not expected is left alone"
    assert len(await at.window(lease, 5)) == 5


async def _waits_for_retries(at: Scene) -> None:
    row = await at.imported(2)
    lease = await at.lease(row, 1)
    await at.window(lease, 2)
    await at.record(
        Finding(row.number, 1, 1, RefusedBy(Retry.PAIR, 131056, "too many", 40.0)),
        Finding(row.number, 2, 1, NeverLeft("no connection", 20.0)),
    )
    await at.ledger.release(lease, now=at.now)
    standing = await at.ledger.standing(row.number, now=at.now)
    assert standing.next_at == at.now + 20, "the next retry is known"
    at.now += 19
    assert await at.offered(row) == [], "not before the first retry is due"
    at.now += 1
    assert await at.offered(row) == [1]
    lease = await at.lease(row, 1)
    assert lease.due == 1
    assert [(it.seq, it.attempt) for it in await at.window(lease, 9)] == [(2, 2)]


async def _records_evidence(at: Scene) -> None:
    row = await at.imported(6)
    lease = await at.lease(row, 1)
    await at.window(lease, 5)
    n = row.number
    changed = await at.record(
        Finding(n, 1, 1, Accepted("wamid.1")),
        Finding(n, 1, 1, Reported(Status.DELIVERED)),
        Finding(n, 2, 1, RefusedBy(Retry.NEVER, 131026, "undeliverable")),
        Finding(n, 3, 1, Lost("timeout")),
        Finding(n, 4, 7, RefusedBy(Retry.NEVER, 1, "of another attempt")),
        Finding(n, 999, 1, Accepted("wamid.999")),
        Finding(n + 1000, 1, 1, Accepted("wamid.1000")),
    )
    assert changed == 3, "only rows that there are, and evidence that says something"
    assert await at.states(row) == {
        1: State.DELIVERED,
        2: State.FAILED,
        3: State.UNKNOWN,
        4: State.SENDING,
        5: State.SENDING,
        6: State.PENDING,
    }
    assert await at.record(Finding(n, 1, 1, Reported(Status.SENT))) == 0, "states only move up"
    found = await at.ledger.recipients(n, {State.DELIVERED, State.FAILED}, limit=1)
    assert [(it.seq, it.message_id, it.values) for it in found] == [(1, "wamid.1", '["n1"]')]
    found = await at.ledger.recipients(n, {State.FAILED}, after=1)
    assert [(it.seq, it.code, it.reason) for it in found] == [(2, 131026, "undeliverable")]
    before = await at.ledger.recipients(n, {State.FAILED}, changed_before=at.now)
    assert before == [], "it changed now, not before"
    errors = {(it.state, it.code, it.count) for it in await at.ledger.errors(n)}
    assert errors == {(State.FAILED, 131026, 1), (State.UNKNOWN, None, 1)}


async def _calls_unrecorded_rows_unknown_on_release(at: Scene) -> None:
    row = await at.imported(3)
    lease = await at.lease(row, 1)
    await at.window(lease, 2)
    await at.record(Finding(row.number, 1, 1, Accepted("wamid.1")))
    await at.ledger.release(lease, now=at.now)
    assert await at.states(row) == {1: State.ACCEPTED, 2: State.UNKNOWN, 3: State.PENDING}
    standing = await at.ledger.standing(row.number, now=at.now)
    assert (standing.busy, standing.first_at, standing.last_at) == (0, at.now, at.now)


CHECKS: tuple[Callable[[Scene], Awaitable[None]], ...] = (
    _offers_what_is_due,
    _offers_the_urgent_first,
    _leases_to_one,
    _fences_the_earlier_holder,
    _renews_a_lease_with_each_window,
    _hands_over_when_an_owner_leaves,
    _takes_rows_in_order_and_once,
    _stops_when_the_campaign_does,
    _waits_for_retries,
    _records_evidence,
    _calls_unrecorded_rows_unknown_on_release,
)
