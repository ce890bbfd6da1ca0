"""What a session does is the same, whichever provider it has; capabilities tell what it can."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import anyio
import pytest

from blazz import (
    Audio,
    Button,
    Buttons,
    Capability,
    ContactCard,
    Contacts,
    ContactsReceived,
    Delivered,
    Document,
    Image,
    ImageReceived,
    Location,
    LocationReceived,
    MediaId,
    Message,
    MessageEdited,
    MessageRevoked,
    NotSupported,
    Poll,
    Reaction,
    ReactionReceived,
    Read,
    Sent,
    SessionState,
    Sticker,
    Template,
    Text,
    TextReceived,
    Upload,
    Video,
    Voice,
)
from blazz.errors import InvalidAddress, Timeout
from blazz.providers.base import new_token
from tests.integration.sessions.other_side import PICTURE
from tests.integration.sessions.scene import Scene

pytestmark = pytest.mark.asyncio(loop_scope="module")

OGG = b"OggS\x00\x02 as good as sound"
WEBP = b"RIFF\x10\x00\x00\x00WEBPVP8 as good as a sticker"
KINDS: list[tuple[str, Message]] = [
    ("text", Text("Halo *Budi* \N{WAVING HAND SIGN}")),
    ("image", Image(Upload(PICTURE, "image/jpeg", "cat.jpg"), caption="A cat")),
    ("video", Video(Upload(b"\x00\x00\x00\x18ftypmp42", "video/mp4", "a.mp4"), caption="Film")),
    ("image", Image(Upload(PICTURE, "image/jpeg", "a.jpg"), view_once=True)),
    ("video", Video(Upload(b"\x00\x00\x00\x18ftypmp42", "video/mp4", "b.mp4"), gif=True)),
    ("audio", Audio(Upload(b"ID3 as good as music", "audio/mpeg", "a.mp3"))),
    ("voice", Voice(Upload(OGG, "audio/ogg", "a.ogg"))),
    ("document", Document(Upload(b"%PDF-1.7", "application/pdf", "a.pdf"), caption="Bill")),
    ("sticker", Sticker(Upload(WEBP, "image/webp", "a.webp"))),
    ("location", Location(-6.1754, 106.8272, name="Monas", address="Jakarta")),
    ("contacts", Contacts([ContactCard("Siti", phones=["+62 813-9999-9999"])])),
    ("contacts", Contacts([ContactCard("Siti"), ContactCard("Andi")])),
    ("buttons", Buttons("Which?", [Button("a", "A"), Button("b", "B")])),
    ("template", Template("promo", language="id", body=["Budi", "NOV"])),
    ("poll", Poll("When?", ["Monday", "Tuesday"])),
]


def need(scene: Scene, *capabilities: Capability) -> None:
    """Leave a test out on a provider that cannot do what it is about."""
    for capability in capabilities:
        if not scene.session.can(capability):
            pytest.skip(f"{scene.session.provider.name} has no {capability}")


async def test_it_is_ready(scene: Scene) -> None:
    await scene.session.wait_ready(timeout=60)
    assert scene.session.state is SessionState.READY
    assert scene.session.receives


@pytest.mark.parametrize(
    ("kind", "message"), KINDS, ids=lambda it: "-".join(getattr(it, "needs", ()))
)
async def test_each_kind_arrives_or_is_refused_before_anything_happens(
    scene: Scene, kind: str, message: Message
) -> None:
    if not all(scene.session.can(Capability(needed)) for needed in message.needs):
        with pytest.raises(NotSupported, match="nothing was sent"):
            await scene.session.send(scene.budi.number, message)
        return
    if scene.session.can(Capability.SERVICE_WINDOW):
        await scene.budi.writes("I am here")
    receipt = await scene.session.send(scene.budi.number, message)

    got = await scene.budi.got(receipt)
    assert got.kind == kind
    if isinstance(message, Text):
        assert got.text == message.body
    if isinstance(message, Image | Video):
        assert got.text == message.caption
        assert bool(got.content.get("isViewOnce")) is message.view_once
    assert receipt.to == scene.session.address(scene.budi.number)
    assert receipt.accepted_at - datetime.now(UTC) < timedelta(seconds=5)


async def test_an_upload_is_sent_by_its_id_where_uploads_are_kept(scene: Scene) -> None:
    if not scene.session.can(Capability.UPLOAD_MEDIA):
        with pytest.raises(NotSupported, match=r"'upload_media'.*nothing was sent"):
            await scene.session.send(scene.budi.number, Image(MediaId("77")))
        return
    await scene.budi.writes("show me")
    uploaded = await scene.session.upload(PICTURE, mime_type="image/jpeg", filename="cat.jpg")
    receipt = await scene.session.send(scene.budi.number, Image(uploaded))
    assert (await scene.budi.got(receipt)).kind == "image"


async def test_a_message_is_followed_until_it_is_read(scene: Scene) -> None:
    receipt = await scene.session.send(scene.budi.number, Text("follow me"))
    await receipt.wait(Delivered, timeout=60)
    await scene.budi.reads(receipt)
    await receipt.wait(Read, timeout=60)

    for kind in (Sent, Delivered, Read):
        event = await scene.heard.one(kind, lambda it: it.message_id == receipt.message_id)
        assert event.token == receipt.token
        assert event.recipient.phone == scene.session.address(scene.budi.number)


async def test_a_text_is_received_once_with_its_sender(scene: Scene) -> None:
    sent = await scene.budi.writes("Is it open today?")
    event = await scene.heard.one(TextReceived, lambda it: it.body == "Is it open today?")

    assert sent in event.message_id
    assert event.sender.phone == scene.session.address(scene.budi.number)
    assert event.sender.name
    assert event.chat is None
    assert abs(event.at - datetime.now(UTC)) < timedelta(minutes=5)
    assert event.account is not None
    assert len([it for it in scene.heard.of(TextReceived) if it.body == event.body]) == 1


async def test_what_was_sent_never_comes_back_as_received(scene: Scene) -> None:
    await scene.session.send(scene.budi.number, Text("do not come back"))
    await scene.budi.writes("after it")
    await scene.heard.one(TextReceived, lambda it: it.body == "after it")

    assert [it for it in scene.heard.of(TextReceived) if it.body == "do not come back"] == []


async def test_answers_quote_both_ways(scene: Scene) -> None:
    need(scene, Capability.REPLY)
    await scene.budi.writes("how much?")
    asked = await scene.heard.one(TextReceived, lambda it: it.body == "how much?")
    answer = await scene.session.reply(asked, Text("12"), quote=True)
    quoted = (await scene.budi.got(answer)).quoted
    assert quoted is not None
    assert quoted in asked.message_id

    await scene.budi.answers(answer, "too much")
    event = await scene.heard.one(TextReceived, lambda it: it.body == "too much")
    assert event.reply_to == answer.message_id
    assert event.reply_to_sender is not None
    assert event.reply_to_sender.phone is not None


async def test_reactions_both_ways(scene: Scene) -> None:
    need(scene, Capability.REACTION)
    receipt = await scene.session.send(scene.budi.number, Text("react to this"))
    await scene.budi.reacts(receipt, "👍")
    event = await scene.heard.one(ReactionReceived, lambda it: it.emoji == "👍")
    assert event.reacted_to == receipt.message_id
    assert event.sender.phone == scene.session.address(scene.budi.number)

    await scene.budi.reacts(receipt, "")
    await scene.heard.one(ReactionReceived, lambda it: it.removed)

    await scene.budi.writes("like this")
    theirs = await scene.heard.one(TextReceived, lambda it: it.body == "like this")
    await scene.session.send(scene.budi.number, Reaction(theirs.message_id, "🎉"))
    assert [it for it in scene.heard.of(ReactionReceived) if it.emoji == "🎉"] == []


async def test_files_are_received_and_downloaded(scene: Scene) -> None:
    need(scene, Capability.DOWNLOAD_MEDIA)
    await scene.budi.sends_picture(PICTURE, "my cat")
    event = await scene.heard.one(ImageReceived, lambda it: it.caption == "my cat")
    assert event.mime_type == "image/jpeg"
    assert event.text == "my cat"
    assert event.media_id is not None
    assert b"".join([piece async for piece in scene.session.download(event.media_id)]) == PICTURE


async def test_places_and_cards_are_received(scene: Scene) -> None:
    await scene.budi.sends_place(1.5, 2.5, "home")
    place = await scene.heard.one(LocationReceived)
    assert (place.latitude, place.longitude, place.name) == (1.5, 2.5, "home")

    await scene.budi.sends_card("+6281388888888", "Andi")
    cards = await scene.heard.one(ContactsReceived)
    assert cards.contacts[0].name == "Andi"
    phone = cards.contacts[0].phones[0].phone
    assert phone is not None
    assert phone.digits == "6281388888888"


async def test_edits_and_deletions_of_others_are_told(scene: Scene) -> None:
    first = await scene.budi.writes("rough")
    await scene.heard.one(TextReceived, lambda it: it.body == "rough")
    await scene.budi.edits(first, "polished")
    edited = await scene.heard.one(MessageEdited)
    assert edited.message.text == "polished"
    assert first in edited.message_id

    second = await scene.budi.writes("secret")
    await scene.heard.one(TextReceived, lambda it: it.body == "secret")
    await scene.budi.revokes(second)
    revoked = await scene.heard.one(MessageRevoked)
    assert second in revoked.message_id


async def test_messages_come_in_order(scene: Scene) -> None:
    for number in range(30):
        await scene.budi.writes(f"number {number}")
    await scene.heard.one(TextReceived, lambda it: it.body == "number 29")
    bodies = [it.body for it in scene.heard.of(TextReceived) if it.body.startswith("number ")]
    assert bodies == [f"number {number}" for number in range(30)]


async def test_a_question_is_answered(scene: Scene) -> None:
    async def answer() -> None:
        await scene.heard.one(Sent, lambda it: it.at > before)
        await scene.budi.writes("Budi Santoso")

    before = datetime.now(UTC) - timedelta(seconds=1)
    async with anyio.create_task_group() as group:
        group.start_soon(answer)
        reply = await scene.session.ask(scene.budi.number, Text("Your name?"), timeout=60)
    assert reply.text == "Budi Santoso"
    with pytest.raises(Timeout):
        await scene.session.ask(scene.budi.number, Text("And now?"), timeout=0.3)


async def test_a_chat_is_shown_as_read(scene: Scene) -> None:
    need(scene, Capability.MARK_READ)
    await scene.budi.writes("read me")
    event = await scene.heard.one(TextReceived, lambda it: it.body == "read me")
    await scene.session.mark_read(event, typing=scene.session.can(Capability.TYPING))
    assert await scene.budi.sees_read(event)


async def test_a_message_is_edited_and_deleted(scene: Scene) -> None:
    if not scene.session.can(Capability.EDIT):
        with pytest.raises(NotSupported, match="edit messages"):
            await scene.session.edit("wamid.1", "new")
        with pytest.raises(NotSupported, match="for everyone"):
            await scene.session.revoke("wamid.1")
        return
    receipt = await scene.session.send(scene.budi.number, Text("old words"))
    await scene.session.edit(receipt, "new words")
    assert (await scene.budi.got(receipt)).text == "new words"
    await scene.session.revoke(receipt)
    assert (await scene.budi.got(receipt)).text is None


async def test_numbers_are_checked(scene: Scene) -> None:
    if not scene.session.can(Capability.CHECK_NUMBERS):
        with pytest.raises(NotSupported, match="check numbers"):
            await scene.session.check([scene.budi.number])
        return
    known, unknown = await scene.session.check([scene.budi.number, "+1 555 013 1026"])
    assert (known.exists, unknown.exists) == (True, False)
    assert str(known.person.phone) == scene.budi.number
    with pytest.raises(InvalidAddress):
        await scene.session.check(["120363000000@g.us"])


async def test_history_is_read_backwards(scene: Scene) -> None:
    if not scene.session.can(Capability.HISTORY):
        with pytest.raises(NotSupported, match="said before"):
            scene.session.history(scene.budi.number)
        return
    await scene.session.send(scene.budi.number, Text("said before"))
    await scene.budi.writes("the newest of all")
    await scene.heard.one(TextReceived, lambda it: it.body == "the newest of all")
    past = [it async for it in scene.session.history(scene.budi.number, limit=60)]
    assert past[0].message.text == "the newest of all"  # type: ignore[attr-defined]
    assert not past[0].outgoing
    assert any(it.outgoing for it in past)
    assert len({it.message.message_id for it in past}) == len(past)


async def test_pairing_is_for_those_that_need_it(scene: Scene) -> None:
    if not scene.session.can(Capability.PAIRING):
        with pytest.raises(NotSupported, match="be paired"):
            scene.session.pair()
        return
    (step,) = [it async for it in scene.session.pair()]
    assert str(step.account) == "+6281100000001"  # type: ignore[union-attr]


async def test_a_token_is_settled(scene: Scene) -> None:
    receipt = await scene.session.send(scene.budi.number, Text("settle me"))
    if not scene.session.can(Capability.SETTLE):
        pytest.skip(f"{scene.session.provider.name} cannot settle")
    never = new_token()
    outcomes = await scene.session.provider.settle([receipt.token, never])
    assert outcomes == {receipt.token: "sent"}
