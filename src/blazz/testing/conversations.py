"""Checks that a conversation store keeps its promises."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import anyio

from blazz.conversations.base import (
    Answer,
    ConversationStore,
    MessageState,
    Question,
    QuestionState,
    Suppression,
)
from blazz.events.statuses import Status

_NOON = datetime(2026, 1, 2, 12, tzinfo=UTC)
_SALES, _OTHER = "acme/sales", "umbrella/sales"
_BUDI, _SITI = "+6281234567890", "+6281234567891"


async def check_conversation_store(make_store: Callable[[], ConversationStore]) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    Args:
        make_store: Makes a store; each call gives another object on the same, empty database, as
            another process would.

    Example:
        ::

            await check_conversation_store(lambda: SqliteConversationStore(path))
    """
    first, second = make_store(), make_store()
    await first.open()
    await second.open()
    try:
        for check in _CHECKS:
            await check(first, second)
    finally:
        await second.close()
        await first.close()


async def _last_seen_only_moves_forward(store: ConversationStore, other: ConversationStore) -> None:
    assert await store.last_seen(_SALES, _BUDI) is None
    await store.saw(_SALES, {_BUDI: _NOON})
    await other.saw(_SALES, {_BUDI: _NOON - timedelta(hours=3), _SITI: _NOON})
    assert await store.last_seen(_SALES, _BUDI) == _NOON, "an older message moved the time back"
    assert await store.last_seen(_SALES, _SITI) == _NOON, "another process's note is missing"
    assert await store.last_seen(_OTHER, _BUDI) is None, "tenants share contacts"
    await store.saw(_SALES, {_BUDI: _NOON + timedelta(seconds=1)})
    assert await other.last_seen(_SALES, _BUDI) == _NOON + timedelta(seconds=1)


async def _the_newest_choice_about_suppression_wins(
    store: ConversationStore, other: ConversationStore
) -> None:
    stop = Suppression(address=_BUDI, reason="opted_out", at=_NOON)
    await store.suppress(_SALES, [stop])
    await store.suppress(_SALES, [stop])
    assert await other.suppressions(_SALES) == [stop]
    assert await other.suppressed(_SALES, [_BUDI, _SITI]) == {_BUDI}
    assert await other.suppressed(_OTHER, [_BUDI]) == set(), "tenants share suppressions"
    await other.unsuppress(_SALES, _BUDI, _NOON - timedelta(minutes=1))
    assert await store.suppressed(_SALES, [_BUDI]) == {_BUDI}, "an older choice came back"
    await other.unsuppress(_SALES, _BUDI, _NOON + timedelta(minutes=1))
    await store.suppress(_SALES, [stop])
    assert await store.suppressed(_SALES, [_BUDI]) == set(), "a late, older opt-out came back"
    assert await store.suppressions(_SALES) == []
    await store.suppress("acme/*", [stop])
    assert await other.suppressing("acme") == ["acme/*", _SALES]
    assert await other.suppressing("acm") == []


async def _a_question_is_registered_once(
    store: ConversationStore, other: ConversationStore
) -> None:
    first = _question("name", asked_at=_NOON - timedelta(hours=1))
    assert await store.ask(_SALES, first) == first
    question = _question("name")
    assert await other.ask(_SALES, question) == question, "one that nobody sent was kept"
    assert await store.claim(_SALES, "name")
    assert not await other.claim(_SALES, "name"), "two workers may send one question"
    later = _question("name", asked_at=_NOON + timedelta(hours=1))
    leaving = replace(question, sent=True, leaving=True)
    assert await other.ask(_SALES, later) == leaving, "it was replaced"
    await store.left(_SALES, "name")
    assert await other.ask(_SALES, later) == replace(question, sent=True), "it is still on its way"
    await store.left(_SALES, "no such question")
    assert await other.question(_OTHER, "name") is None, "tenants share questions"


async def _only_what_was_sent_is_answered(
    store: ConversationStore, other: ConversationStore
) -> None:
    await store.ask(_SALES, _question("kept", address=_SITI, log_position=50))
    answer = Answer(addresses=(_SITI,), key="m-kept", at=_NOON, seq=51)
    assert await store.answer(_SALES, [answer]) == {}, "a question was answered before it left"
    await other.left(_SALES, "kept")
    assert await store.answer(_SALES, [answer]) == {}, "it left though nobody had claimed it"
    assert await store.claim(_SALES, "kept")
    await other.unclaim(_SALES, "kept")
    assert await store.answer(_SALES, [answer]) == {}, "a question that did not leave was answered"
    assert await other.claim(_SALES, "kept"), "nobody may send what did not leave"
    before = replace(answer, seq=50)
    assert await store.answer(_SALES, [before]) == {}, "what had come in before counted"
    assert await store.answer(_SALES, [answer]) == {"m-kept": "kept"}


async def _what_has_expired_is_asked_anew(
    store: ConversationStore, other: ConversationStore
) -> None:
    await store.ask(_SALES, _question("again", address=_SITI))
    await store.claim(_SALES, "again")
    await store.expire(_SALES, "again")
    anew = _question("again", address=_SITI, asked_at=_NOON + timedelta(hours=1))
    assert await other.ask(_SALES, anew) == anew
    assert await other.claim(_SALES, "again")
    await store.expire(_SALES, "again")


async def _one_message_answers_one_question(
    store: ConversationStore, other: ConversationStore
) -> None:
    await store.ask(_SALES, _question("second", asked_at=_NOON + timedelta(minutes=1)))
    await store.claim(_SALES, "second")
    early = _answer("m0", _NOON - timedelta(seconds=1))
    assert await store.answer(_SALES, [early]) == {}, "a message from before the question counted"
    stranger = Answer(addresses=(_SITI,), key="m1", at=_NOON, seq=1)
    assert await store.answer(_SALES, [stranger]) == {}, "somebody else's message counted"
    first = _answer("m2", _NOON + timedelta(minutes=2))
    assert await store.answer(_SALES, [first]) == {"m2": "name"}, "the oldest question goes first"
    assert await other.answer(_SALES, [first]) == {"m2": "name"}, "one message answered twice"
    second = _answer("m3", _NOON + timedelta(minutes=3), seq=77)
    assert await other.answer(_SALES, [first, second]) == {"m2": "name", "m3": "second"}
    found = await store.question(_SALES, "second")
    assert found is not None
    assert (found.state, found.answer_key, found.answer) == (QuestionState.ANSWERED, "m3", 77)
    assert await store.answers(_SALES, ["m2", "m3", "m4"]) == {"m2", "m3"}


async def _workers_do_not_answer_one_question_twice(
    store: ConversationStore, other: ConversationStore
) -> None:
    await store.ask(_SALES, _question("raced"))
    await store.claim(_SALES, "raced")
    taken: dict[str, str] = {}

    async def offer(worker: ConversationStore, key: str) -> None:
        taken.update(await worker.answer(_SALES, [_answer(key, _NOON + timedelta(minutes=5))]))

    async with anyio.create_task_group() as group:
        for number in range(10):
            group.start_soon(offer, (store, other)[number % 2], f"raced-{number}")
    assert list(taken.values()) == ["raced"], f"answered by {sorted(taken)}"


async def _an_expired_question_takes_no_answer(
    store: ConversationStore, other: ConversationStore
) -> None:
    await store.ask(_SALES, _question("late"))
    await store.claim(_SALES, "late")
    after = _answer("m5", _NOON + timedelta(hours=2))
    assert await store.answer(_SALES, [after]) == {}, "an answer after the deadline counted"
    await store.expire(_SALES, "late")
    in_time = _answer("m6", _NOON + timedelta(minutes=5))
    assert await other.answer(_SALES, [in_time]) == {}, "an expired question took an answer"
    await store.expire(_SALES, "name")
    found = await store.question(_SALES, "name")
    assert found is not None
    assert found.state is QuestionState.ANSWERED, "expiry took an answer away"


async def _states_only_move_up(store: ConversationStore, other: ConversationStore) -> None:
    assert await store.state(_SALES, "wamid.1") is None
    for status in (Status.DELIVERED, Status.SENT, Status.READ, Status.DELIVERED):
        await store.reached(_SALES, [_state("wamid.1", status)])
    found = await other.state(_SALES, "wamid.1")
    assert found == _state("wamid.1", Status.READ)
    assert await store.state(_OTHER, "wamid.1") is None, "tenants share messages"
    failed = MessageState(
        message_id="wamid.2", status=Status.FAILED, at=_NOON, error_code=131026, error="no WhatsApp"
    )
    await store.reached(_SALES, [failed, _state("wamid.2", Status.SENT)])
    assert await other.state(_SALES, "wamid.2") == failed


async def _a_pace_is_kept_per_session(store: ConversationStore, other: ConversationStore) -> None:
    assert await store.pace(_SALES) is None
    await store.keep_pace(_SALES, "one")
    await store.keep_pace(_SALES, "two")
    assert await other.pace(_SALES) == "two", "the newest pace is not the one that is kept"
    assert await other.pace(_OTHER) is None, "tenants share a pace"


async def _what_is_old_is_forgotten(store: ConversationStore, other: ConversationStore) -> None:
    await store.prune(_NOON + timedelta(days=1))
    assert await other.state(_SALES, "wamid.1") is None
    assert await other.question(_SALES, "name") is None
    assert await other.last_seen(_SALES, _SITI) == _NOON, "a window was forgotten"


_CHECKS: tuple[Callable[[ConversationStore, ConversationStore], Awaitable[None]], ...] = (
    _last_seen_only_moves_forward,
    _the_newest_choice_about_suppression_wins,
    _a_question_is_registered_once,
    _only_what_was_sent_is_answered,
    _what_has_expired_is_asked_anew,
    _one_message_answers_one_question,
    _workers_do_not_answer_one_question_twice,
    _an_expired_question_takes_no_answer,
    _states_only_move_up,
    _a_pace_is_kept_per_session,
    _what_is_old_is_forgotten,
)


def _question(
    name: str, *, address: str = _BUDI, asked_at: datetime = _NOON, log_position: int = 0
) -> Question:
    return Question(
        id=name,
        address=address,
        asked_at=asked_at,
        expires_at=_NOON + timedelta(hours=1),
        log_position=log_position,
    )


def _answer(key: str, at: datetime, *, seq: int = 1) -> Answer:
    return Answer(addresses=(_BUDI, "US.123456"), key=key, at=at, seq=seq)


def _state(message_id: str, status: Status) -> MessageState:
    return MessageState(message_id=message_id, status=status, at=_NOON)
