"""Which instance works on a campaign, and what is told of its changes."""

from __future__ import annotations

from datetime import timedelta

import anyio
import pytest

from blazz.security.keyring import KeyRing
from blazz_server.campaigns.records import CampaignRecords, Claim
from blazz_server.campaigns.tables import WORKED_ON, CampaignRow, State
from blazz_server.errors import ApiError
from blazz_server.webhooks.log import DeliveryLog
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.subscriptions import Subscriptions
from tests.server.campaigns.conftest import Desk

PLAN = {"sessions": ["shop"]}


async def running(records: CampaignRecords) -> CampaignRow:
    row = await records.create("acme", "promo", plan=PLAN, audience="aud_1")
    assert await records.move(row, State.RUNNING, expected={State.DRAFT})
    return await records.get("acme", "promo")


async def claimed(records: CampaignRecords) -> Claim:
    (row,) = await records.due()
    claim = await records.claim(row)
    assert claim is not None
    return claim


async def test_one_of_many_instances_gets_it(desk: Desk) -> None:
    row = await running(desk.instance("one"))
    got: list[Claim] = []

    async def try_it(name: str) -> None:
        claim = await desk.instance(name).claim(row)
        if claim is not None:
            got.append(claim)

    async with anyio.create_task_group() as tasks:
        for number in range(6):
            tasks.start_soon(try_it, f"i{number}")
    assert len(got) == 1
    assert await desk.instance("late").due() == []


async def test_another_takes_over_when_the_signs_of_life_end(desk: Desk) -> None:
    one, two = desk.instance("one"), desk.instance("two")
    await running(one)
    first = await claimed(one)
    for _ in range(5):
        desk.time.pass_(10)
        assert await one.renew(first) is State.RUNNING
        assert await two.due() == []
    desk.time.pass_(13)
    second = await claimed(two)
    assert await one.renew(first) is None
    await one.advance(first, State.DONE)
    await one.release(first, due_in=timedelta(0))
    found = await two.get("acme", "promo")
    assert (found.state, found.owner, found.claim) == ("running", "two", second.mark)


async def test_what_a_former_process_held_is_free_at_its_start(desk: Desk) -> None:
    await running(desk.instance("one"))
    await claimed(desk.instance("one"))
    await desk.instance("two").forget_former_self()
    assert await desk.instance("one").due() == []
    await desk.instance("one").forget_former_self()
    assert len(await desk.instance("two").due()) == 1


async def test_who_works_on_it_is_told_that_it_is_not_wanted_any_more(desk: Desk) -> None:
    records = desk.instance("one")
    row = await running(records)
    claim = await claimed(records)
    assert await records.move(row, State.PAUSED, expected=WORKED_ON, reason="a break")
    assert await records.renew(claim, counts={"read": 1}) is State.PAUSED
    await records.advance(claim, State.DONE)
    await records.release(claim, due_in=timedelta(0), reason="late")
    found = await records.get("acme", "promo")
    assert (found.state, found.reason, found.counts) == ("paused", "a break", {"read": 1})
    assert await records.due() == []


async def test_it_is_due_again_when_it_was_put_off(desk: Desk) -> None:
    records = desk.instance("one")
    await running(records)
    await records.release(await claimed(records), due_in=timedelta(seconds=20), reason="later")
    assert await records.due() == []
    assert (await records.get("acme", "promo")).reason == "later"
    desk.time.pass_(20)
    assert len(await records.due()) == 1


async def test_subscribers_are_told_of_each_change_once(desk: Desk) -> None:
    async def outside(_host: str, _port: int) -> list[str]:
        return ["8.8.8.8"]

    box = SecretBox(KeyRing.generate())
    subscriptions = Subscriptions(desk.database, box, resolver=outside)
    await subscriptions.create("acme", "https://example.com/", kinds=["campaign.progress"])
    records = desk.instance("one")
    row = await running(records)
    claim = await claimed(records)
    await records.advance(claim, State.RUNNING)  # it is that already
    await records.advance(claim, State.DONE, counts={"read": 3})
    assert not await records.move(row, State.PAUSED, expected=WORKED_ON)

    log = DeliveryLog(desk.database)
    told = [await log.get("acme", each.id) for each in await log.deliveries("acme")]
    phases = [(it.event.data["phase"], it.event.data["counts"]) for it in reversed(told)]
    assert phases == [("running", {}), ("done", {"read": 3})]


async def test_only_what_was_not_begun_is_deleted(desk: Desk) -> None:
    records = desk.instance("one")
    row = await running(records)
    with pytest.raises(ApiError, match="stays on record"):
        await records.delete("acme", "promo")
    await records.move(row, State.CANCELLED, expected=WORKED_ON)
    await records.delete("acme", "promo")
    with pytest.raises(ApiError, match="there is no campaign"):
        await records.delete("acme", "promo")
