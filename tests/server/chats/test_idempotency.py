"""Two equal requests never send twice: at the same time, one after another, after a failure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any

import anyio
import httpx
import pytest
from sqlalchemy import update

from blazz.providers.base import Capability, Outcome
from blazz_server.chats.changes import Claim
from blazz_server.chats.stages import Stage
from blazz_server.chats.tables import Message
from blazz_server.database import utc_now
from tests.server.chats.conftest import SOMEBODY, Shop, open_shop
from tests.server.conftest import MakeTenant

# What the sandbox plays for these numbers: see `blazz.sandbox.magic`.
NOT_ON_WHATSAPP = "+15550131026"
ANSWER_LOST = "+15558000007"
THROTTLED_TOO_LONG = "+15550130429"


async def test_the_same_request_again_is_answered_the_same(shop: Shop) -> None:
    first = await shop.say(key="order-17")
    again = await shop.say(key="order-17")
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json() == again.json()
    assert "Idempotent-Replayed" not in first.headers
    assert again.headers["Idempotent-Replayed"] == "true"
    assert await shop.sent() == 1


async def test_of_many_at_the_same_time_one_is_sent(shop: Shop) -> None:
    answers: list[httpx.Response] = []

    async def ask() -> None:
        answers.append(await shop.say(key="order-17"))

    async with anyio.create_task_group() as tasks:
        for _ in range(20):
            tasks.start_soon(ask)
    found = Counter(it.status_code for it in answers)
    assert set(found) <= {201, 409}
    assert found[201] >= 1
    assert {it.json()["id"] for it in answers if it.status_code == 201}.__len__() == 1
    busy = [it for it in answers if it.status_code == 409]
    assert {it.json()["code"] for it in busy} <= {"in_progress"}
    assert all(it.headers["Retry-After"] == "1" for it in busy)
    assert await shop.sent() == 1


async def test_without_a_key_each_request_is_a_message(shop: Shop) -> None:
    first, second = await shop.say(), await shop.say()
    assert first.json()["id"] != second.json()["id"]
    assert await shop.sent() == 2


async def test_a_key_belongs_to_one_request(shop: Shop) -> None:
    await shop.say("Halo", key="order-17")
    other = await shop.say("Hallo", key="order-17")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert await shop.sent() == 1


async def test_a_key_belongs_to_one_workspace(shop: Shop, tenant: MakeTenant) -> None:
    await shop.say(key="order-17")
    other = await open_shop(await tenant("globex"), shop.platform)
    answer = await other.say(key="order-17")
    assert answer.status_code == 201
    assert "Idempotent-Replayed" not in answer.headers


@pytest.mark.parametrize("key", ["", "x" * 256, "two words", "Ã¼"])
async def test_keys_have_a_form(shop: Shop, key: str) -> None:
    answer = await shop.api.post(
        f"{shop.path}/messages",
        json={"to": SOMEBODY, "message": {"type": "text", "body": "Halo"}},
        headers={b"Idempotency-Key": key.encode("latin-1")},
    )
    assert answer.status_code == 422
    assert await shop.sent() == 0


async def test_what_whatsapp_refused_for_good_is_not_asked_again(shop: Shop) -> None:
    first = await shop.say(to=NOT_ON_WHATSAPP, key="order-17")
    again = await shop.say(to=NOT_ON_WHATSAPP, key="order-17")
    assert (first.status_code, first.json()["provider_code"]) == (422, 131026)
    assert first.json() == again.json()
    [message] = await shop.history(NOT_ON_WHATSAPP)
    assert message["status"] == "failed"
    assert message["problem"]["code"] == 131026


async def test_what_certainly_did_not_leave_may_be_sent_with_the_same_key(shop: Shop) -> None:
    # Wrong before it is written down: the key was never used.
    wrong = await shop.post({"to": "nobody", "message": {"type": "text", "body": "x"}}, key="k1")
    assert wrong.status_code == 422
    # The provider says not now: the message leaves no trace, and the key is free.
    provider = shop.session.provider
    await provider.disconnect()
    away = await shop.say(key="k1")
    assert away.status_code == 409, away.text
    assert await shop.history() == []
    await shop.api.post(f"{shop.path}/restart")
    renewed = await open_again(shop)
    answer = await renewed.say(key="k1")
    assert answer.status_code == 201, answer.text
    assert await renewed.sent() == 1


async def open_again(shop: Shop) -> Shop:
    """Wait until a session that was restarted runs."""
    with anyio.fail_after(60):
        while True:
            found = shop.platform.hosting.sessions.find(f"{shop.tenant.workspace}/{shop.name}")
            if found is not None and found.session is not shop.session:
                await found.session.wait_ready(timeout=60)
                return Shop(shop.tenant, shop.name, shop.platform, found.session)
            await anyio.sleep(0.02)


async def test_a_lost_answer_is_unknown_until_a_status_tells(shop: Shop) -> None:
    first = await shop.say(to=ANSWER_LOST, key="order-17")
    assert first.status_code == 504, first.text
    told = first.json()
    assert (told["code"], told["message_status"]) == ("delivery_unknown", "unknown")
    assert told["token"].startswith("v1.")

    async def settled() -> httpx.Response | None:
        found = await shop.say(to=ANSWER_LOST, key="order-17")
        return found if found.status_code == 201 else None

    again = await shop.until(settled)
    assert again.json()["token"] == told["token"]
    assert again.json()["message_id"].startswith("wamid.")
    assert await shop.sent() == 1


async def test_what_a_dead_process_was_sending_is_unknown_and_never_sent_again(shop: Shop) -> None:
    """A row that says `sending`, of a process that is no more: what a crash leaves behind."""
    provider: Any = shop.session.provider
    await provider.control.hold()  # no status tells what became of it
    first = await shop.say(key="order-17")
    async with shop.platform.database.begin() as transaction:
        await transaction.execute(
            update(Message).values(
                stage=Stage.SENDING, message_id=None, sender_process="one that died"
            )
        )
    for _ in range(2):
        again = await shop.say(key="order-17")
        assert (again.status_code, again.json()["code"]) == (504, "delivery_unknown")
        assert again.json()["token"] == first.json()["token"]
        await shop.platform.chats.settle()
    [message] = await shop.history()
    assert message["status"] == "unknown"
    assert await shop.sent() == 1


async def test_a_key_can_be_used_anew_after_a_day(shop: Shop) -> None:
    first = await shop.say(key="order-17")
    async with shop.platform.database.begin() as transaction:
        long_ago = utc_now().replace(year=2020)
        await transaction.execute(update(Message).values(requested_at=long_ago))
    again = await shop.say(key="order-17")
    assert again.status_code == 201
    assert again.json()["id"] != first.json()["id"]
    assert await shop.sent() == 2


async def test_writing_a_claim_twice_keeps_the_right(shop: Shop) -> None:
    """A transaction whose answer was lost is made again: whoever made it must not be refused."""
    await shop.say(key="order-17")
    async with shop.platform.database.read() as transaction:
        found = await transaction.execute(Message.__table__.select())
        row = dict(found.mappings().one())
    claim = Claim(row)
    await shop.platform.chats.writer.write(claim)
    assert claim.holder is None


@pytest.mark.parametrize("outcome", [Outcome.SENT, Outcome.NOT_SENT])
async def test_a_provider_that_can_be_asked_settles_what_a_dead_process_left(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, outcome: Outcome
) -> None:
    """As WhatsApp Web can: it looks the message up by its token."""
    provider: Any = shop.session.provider
    able = provider.capabilities | {Capability.SETTLE}
    monkeypatch.setattr(type(provider), "capabilities", property(lambda _self: able))

    async def settle(tokens: Sequence[str]) -> dict[str, Outcome]:
        return dict.fromkeys(tokens, outcome)

    monkeypatch.setattr(provider, "settle", settle)
    await provider.control.hold()
    first = (await shop.say(key="order-17")).json()
    async with shop.platform.database.begin() as transaction:
        values = {"stage": Stage.SENDING, "message_id": None, "sender_process": "one that died"}
        await transaction.execute(update(Message).values(**values))
    await shop.platform.chats.settle()
    found = (await shop.api.get(f"{shop.path}/messages/{first['id']}")).json()
    if outcome is Outcome.SENT:
        assert found["status"] == "accepted"
        again = await shop.say(key="order-17")
        assert (again.status_code, again.json()["id"]) == (201, first["id"])
    else:
        assert (found["status"], found["problem"]["code"]) == ("failed", "not_sent")
        again = await shop.say(key="order-17")  # nothing left, so the same key may be used
        assert again.status_code == 201
        assert again.json()["id"] != first["id"]
