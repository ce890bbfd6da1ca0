"""Messages as bubbles: every kind, and content that is not what it says."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from blazz_server.chats.requests import ChatOut, MessageOut, Problem
from blazz_server.dashboard.bubbles import Card, Place, bubbles, chat_line

NOW = datetime(2030, 1, 1, tzinfo=UTC)
KINDS = [
    "text",
    "image",
    "voice",
    "document",
    "sticker",
    "location",
    "contacts",
    "poll",
    "list",
    "x",
]


def message(**values: Any) -> MessageOut:
    return MessageOut(
        **{
            "id": "msg_1", "message_id": "wamid.1", "chat": "+6281", "direction": "in",
            "kind": "text", "text": None, "content": {}, "sender": "+6281", "sender_name": None,
            "reply_to": None, "status": "received", "problem": None, "reactions": {}, "token": None,
            "at": NOW, "edited_at": None, "revoked_at": None, **values,
        }
    )  # fmt: skip


def one(**values: Any) -> Any:
    return bubbles([message(**values)], files="/media", name="Budi")[0]


def test_texts_and_who_wrote_them() -> None:
    bubble = one(text="Halo", content={"type": "text", "body": "Halo"})
    assert (bubble.text, bubble.outgoing, bubble.author) == ("Halo", False, "Budi")
    assert one(sender_name="Sari").author == "Sari"
    assert one(direction="out", status="sending").status == "pending"
    assert one(direction="out", status="accepted").status == "sent"


def test_files_are_ours_or_not_loaded() -> None:
    content = {"type": "image", "media_id": "a/b?c", "mime_type": "image/png"}
    assert one(kind="image", content=content).media == "/media/a%2Fb%3Fc"
    elsewhere = {"type": "image", "link": "https://elsewhere.example/x.png"}
    assert one(kind="image", content=elsewhere).media is None
    assert one(kind="image", content=elsewhere).summary == "📷 Picture"


def test_places_and_people() -> None:
    place = {"type": "location", "latitude": "-6.5", "longitude": 106, "name": "Monas"}
    assert one(kind="location", content=place).place == Place(-6.5, 106.0, "Monas")
    assert one(kind="location", content={"type": "location"}).place is None
    cards = [
        {"name": {"formatted": "Sari"}, "phones": [{"number": "+62811"}]},
        {"name": "Wayan", "phones": []},
    ]
    people = one(kind="contacts", content={"contacts": cards}).people
    assert people == [Card("Sari", "+62811"), Card("Wayan", "")]


def test_what_can_be_tapped() -> None:
    assert one(content={"type": "buttons", "buttons": [{"title": "Yes"}]}).offers == ["Yes"]
    assert one(content={"type": "list", "button": "Menu"}).offers == ["Menu"]
    assert one(content={"type": "poll", "choices": ["a", "b"]}).offers == ["a", "b"]
    assert one(content={"type": "call_to_action", "text": "Track"}).offers == ["Track"]


def test_answers_quote_what_is_shown() -> None:
    first = message(text="How much?", message_id="w1")
    second = message(text="Ten", message_id="w2", reply_to="w1", direction="out")
    lost = message(text="?", message_id="w3", reply_to="w0")
    _, answer, other = bubbles([first, second, lost], files="", name="Budi")
    assert answer.quoted is not None
    assert (answer.quoted.id, answer.quoted.text, answer.quoted.author) == (
        "w1",
        "How much?",
        "Budi",
    )
    assert other.quoted is None


def test_failures_say_why() -> None:
    failed = one(
        direction="out", status="failed", problem=Problem(code=131026, detail="No WhatsApp")
    )
    assert failed.error == "No WhatsApp (131026)"
    assert one(direction="out", status="failed").error == "It was not delivered."
    assert "not known" in one(direction="out", status="unknown").error
    assert one(status="received").error is None


def test_the_list_of_chats() -> None:
    chat = ChatOut(
        chat="+6281", name=None, last_at=NOW, last_text=None, last_kind="voice",
        last_direction="out", unread=2, archived=False,
    )  # fmt: skip
    line = chat_line(chat)
    assert (line.name, line.last, line.outgoing, line.unread) == (
        "+6281",
        "🎤 Voice message",
        True,
        2,
    )


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3)
    ),
    max_leaves=6,
)
FIELDS = ("type", "body", "media_id", "filename", "mime_type", "latitude", "longitude", "contacts",
          "buttons", "button", "choices", "text", "url", "name", "title")  # fmt: skip


@given(
    kind=st.sampled_from(KINDS),
    content=st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(KINDS), max_size=6),
)
def test_no_content_breaks_a_page(kind: str, content: dict[str, Any]) -> None:
    bubble = one(kind=kind, content=content)
    assert len(bubble.summary) <= 141
    assert isinstance(bubble.text, str)
    assert all(isinstance(it, str) for it in bubble.offers)
