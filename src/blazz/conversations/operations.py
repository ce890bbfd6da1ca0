"""What each operation of a conversation store does, as generators of statements; no I/O here."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from blazz.conversations.base import (
    Answer,
    MessageState,
    Question,
    QuestionState,
    Suppression,
)
from blazz.databases.operations import Batch, Operation, Statement
from blazz.events.statuses import Status, advance


def saw(session: str, contacts: Mapping[str, datetime]) -> Operation[None]:
    yield Batch("saw", [(session, address, at.timestamp()) for address, at in contacts.items()])


def last_seen(session: str, address: str) -> Operation[datetime | None]:
    rows = yield Statement("last_seen", (session, address))
    return _time(rows[0][0]) if rows else None


def suppress(session: str, entries: Sequence[Suppression]) -> Operation[None]:
    # A person may stand in a batch twice; PostgreSQL changes a row once per statement.
    newest = {it.address: it for it in sorted(entries, key=lambda it: it.at)}
    rows = [(session, it.address, it.reason, it.at.timestamp(), 1) for it in newest.values()]
    yield Batch("suppress", rows)


def unsuppress(session: str, address: str, at: datetime) -> Operation[None]:
    yield Batch("suppress", [(session, address, "", at.timestamp(), 0)])


def suppressed(session: str, addresses: Collection[str]) -> Operation[set[str]]:
    rows = yield Statement("suppressed", (session, json.dumps(list(addresses))))
    return {row[0] for row in rows}


def suppressions(session: str) -> Operation[list[Suppression]]:
    rows = yield Statement("suppressions", (session,))
    return [Suppression(address=row[0], reason=row[1], at=_time(row[2])) for row in rows]


def suppressing(workspace: str) -> Operation[list[str]]:
    rows = yield Statement("suppressing", (f"{workspace}/",))
    return sorted(row[0] for row in rows)


def ask(session: str, question: Question) -> Operation[Question]:
    asked_at, expires_at = question.asked_at.timestamp(), question.expires_at.timestamp()
    row = (question.id, question.address, asked_at, expires_at, question.log_position)
    yield Statement("ask", (session, *row))
    found = yield from get_question(session, question.id)
    assert found is not None
    return found


def claim(session: str, question_id: str) -> Operation[bool]:
    return bool((yield Statement("claim", (session, question_id))))


def left(session: str, question_id: str) -> Operation[None]:
    yield Statement("left", (session, question_id))


def unclaim(session: str, question_id: str) -> Operation[None]:
    yield Statement("unclaim", (session, question_id))


def get_question(session: str, question_id: str) -> Operation[Question | None]:
    rows = yield Statement("question", (session, question_id))
    return _question(rows[0]) if rows else None


def answer(session: str, answers: Sequence[Answer]) -> Operation[dict[str, str]]:
    # Two workers must not give one question two answers: they take turns per session.
    yield Statement("exclusive", (session,))
    taken: dict[str, str] = {}
    for offered in answers:
        rows = yield Statement("question_by_answer", (session, offered.key))
        if not rows:
            among = json.dumps(list(offered.addresses))
            row = (session, among, offered.at.timestamp(), offered.seq)
            rows = yield Statement("oldest_open", row)
            if not rows:
                continue
            yield Statement("answer", (session, rows[0][0], offered.key, offered.seq))
        taken[offered.key] = rows[0][0]
    return taken


def answers(session: str, keys: Collection[str]) -> Operation[set[str]]:
    found = set()
    for key in keys:
        if (yield Statement("question_by_answer", (session, key))):
            found.add(key)
    return found


def expire(session: str, question_id: str) -> Operation[None]:
    yield Statement("expire", (session, question_id))


def reached(session: str, states: Sequence[MessageState]) -> Operation[None]:
    # Reading and writing a state must not interleave with another worker's.
    yield Statement("exclusive", (session,))
    for state in states:
        known = yield from get_state(session, state.message_id)
        if known is not None and advance(known.status, state.status) is known.status:
            continue
        yield Statement(
            "reached",
            (
                session,
                state.message_id,
                state.status.value,
                state.at.timestamp(),
                state.error_code,
                state.error,
            ),
        )


def get_state(session: str, message_id: str) -> Operation[MessageState | None]:
    rows = yield Statement("state", (session, message_id))
    if not rows:
        return None
    found, status, at, error_code, error = rows[0]
    return MessageState(
        message_id=found,
        status=Status(status),
        at=_time(at),
        error_code=error_code,
        error=error,
    )


def pace(session: str) -> Operation[str | None]:
    rows = yield Statement("pace", (session,))
    return rows[0][0] if rows else None


def keep_pace(session: str, text: str) -> Operation[None]:
    yield Statement("keep_pace", (session, text))


def prune(before: datetime) -> Operation[None]:
    yield Statement("prune_states", (before.timestamp(),))
    yield Statement("prune_questions", (before.timestamp(),))


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def _question(row: Sequence[Any]) -> Question:
    return Question(
        id=row[0],
        address=row[1],
        asked_at=_time(row[2]),
        expires_at=_time(row[3]),
        state=QuestionState(row[4]),
        sent=row[5] > 0,
        leaving=row[5] == 2,
        answer_key=row[6],
        answer=row[7],
        log_position=row[8],
    )
