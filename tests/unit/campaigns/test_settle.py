"""Status updates find their rows, whatever order they come in, and whoever sends them."""

from __future__ import annotations

import random
from datetime import UTC, datetime

import anyio

from blazz.addresses import Identity, Phone
from blazz.campaigns import Audience, Campaign, StatusSettler
from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import CampaignState, Finding
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.tokens import TokenSigner
from blazz.errors import LedgerError
from blazz.events.problems import Problem
from blazz.events.statuses import Delivered, Failed, Played, Read, Sent, StatusChanged
from blazz.messages import Text
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run

NOW = 1_780_000_000.0


def status(kind: type[StatusChanged], token: str | None, **fields: object) -> StatusChanged:
    return kind(
        key=f"{token}:{kind.__name__}",
        at=datetime.now(UTC),
        message_id="wamid.from-webhook",
        recipient=Identity(phone=Phone("+6281200000001")),
        token=token,
        **fields,  # type: ignore[arg-type]
    )


async def settler_of(ledger: SqliteLedger) -> StatusSettler:
    return StatusSettler(ledger, TokenSigner(await ledger.key()), clock=lambda: NOW)


async def states(campaign: Campaign) -> list[State]:
    return [row.state async for row in campaign.recipients()]


async def test_statuses_move_messages_up_in_any_order(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(5))
    await run(campaign)
    settler = await settler_of(ledger)
    tokens = dict(sorted((address, token) for address, _, token in sender.sent))
    stories: list[list[type[StatusChanged]]] = [
        [],
        [Sent],
        [Sent, Delivered],
        [Sent, Read],
        [Played],
    ]
    updates = [
        status(kind, token)
        for token, story in zip(tokens.values(), stories, strict=True)
        for kind in story * 2
    ]
    random.Random(1).shuffle(updates)
    async with anyio.create_task_group() as tasks:
        for update in updates:
            tasks.start_soon(settler.apply, [update])
    assert await states(campaign) == [
        State.ACCEPTED,
        State.SENT,
        State.DELIVERED,
        State.READ,
        State.READ,
    ]


async def test_a_failure_is_counted_under_its_code(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(2))
    await run(campaign)
    settler = await settler_of(ledger)
    problem = Problem(code=131049, title="Limit", details="x" * 999)
    tokens = [token for _, _, token in sender.sent]
    await settler.apply([status(Failed, tokens[0], errors=(problem,)), status(Failed, tokens[1])])
    report = await campaign.report()
    assert {(it.code, it.reason) for it in report.errors} == {(131049, "x" * 300), (None, None)}
    assert report.counts.failed == 2


async def test_foreign_and_forged_tokens_change_nothing(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(1))
    await run(campaign)
    settler = await settler_of(ledger)
    other = TokenSigner(b"another ledger's key")
    mine = sender.sent[0][2]
    for token in (None, "", "my own data", other.sign(1, 1, 1), mine[:-1] + "x"):
        update = status(Read, token)
        assert not settler.is_ours(update)
        await settler.apply([update])
    assert await states(campaign) == [State.ACCEPTED]
    assert settler.is_ours(status(Read, mine))


async def test_a_status_may_overtake_the_answer(ledger: SqliteLedger) -> None:
    overtaken = anyio.Event()

    class Overtaking(FakeSender):
        async def send(self, to, message, *, token):  # type: ignore[no-untyped-def]
            receipt = await super().send(to, message, token=token)
            await (await settler_of(ledger)).apply([status(Delivered, token)])
            overtaken.set()
            return receipt

    campaign = a_campaign(ledger, Overtaking(), people(1))
    await run(campaign)
    assert overtaken.is_set()
    (row,) = [row async for row in campaign.recipients()]
    assert (row.state, row.message_id) == (State.DELIVERED, "wamid.from-webhook")


async def test_callers_that_come_together_share_a_commit(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(50))
    await run(campaign)
    commits = []

    class Counting:
        async def record(self, findings: list[Finding], *, now: float) -> int:
            commits.append(len(findings))
            return await ledger.record(findings, now=now)

    signer = TokenSigner(await ledger.key())
    settler = StatusSettler(Counting(), signer, clock=lambda: NOW)  # type: ignore[arg-type]
    async with anyio.create_task_group() as tasks:
        for _, _, token in sender.sent:
            tasks.start_soon(settler.apply, [status(Sent, token)])
    assert commits == [1, 49]
    assert set(await states(campaign)) == {State.SENT}


async def test_what_could_not_be_written_is_told_to_everyone_it_belongs_to(
    ledger: SqliteLedger,
) -> None:
    failures = 0

    class Broken:
        async def record(self, findings: list[Finding], *, now: float) -> int:
            await anyio.lowlevel.checkpoint()
            raise LedgerError("disk full")

    signer = TokenSigner(await ledger.key())
    settler = StatusSettler(Broken(), signer, clock=lambda: NOW)  # type: ignore[arg-type]

    async def apply() -> None:
        nonlocal failures
        try:
            await settler.apply([status(Sent, signer.sign(1, 1, 1))])
        except LedgerError:
            failures += 1

    async with anyio.create_task_group() as tasks:
        for _ in range(3):
            tasks.start_soon(apply)
    assert failures == 3


async def test_a_caller_that_is_cancelled_takes_nothing_of_the_others_along(
    ledger: SqliteLedger,
) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(3))
    await run(campaign)
    first_call, go_on = anyio.Event(), anyio.Event()

    class Slow:
        async def record(self, findings: list[Finding], *, now: float) -> int:
            if not first_call.is_set():
                first_call.set()
                await go_on.wait()
            return await ledger.record(findings, now=now)

    signer = TokenSigner(await ledger.key())
    settler = StatusSettler(Slow(), signer, clock=lambda: NOW)  # type: ignore[arg-type]
    tokens = [token for _, _, token in sender.sent]

    async def cancelled() -> None:
        with anyio.CancelScope() as scope:
            scopes.append(scope)
            await settler.apply([status(Sent, tokens[1])])

    scopes: list[anyio.CancelScope] = []
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(settler.apply, [status(Sent, tokens[0])])
        await first_call.wait()
        tasks.start_soon(cancelled)
        tasks.start_soon(settler.apply, [status(Sent, tokens[2])])
        await anyio.wait_all_tasks_blocked()
        scopes[0].cancel()
        await anyio.wait_all_tasks_blocked()
        go_on.set()
    assert await states(campaign) == [State.SENT] * 3


async def test_statuses_are_waited_for_until_all_is_quiet(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(3))
    settler = await settler_of(ledger)
    reported = False
    async for progress in campaign.run(every=0.01, wait_for_statuses=30):
        if progress.counts.accepted == 3 and not reported:
            reported = True
            await settler.apply([status(Read, token) for _, _, token in sender.sent])
    assert (await campaign.progress()).counts.read == 3, "it ends when none can come any more"
    await run(a_campaign(ledger, sender, people(3), id="quiet"), wait_for_statuses=0.2)


async def test_statuses_of_a_cancelled_campaign_still_count(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, Audience.rows(numbers(2)), message=Text("Halo"))
    await run(campaign)
    await campaign.cancel()
    await (await settler_of(ledger)).apply([status(Read, sender.sent[0][2])])
    report = await campaign.report()
    assert (report.state, report.counts.read) == (CampaignState.CANCELLED, 1)
