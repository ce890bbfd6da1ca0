"""Writes down what happens in chats: messages in, messages from other devices, statuses."""

from __future__ import annotations

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
    match event:
        case StatusChanged():
            return contents.reached(session, event)
        case ReactionReceived():
            who = event.sender.address
            return _altered(session, event.reacted_to, reaction=(str(who), event.emoji))
        case MessageReceived():
            return contents.received(session, event)
        case MessageEchoed():
            return _echo(session, event)
        case MessageEdited():
            return edited(session, event)
        case MessageRevoked():
            return revoked(session, event.message_id)
        case PollAnswered():
            chosen = list(event.chosen) or None
            return _altered(session, event.message_id, reaction=(str(event.sender.address), chosen))
        case HistoryReceived():
            return contents.remembered(session, event)
        case ContactSynced():
            people = contents.person(session, event.person) if event.action != "remove" else ()
            return Received(rows=[], shown={}, people=list(people))
    return None


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


def _echo(session: Session, event: MessageEchoed) -> Change | None:
    match event.message:
        case MessageEdited():
            return edited(session, event.message)
        case MessageRevoked():
            return revoked(session, event.message.message_id)
        case ReactionReceived():
            who = event.message.sender.address
            reaction = (str(who), event.message.emoji)
            return _altered(session, event.message.reacted_to, reaction=reaction)
    return contents.echoed(session, event)


def _altered(
    session: Session,
    message_id: str,
    *,
    values: contents.Values | None = None,
    reaction: tuple[str, str | list[str] | None] | None = None,
) -> Altered:
    return Altered(
        workspace=session.workspace,
        session=session.name,
        message_id=message_id,
        values=values or {},
        reaction=reaction,
    )
