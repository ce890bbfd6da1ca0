"""What received events say of conversations is noted, with times that can be believed."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from blazz.addresses import Group, Identity, Phone, UserId
from blazz.conversations.base import Question, QuestionState
from blazz.conversations.optout import StopWords
from blazz.conversations.recorder import Recorder
from blazz.conversations.signals import Signals
from blazz.conversations.sqlite import SqliteConversationStore
from blazz.events import (
    UNDATED,
    CallConnected,
    Event,
    Failed,
    MarketingResumed,
    MarketingStopped,
    Problem,
    ReactionReceived,
    TextReceived,
    UnsupportedReceived,
)

NOW = datetime(2026, 1, 2, 12, tzinfo=UTC)
SALES = "acme/sales"
PHONE = "+5511987654321"
BUDI = Identity(phone=Phone(PHONE), user_id=UserId("BR.1"))


@pytest.fixture
async def store(tmp_path: Path) -> AsyncIterator[SqliteConversationStore]:
    store = SqliteConversationStore(tmp_path / "conversations.db")
    await store.open()
    yield store
    await store.close()


async def record(store: SqliteConversationStore, *events: Event, stop: str = "STOP") -> None:
    recorder = Recorder(SALES, store, Signals(), StopWords([stop]), clock=lambda: NOW)
    await recorder.record([(seq, event) for seq, event in enumerate(events, 1)])


def text(body: str = "hi", *, at: datetime = NOW, chat: Group | None = None) -> TextReceived:
    return TextReceived(key=f"m:{body}", at=at, message_id="m", sender=BUDI, body=body, chat=chat)


def call(direction: str | None) -> CallConnected:
    return CallConnected(key="c", at=NOW, call_id="wacid.1", person=BUDI, direction=direction)


@pytest.mark.parametrize(
    "event",
    [
        text(),
        UnsupportedReceived(key="u", at=NOW, message_id="m", sender=BUDI),
        ReactionReceived(key="r", at=NOW, message_id="m", sender=BUDI, reacted_to="x"),
        call("USER_INITIATED"),
    ],
    ids=lambda event: type(event).__name__,
)
async def test_whoever_writes_or_calls_opens_the_window(
    store: SqliteConversationStore, event: Event
) -> None:
    await record(store, event)

    for name in (PHONE, "+551187654321", "BR.1"):
        assert await store.last_seen(SALES, name) == NOW


@pytest.mark.parametrize("event", [text(chat=Group("group-1")), call("BUSINESS_INITIATED")])
async def test_groups_and_own_calls_open_nothing(
    store: SqliteConversationStore, event: Event
) -> None:
    await record(store, event)

    assert await store.last_seen(SALES, PHONE) is None


@pytest.mark.parametrize("at", [UNDATED, NOW + timedelta(days=400)])
async def test_a_time_that_cannot_be_is_taken_for_now(
    store: SqliteConversationStore, at: datetime
) -> None:
    await record(store, text("STOP", at=at))

    assert await store.last_seen(SALES, PHONE) == NOW
    assert {it.at for it in await store.suppressions(SALES)} == {NOW}


async def test_the_newest_choice_of_a_batch_wins(store: SqliteConversationStore) -> None:
    def chose(kind: type[MarketingStopped | MarketingResumed], minute: int) -> Event:
        at = NOW - timedelta(hours=1) + timedelta(minutes=minute)
        return kind(key=f"p{minute}", at=at, person=BUDI, value="x")

    await record(store, chose(MarketingResumed, 2), chose(MarketingStopped, 1))
    assert await store.suppressions(SALES) == []
    await record(store, chose(MarketingStopped, 3))
    assert {it.reason for it in await store.suppressions(SALES)} == {"opted_out"}
    refused = Failed(
        key="f",
        at=NOW,
        message_id="m",
        recipient=Identity(phone=Phone("+6281234567890")),
        errors=(Problem(code=131050),),
    )
    await record(store, refused, chose(MarketingResumed, 4))
    assert [it.reason for it in await store.suppressions(SALES)] == ["error_131050"]


async def test_a_reaction_and_a_stop_word_answer_nothing(store: SqliteConversationStore) -> None:
    asked = Question(
        id="name",
        address="+551187654321",  # as it was typed; WhatsApp writes it with a 9
        asked_at=NOW - timedelta(minutes=1),
        expires_at=NOW + timedelta(hours=1),
    )
    await store.ask(SALES, asked)
    assert await store.claim(SALES, "name")
    reaction = ReactionReceived(key="r", at=NOW, message_id="m", sender=BUDI, reacted_to="x")
    await record(store, reaction, text("stop"), text("in a group", chat=Group("group-1")))
    found = await store.question(SALES, "name")
    assert found is not None
    assert found.state is QuestionState.OPEN

    await record(store, text("Budi"))
    found = await store.question(SALES, "name")
    assert found is not None
    assert (found.state, found.answer_key) == (QuestionState.ANSWERED, "m:Budi")
