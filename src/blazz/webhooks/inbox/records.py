"""How rows of the database become values, and back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

from blazz.errors import InboxUnavailable
from blazz.webhooks.inbox.base import Entry, Item, State

_NOBODY: frozenset[str] = frozenset()


def item_of(row: Sequence[Any]) -> Item:
    """Make an item of seq, session, lane, body, position, key, attempts and finished."""
    seq, session, lane, body, position, key, attempts, finished = row[:8]
    return Item(seq, session, lane, body, position, key, attempts, finished_names(finished))


def entry_of(row: Sequence[Any]) -> Entry:
    """Make an entry of a row of the query `entries`."""
    seq, state, session, account, lane, attempts, error, until, finished, at, body, place, key = row
    return Entry(
        seq=seq,
        state=_state(state, seq),
        session=session,
        account=account,
        lane=lane,
        attempts=attempts,
        error=error,
        until=None if until is None else _time(until),
        finished=finished_names(finished),
        received_at=None if at is None else _time(at),
        body_id=body,
        position=place,
        key=key,
    )


def _state(number: int, seq: int) -> State:
    try:
        return State(number)
    except ValueError:
        raise InboxUnavailable(
            f"update {seq} has the state {number}, which this version of blazz does not know"
        ) from None


def _time(seconds: float) -> datetime:
    """Make a time of what a clock told, however wrong it was."""
    try:
        return datetime.fromtimestamp(seconds, UTC)
    except (ValueError, OverflowError, OSError):
        return datetime.max.replace(tzinfo=UTC)


def finished_names(text: str | None) -> frozenset[str]:
    """Read the names of handlers, one on each line."""
    return frozenset(text.split("\n")) if text else _NOBODY


def finished_text(names: Collection[str]) -> str | None:
    """Write the names of handlers, one on each line; None if there are none."""
    return "\n".join(sorted(names)) or None
