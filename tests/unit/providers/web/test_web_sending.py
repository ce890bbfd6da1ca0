"""What the page is asked to send, ids made from tokens, and what was given to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz import (
    Audio,
    ContactCard,
    Contacts,
    Document,
    Group,
    Image,
    InvalidValue,
    Lid,
    Location,
    MediaId,
    Message,
    NotSupported,
    Phone,
    Poll,
    Reaction,
    Rejected,
    Template,
    Text,
    Undeliverable,
    Upload,
    UserId,
    Video,
    Voice,
)
from blazz.errors import Unavailable
from blazz.errors.web import BridgeError
from blazz.events.messages import SharedContact
from blazz.messages.codec import from_json, to_json
from blazz.providers.base import Capability
from blazz.providers.web.ids import check_message_id, jid, last_part, message_id_for, to_phone
from blazz.providers.web.inbound.vcards import shared_contact, written
from blazz.providers.web.outbox import Outbox, Standing
from blazz.providers.web.payloads import SENDABLE, payload
from blazz.providers.web.provider import Web
from blazz.providers.web.sending import refusal

OGG = Upload(b"OggS", "audio/ogg", "a.ogg")


@pytest.mark.parametrize(
    ("message", "kind", "content"),
    [
        (Text("Halo", preview_url=False), "text", {"body": "Halo", "preview": False}),
        (
            Image("https://example.com/a.jpg", caption="A"),
            "media",
            {"kind": "image", "voice": False, "caption": "A", "filename": None},
        ),
        (Voice(OGG, view_once=True), "media", {"kind": "audio", "voice": True, "viewOnce": True}),
        (
            Video("https://example.com/a.mp4", gif=True),
            "media",
            {"kind": "video", "gif": True, "viewOnce": False},
        ),
        (Audio(OGG), "media", {"kind": "audio", "voice": False}),
        (
            Document(Path("bill.pdf"), filename="Bill.pdf"),
            "media",
            {"kind": "document", "filename": "Bill.pdf"},
        ),
        (Location(1, 2, name="A", address="B"), "location", {"lat": 1, "lng": 2, "address": "B"}),
        (Poll("When?", ["a", "b"], most=0), "poll", {"choices": ["a", "b"], "most": 0}),
        (
            Reaction("false_6281@c.us_3A", "👍"),
            "reaction",
            {"message": "false_6281@c.us_3A", "emoji": "👍"},
        ),
    ],
    ids=lambda it: type(it).__name__ if isinstance(it, Message) else "",
)
def test_a_message_is_put_in_the_pages_words(
    message: Message, kind: str, content: dict[str, Any]
) -> None:
    made = payload(message)
    assert made.kind == kind
    assert {name: made.content[name] for name in content} == content
    assert {Capability(needed) for needed in message.needs} <= SENDABLE


@pytest.mark.parametrize("message", [Template("promo", language="id"), Image(MediaId("77"))])
def test_what_web_cannot_send_is_refused(message: Message) -> None:
    with pytest.raises(NotSupported, match="nothing was sent"):
        payload(message)


@given(st.text(min_size=1, max_size=40), st.text(min_size=1, max_size=40))
def test_a_token_has_one_id_and_no_other_token_has_it(one: str, other: str) -> None:
    if "\ud800" <= max(one + other) <= "\udfff":
        return
    assert len(message_id_for(one)) == 22
    assert (message_id_for(one) == message_id_for(other)) == (one == other)


def test_addresses_and_ids() -> None:
    assert jid(Phone("+6281234567890")) == "6281234567890@c.us"
    assert (jid(Lid("77")), jid(Group("120363"))) == ("77@lid", "120363@g.us")
    with pytest.raises(NotSupported):
        jid(UserId("US.13491208655302741918"))
    for good in ("false_6281@c.us_3A", "true_120363@g.us_3EB0_77@lid"):
        assert check_message_id("x", good) == good
    for bad in ("wamid.1", "true_6281@c.us", "", "true_6281@c.us_3EB0 x"):
        with pytest.raises(InvalidValue):
            check_message_id("x", bad)
    assert last_part("true_6281@c.us_3EB0") == "3EB0"
    assert to_phone("6281@c.us") is None


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (BridgeError("1@c.us is not on WhatsApp", code="whatever"), Undeliverable),
        (BridgeError("there is no chat", code="no_such_chat"), Undeliverable),
        (BridgeError("ERROR_UPLOAD upload_failed", code="not_sent"), Unavailable),
        (BridgeError("ERROR_UNKNOWN", code="not_sent"), Rejected),
        (BridgeError("x is not a function", code="TypeError"), Rejected),
    ],
)
def test_a_failure_in_the_page_is_a_kind_of_refusal(error: BridgeError, kind: type) -> None:
    assert type(refusal(error)) is kind


names = st.text(min_size=1, max_size=30).filter(lambda it: it.strip() and it.isprintable())


@given(names)
def test_a_card_that_is_written_reads_the_same(name: str) -> None:
    card = ContactCard(name, phones=["+62 812-3456-7890"], urls=["https://example.com/a;b"])
    read: SharedContact = shared_contact(written(card))
    assert read.name == name.strip()
    assert read.phones[0].number == "+62 812-3456-7890"
    assert read.urls[0].value == "https://example.com/a;b"
    assert Contacts([card])


@pytest.mark.parametrize(
    ("settings", "field"),
    [
        ({"question": "", "choices": ["a", "b"]}, "Poll.question"),
        ({"question": "q", "choices": ["a"]}, "Poll.choices"),
        ({"question": "q", "choices": [str(it) for it in range(13)]}, "Poll.choices"),
        ({"question": "q", "choices": ["a", "a"]}, "Poll.choices"),
        ({"question": "q", "choices": ["a", "x" * 101]}, "Poll.choices[1]"),
        ({"question": "q", "choices": ["a", "b"], "most": 3}, "Poll.most"),
        ({"question": "q", "choices": ["a", "b"], "most": -1}, "Poll.most"),
    ],
)
def test_a_poll_has_limits(settings: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Poll(**settings)
    assert caught.value.field == field


def test_a_poll_has_a_json() -> None:
    poll = Poll("When?", ["a", "b"], most=2)
    assert from_json(to_json(poll)) == poll


@pytest.mark.parametrize("name", ["start_timeout", "ready_timeout", "send_timeout"])
def test_a_web_has_limits(name: str) -> None:
    with pytest.raises(InvalidValue, match=name):
        Web(**{name: 0})
    with pytest.raises(InvalidValue, match="history_rate"):
        Web(history_rate=0)


async def test_the_outbox_knows_what_was_given_to_the_page(tmp_path: Path) -> None:
    now = [1_000_000.0]
    outbox = Outbox(tmp_path / "outbox.db", clock=lambda: now[0])
    await outbox.open()
    first, again = await outbox.note("v1.-.a", "6281@c.us")
    assert (first, again) == (message_id_for("v1.-.a"), False)
    assert await outbox.note("v1.-.a", "6281@c.us") == (first, True)
    await outbox.note("v1.-.b", "6282@c.us")
    await outbox.note("v1.-.c", "6283@c.us")
    await outbox.accept(first, "true_6281@c.us_x")
    await outbox.refuse(first)  # too late: it was accepted
    await outbox.refuse(message_id_for("v1.-.b"))
    await outbox.set_fact("linked_at", "5")
    await outbox.close()

    outbox = Outbox(tmp_path / "outbox.db", clock=lambda: now[0])
    await outbox.open()
    known = await outbox.look_up(["v1.-.a", "v1.-.b", "v1.-.c", "v1.-.never"])
    assert {token: it.standing for token, it in known.items()} == {
        "v1.-.a": Standing.ACCEPTED,
        "v1.-.b": Standing.REFUSED,
        "v1.-.c": Standing.GIVEN,
    }
    assert await outbox.tokens([first, "3EB0NOT"]) == {first: "v1.-.a"}
    assert (await outbox.fact("linked_at"), await outbox.fact("none")) == ("5", None)
    await outbox.close()

    now[0] += 31 * 86_400
    outbox = Outbox(tmp_path / "outbox.db", clock=lambda: now[0])
    await outbox.open()
    assert await outbox.look_up(["v1.-.a"]) == {}
    await outbox.note("v1.-.d", "6281@c.us")
    await outbox.forget_everything()
    assert await outbox.look_up(["v1.-.d"]) == {}
    assert await outbox.fact("linked_at") is None
    await outbox.close()
