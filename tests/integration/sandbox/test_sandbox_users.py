"""Everything that a user can do, and the webhook that tells of it."""

from __future__ import annotations

from typing import Any

import pytest

from blazz.errors import (
    ConnectionFailed,
    InvalidValue,
    Rejected,
    SessionClosed,
    Timeout,
    UnreadableAnswer,
)
from blazz.sandbox.control import SandboxControl
from blazz.sandbox.user import SandboxUser
from tests.integration.sandbox.conftest import BUDI, NUMBER, Place

OGG = b"OggS" + bytes(60)


@pytest.fixture
def budi(place: Place) -> SandboxUser:
    return place.control.user(BUDI)


async def said(place: Place) -> dict[str, Any]:
    """The one message that a user sent."""
    await place.control.settle()
    (message,) = place.application.messages
    place.application.changes.clear()
    return message


async def test_text_and_replies(place: Place, budi: SandboxUser) -> None:
    wrote = await budi.types("Hi")
    message = await said(place)
    assert (message["id"], message["text"]) == (wrote, {"body": "Hi"})

    first = (await place.send()).json()["messages"][0]["id"]
    newest = (await place.send()).json()["messages"][0]["id"]
    await budi.replies("newest")
    assert (await said(place))["context"]["id"] == newest
    await budi.replies("first", to=first)
    assert (await said(place))["context"]["id"] == first


@pytest.mark.parametrize(
    ("kind", "mime_type", "told", "extra"),
    [
        ("image", "image/png", "image", {"caption": "Look"}),
        ("video", "video/mp4", "video", {}),
        ("audio", "audio/mpeg", "audio", {"voice": False}),
        ("voice", "audio/ogg; codecs=opus", "audio", {"voice": True}),
        ("document", "application/pdf", "document", {"filename": "a.pdf"}),
        ("sticker", "image/webp", "sticker", {"animated": False}),
    ],
)
async def test_media(
    place: Place, budi: SandboxUser, kind: Any, mime_type: str, told: str, extra: dict[str, Any]
) -> None:
    texts = {name: value for name, value in extra.items() if isinstance(value, str)}
    await budi.sends(kind, OGG, mime_type=mime_type, **texts)
    message = await said(place)

    assert message["type"] == told
    assert message[told]["mime_type"] == mime_type
    assert extra.items() <= message[told].items()
    media = (await place.graph.get(f"/{message[told]['id']}")).json()
    assert (await place.graph.get(media["url"])).content == OGG


async def test_places_contacts_and_anything_else(place: Place, budi: SandboxUser) -> None:
    await budi.sends_location(-6.2, 106.8, name="Jakarta", address="Jalan 1")
    location = {"latitude": -6.2, "longitude": 106.8, "name": "Jakarta", "address": "Jalan 1"}
    assert (await said(place))["location"] == location

    cards = [{"name": {"formatted_name": "Ana", "first_name": "Ana"}}]
    await budi.sends_contacts(cards)
    assert (await said(place))["contacts"] == cards

    order = {"type": "order", "order": {"catalog_id": "1", "product_items": []}}
    await budi.sends_raw(order)
    assert order.items() <= (await said(place)).items()


async def test_reactions(place: Place, budi: SandboxUser) -> None:
    sent = (await place.send()).json()["messages"][0]["id"]

    await budi.reacts("👍")
    assert (await said(place))["reaction"] == {"message_id": sent, "emoji": "👍"}
    await budi.reacts("", to=sent)
    assert (await said(place))["reaction"] == {"message_id": sent}


async def test_edits_and_revocations(place: Place, budi: SandboxUser) -> None:
    wrote = await budi.types("Helo")
    await said(place)

    await budi.edits(wrote, "Hello")
    message = await said(place)
    assert message["edit"] == {
        "original_message_id": wrote,
        "message": {"type": "text", "text": {"body": "Hello"}},
    }
    await budi.revokes(wrote)
    assert (await said(place))["revoke"] == {"original_message_id": wrote}


async def test_reading_and_playing_beside_the_story(place: Place, budi: SandboxUser) -> None:
    await budi.set_up(story="sent")
    voice = {"type": "audio", "audio": {"id": "1", "voice": True}}
    sent = (await place.send(**voice)).json()["messages"][0]["id"]
    await budi.reads()
    await budi.plays(sent)
    await place.control.settle()

    assert sorted(place.application.statuses) == [(sent, "played"), (sent, "read"), (sent, "sent")]


async def test_blocking(place: Place, budi: SandboxUser) -> None:
    await budi.blocks()
    await place.send()
    await budi.unblocks()
    await place.send()
    await place.control.settle()

    assert [status for _, status in place.application.statuses].count("delivered") == 1


async def test_a_new_number(place: Place, budi: SandboxUser) -> None:
    await budi.set_up(name="Budi S.")
    before = await budi.user_id()
    await budi.changes_number("+6281300000000")

    message = await said(place)
    assert message["system"]["type"] == "user_changed_number"
    assert message["system"]["wa_id"] == "6281300000000"
    assert (await budi.state())["name"] == "Budi S."
    assert await budi.user_id() != before
    with pytest.raises(Rejected):
        await budi.changes_number("+6281300000000")


async def test_preferences(place: Place, budi: SandboxUser) -> None:
    await budi.opts_out()
    await budi.opts_in()
    await place.control.settle()

    values = [change["value"]["user_preferences"][0] for change in place.application.changes]
    assert [value["value"] for value in values] == ["stop", "resume"]
    assert (await budi.state())["opted_out"] == []


async def test_who_a_user_is(place: Place, budi: SandboxUser) -> None:
    await budi.set_up(username="budi_s")
    await budi.types("hidden")
    assert "from" not in await said(place)
    await budi.set_up(hides_number=False)
    await budi.types("shown")
    assert (await said(place))["from"] == "6281234567890"


@pytest.mark.parametrize(
    "action",
    [
        lambda user: user.set_up(story="fairy tale"),
        lambda user: user.reads("wamid.unknown"),
        lambda user: user.taps("Yes"),
        lambda user: user.sends("image", b"", mime_type="image/png"),
        lambda user: user.sends("image", b"x", mime_type="text/html"),
        lambda user: user.sends_location(91, 0),
        lambda user: user.changes_number("nobody"),
        lambda user: user.types(""),
    ],
)
async def test_what_makes_no_sense(place: Place, budi: SandboxUser, action: Any) -> None:
    with pytest.raises(Rejected):
        await action(budi)
    await place.control.settle()
    assert place.application.changes == []


async def test_an_unknown_action_and_an_unknown_user(place: Place) -> None:
    with pytest.raises(Rejected, match="a user can: block"):
        await place.control.request("POST", f"users/{BUDI}/dance", {})
    with pytest.raises(Rejected, match="phone number, not by 'budi'"):
        await place.control.request("POST", "users/budi/text", {"text": "hi"})
    for nobody in ("budi", "", "+62/../reset"):
        with pytest.raises(InvalidValue, match="phone number"):
            place.control.user(nobody)


async def test_messages_of_others_cannot_be_answered(place: Place, budi: SandboxUser) -> None:
    sent = (await place.send()).json()["messages"][0]["id"]
    siti = place.control.user("+6281234567891")
    with pytest.raises(Rejected, match=r"was sent to \+6281234567890, not to \+6281234567891"):
        await siti.replies("not mine", to=sent)
    await place.control.add_number("4711")
    elsewhere = SandboxControl(place.url, phone_number_id="4711")
    async with elsewhere:
        with pytest.raises(Rejected, match=f"was sent by {NUMBER}, not by 4711"):
            await elsewhere.user(BUDI).reacts("x", to=sent)
    with pytest.raises(SessionClosed, match="was closed"):
        await elsewhere.user(BUDI).types("too late")
    await budi.changes_number("+6281234567892")
    assert await budi.replies("with a new number", to=sent)


async def test_messages_are_received_one_by_one(place: Place, budi: SandboxUser) -> None:
    for text in ("one", "two"):
        await place.send(BUDI, text)

    assert [(await budi.receives()).text for _ in range(2)] == ["one", "two"]
    await place.control.reset()
    await place.send(BUDI, "numbered anew")
    assert (await budi.receives()).text == "numbered anew"
    with pytest.raises(Timeout):
        await budi.receives(timeout=0.05)
    with pytest.raises(Rejected, match="no message yet"):
        await place.control.user("+6281234567891").replies("to nothing")


async def test_numbers_are_added(place: Place) -> None:
    await place.control.add_number("4711", waba_id="4712", display="+62 21 0000")
    state = await place.control.state()
    assert {"id": "4711", "waba_id": "4712", "display": "+62 21 0000"} in state["numbers"]
    listed = await place.graph.get("/4712/message_templates")
    assert listed.json()["data"]

    with pytest.raises(Rejected):
        await place.control.add_number("not-digits")


async def test_who_is_no_sandbox(place: Place) -> None:
    async with SandboxControl("http://127.0.0.1:9") as nobody:
        with pytest.raises(ConnectionFailed):
            await nobody.state()
        with pytest.raises(ConnectionFailed):
            [message async for message in nobody.log()]
    callback = place.world.accounts.subscriptions()[""].url
    async with SandboxControl(callback) as another:
        with pytest.raises(UnreadableAnswer):
            await another.state()


async def test_ended_subscriptions_drop_what_waits(place: Place) -> None:
    await place.control.hold()
    await place.send()
    await place.control.advance(60)
    await place.world.changed.wait_for(lambda: not len(place.world.agenda), timeout=60)
    await place.control.request("DELETE", "webhook")
    await place.control.settle()

    state = await place.control.state()
    assert state["webhooks"]["dropped"] == 3
    assert state["webhooks"]["waiting"] == 0


async def test_the_magic_numbers_can_be_asked_for(place: Place) -> None:
    found = await place.control.request("GET", "magic")

    assert {"code": 131026, "title": "Message undeliverable"}.items() <= next(
        item for item in found["errors"] if item["code"] == 131026
    ).items()
    assert found["stories"][1]["phone"] == "+1 555 800 0001"
