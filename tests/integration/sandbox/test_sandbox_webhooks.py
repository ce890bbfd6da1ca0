"""Webhooks over HTTP: signed, verified, batched, repeated until they are answered with 200."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from blazz.errors import Rejected, Timeout
from tests.integration.sandbox.conftest import BUDI, NUMBER, SECRET, Place, open_place


async def test_statuses_come_signed_and_in_order(place: Place) -> None:
    sent = (await place.send()).json()["messages"][0]["id"]
    await place.control.settle()

    assert place.application.statuses == [(sent, "sent"), (sent, "delivered"), (sent, "read")]
    assert b"/" not in b"".join(place.application.bodies).replace(b"\\/", b"")


async def test_hundreds_of_messages_settle(place: Place) -> None:
    ids = set()
    for start in range(0, 300, 50):
        sends = (place.send(f"+62812{n:08d}") for n in range(start, start + 50))
        ids |= {sent.json()["messages"][0]["id"] for sent in await asyncio.gather(*sends)}
    await place.control.settle()

    assert sorted(place.application.statuses) == sorted(
        (sent, status) for sent in ids for status in ("sent", "delivered", "read")
    )
    assert set((await place.control.counts()).values()) == {1}
    assert len(await place.control.counts()) == 300


async def test_what_is_refused_is_repeated(place: Place) -> None:
    place.application.answers = lambda request: 503 if request < 4 else 200
    await place.send()
    await place.control.settle()

    assert [status for _, status in place.application.statuses].count("sent") == 1
    assert len(place.application.statuses) == 3
    state = await place.control.state()
    assert state["webhooks"]["repeats"] == 4


async def test_an_application_that_comes_back_gets_what_waited(place: Place) -> None:
    await place.application.listener.stop()
    await place.control.settings(speed=1, retry_first=3600)
    sent = (await place.send()).json()["messages"][0]["id"]
    await place.world.changed.wait_for(lambda: not len(place.world.agenda), timeout=60)
    with pytest.raises(Timeout, match=r"3 updates wait.* failed: http://.*Cannot connect"):
        await place.control.settle(timeout=0.2)

    url = await place.application.listener.start()
    await place.control.set_webhook(url, app_secret=SECRET, verify_token="v3rify")
    await place.control.settle()

    assert place.application.statuses == [(sent, "sent"), (sent, "delivered"), (sent, "read")]


async def test_a_conversation_keeps_its_order_and_holds_no_other_up() -> None:
    async with open_place(batch_size=1) as place:
        slow, quick = place.control.user(BUDI), place.control.user("+6281234567891")
        texts = [f"number {number}" for number in range(8)]
        place.application.gate.clear()
        place.application.waits = lambda body: b"number 0" in body
        for text in texts:
            await slow.types(text)
        await quick.types("meanwhile")

        def came() -> list[str]:
            return [message["text"]["body"] for message in place.application.messages]

        await place.application.changed.wait_for(lambda: bool(came()), timeout=60)
        assert came() == ["meanwhile"]
        place.application.gate.set()
        await place.control.settle()
        assert came() == ["meanwhile", *texts]


async def test_a_user_with_a_new_number_keeps_the_order() -> None:
    async with open_place(batch_size=1) as place:
        budi, written = place.control.user(BUDI), []
        for number in range(5):
            written += [await budi.types("before")]
            await budi.changes_number(f"+628990000000{number}")
            written += [await budi.types("after")]
        foreign = {"metadata": {"phone_number_id": NUMBER}, "calls": [{"from": budi.phone[1:]}]}
        await place.control.emit("calls", foreign)
        written += [await budi.types("at last")]
        await place.control.settle()

        told = [message["id"] for message in place.application.messages if "text" in message]
        assert told == written
        assert [change["field"] for change in place.application.changes[-2:]] == [
            "calls",
            "messages",
        ]


@pytest.mark.parametrize("token", ["wrong", ""])
async def test_the_handshake_must_succeed(place: Place, token: str) -> None:
    url = place.world.accounts.subscriptions()[""].url

    with pytest.raises(Rejected, match="2200"):
        await place.control.set_webhook(url, app_secret=SECRET, verify_token=token, scope=NUMBER)

    assert NUMBER not in place.world.accounts.subscriptions()


@pytest.mark.parametrize(
    "url", ["http://127.0.0.1:1/", "http://[", "http://a b/", "http://x:99999/"]
)
async def test_a_callback_that_cannot_be_reached_is_refused(place: Place, url: str) -> None:
    with pytest.raises(Rejected):
        await place.control.set_webhook(url, app_secret=SECRET, verify_token="v3rify")


async def test_updates_are_held_and_released_as_one_request(place: Place) -> None:
    await place.control.hold()
    for number in range(40):
        await place.send(f"+62812{number:08d}")
        await place.control.user(f"+62813{number:08d}").types("hello")
    await place.world.changed.wait_for(lambda: not len(place.world.agenda), timeout=60)

    released = await place.control.release(copies=3, shuffle=True, shape="mixed")
    await place.control.settle()

    assert released == 160
    assert len(place.application.bodies) == 3
    assert len(set(place.application.bodies)) == 1
    body = json.loads(place.application.bodies[0])
    assert len(body["entry"]) > 1
    assert len(set(place.application.statuses)) == 120
    assert len({message["id"] for message in place.application.messages}) == 40


async def test_requests_are_repeated_on_demand(place: Place) -> None:
    await place.control.settings(batch_size=1)
    await place.send()
    await place.control.settle()
    before = list(place.application.bodies)

    assert await place.control.repeat(2) == 2
    await place.control.settle()

    assert place.application.bodies == [*before, *before[-2:]]


async def test_unbatched_updates_come_one_by_one() -> None:
    async with open_place(batch_size=1) as place:
        await asyncio.gather(*(place.send(f"+62812{n:08d}") for n in range(50)))
        await place.control.settle()

        assert len(place.application.bodies) == 150


async def test_doubled_requests() -> None:
    async with open_place(duplicate=1.0) as place:
        await place.send()
        await place.control.settle()

        assert len(place.application.bodies) == 2 * len(set(place.application.bodies))


async def test_any_webhook_can_be_sent(place: Place) -> None:
    value = {"event": "VERIFIED_ACCOUNT", "phone_number": "15550783881"}
    await place.control.emit("account_update", value)
    await place.control.settle()

    assert place.application.changes == [{"field": "account_update", "value": value}]


async def test_a_paused_template_is_told(place: Place) -> None:
    await place.control.set_template_status("promo", "PAUSED", language="id")
    await place.control.settle()

    (change,) = place.application.changes
    assert change["field"] == "message_template_status_update"
    assert change["value"]["event"] == "PAUSED"


async def test_a_slow_application_gets_batches(place: Place) -> None:
    await place.control.settings(connections=1)
    place.application.gate.clear()
    await asyncio.gather(*(place.send(f"+62812{n:08d}") for n in range(60)))
    await place.world.changed.wait_for(lambda: not len(place.world.agenda), timeout=60)
    place.application.gate.set()
    await place.control.settle()

    assert len(place.application.statuses) == 180
    assert len(place.application.bodies) < 20


async def test_a_reset_forgets_what_waits(place: Place) -> None:
    await place.control.hold()
    await place.send()
    await place.control.reset()
    await place.control.settle()

    assert place.application.changes == []
    assert await place.control.counts() == {}
    assert (await place.control.state())["messages"] == 0


async def test_every_message_of_the_log_is_streamed(place: Place) -> None:
    for number in range(5):
        await place.send(BUDI, f"number {number}")
    await place.send("+6281234567891")

    seen: list[Any] = [message.text async for message in place.control.log(to=BUDI)]
    assert seen == [f"number {number}" for number in range(5)]
    assert [message.seq async for message in place.control.log(after=4)] == [5, 6]


async def test_web_pages_cannot_reach_the_control_api(place: Place) -> None:
    answer = await place.graph.post(
        f"{place.url}/sandbox/reset", headers={"Origin": "https://example.com"}
    )

    assert answer.status_code == 403
