"""Writes down what happens in chats: messages in, messages from other devices, statuses."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from blazz import Client
from blazz.events import (
    ContactSynced,
    Event,
    HistoryReceived,
    MessageEchoed,
    MessageEdited,
    MessageReceived,
    MessageRevoked,
    PollAnswered,
    ReactionReceived,
    StatusChanged,
)
from blazz.session import Session
from blazz_server.chats import contents
from blazz_server.chats.happenings import Altered, Received
from blazz_server.chats.lists import Values
from blazz_server.chats.writer import Change, Writer
from blazz_server.database import utc_now

RECORDED = (
    MessageReceived,
    MessageEdited,
    MessageRevoked,
    MessageEchoed,
    PollAnswered,
    HistoryReceived,
    ContactSynced,
    StatusChanged,
)


class Recording:
    """The handler that writes down what every session tells; each event at least once.

    Args:
        writer: Writes.
    """

    def __init__(self, writer: Writer) -> None:
        self._writer = writer

    def register(self, client: Client) -> None:
        """Have a client's events written down."""
        client.on(*RECORDED, name="blazz_server.chats")(self.record)

    async def record(self, session: Session, event: Event) -> None:
        """Write one event down; returns when it is on disk."""
        change = change_of(session, event)
        if change is not None:
            await self._writer.write(change)


def change_of(session: Session, event: Event) -> Change | None:
    """What an event changes in the tables; None: nothing."""
    made = next((make for kind, make in _CHANGES if isinstance(event, kind)), None)
    return None if made is None else made(session, event)


def edited(session: Session, event: MessageEdited) -> Altered:
    """A message reads differently."""
    values = {
        "text": contents.clean(event.message.text),
        "content": contents.content_of(event.message),
        "kind": contents.kind_of(event.message),
        "edited_at": utc_now(),
    }
    return _altered(session, event.message_id, values=values)


def revoked(session: Session, message_id: str) -> Altered:
    """A message was deleted for everyone: here, too."""
    values = {
        "text": None,
        "content": {"type": "revoked"},
        "kind": "revoked",
        "media_id": None,
        "revoked_at": utc_now(),
    }
    return _altered(session, message_id, values=values)


def _reacted(session: Session, event: ReactionReceived) -> Change:
    who = event.sender.address
    return _altered(session, event.reacted_to, reaction=(str(who), event.emoji))


def _voted(session: Session, event: PollAnswered) -> Change:
    who = event.sender.address
    return _altered(session, event.message_id, reaction=(str(who), list(event.chosen) or None))


def _revoked(session: Session, event: MessageRevoked) -> Change:
    return revoked(session, event.message_id)


def _known(session: Session, event: ContactSynced) -> Change:
    people = contents.person(session, event.person) if event.action != "remove" else ()
    return Received(rows=[], shown={}, people=list(people))


def _echo(session: Session, event: MessageEchoed) -> Change | None:
    if isinstance(event.message, MessageReceived) and not isinstance(
        event.message, ReactionReceived
    ):
        return contents.echoed(session, event)
    return change_of(session, event.message)


def _altered(
    session: Session,
    message_id: str,
    *,
    values: Values | None = None,
    reaction: tuple[str, str | list[str] | None] | None = None,
) -> Altered:
    return Altered(
        workspace=session.workspace,
        session=session.name,
        message_id=message_id,
        values=values or {},
        reaction=reaction,
    )


# Subclasses stand before their bases.
_CHANGES: Final[tuple[tuple[type[Event], Callable[[Session, Any], Change | None]], ...]] = (
    (StatusChanged, contents.reached),
    (ReactionReceived, _reacted),
    (MessageReceived, contents.received),
    (MessageEchoed, _echo),
    (MessageEdited, edited),
    (MessageRevoked, _revoked),
    (PollAnswered, _voted),
    (HistoryReceived, contents.remembered),
    (ContactSynced, _known),
)
