"""Reads chats, people and history from the phone, where the provider can."""

from __future__ import annotations

from typing import Any

from blazz.addresses import Address, Identity, Lid, Phone, UserId
from blazz.errors import NotSupported
from blazz.events.base import UNDATED
from blazz.events.coexistence import HistoryReceived, PastThread
from blazz.providers.base import Capability
from blazz.session import Session
from blazz_server.chats.contents import clean, person, remembered
from blazz_server.chats.happenings import Received
from blazz_server.chats.writer import Writer


async def sync_chats(session: Session, writer: Writer) -> int:
    """Read the list of chats and the people; gives how many chats there are.

    Raises:
        NotSupported: The provider has no such list.
    """
    if not session.can(Capability.CHATS):
        raise NotSupported(f"{session.provider.name} cannot list chats")
    provider: Any = session.provider  # what its capability says it has
    chats = [
        {
            "workspace": session.workspace,
            "session": session.name,
            "chat": str(chat.address),
            "name": clean(chat.name),
            "last_at": chat.last_at,
            "last_text": None,
            "last_kind": None,
            "last_outgoing": False,
            "unread": max(chat.unread, int(chat.marked_unread)),
            "archived": chat.archived,
        }
        for chat in await provider.chats.list()
        if chat.address is not None
    ]
    people = [
        {**row, "name": clean(contact.saved_name) or row["name"]}
        for contact in await provider.contacts.list()
        for row in person(session, contact.person)
    ]
    await writer.write(Received(rows=[], shown={}, people=people, unread=False, chats=chats))
    return len(chats)


async def sync_history(session: Session, writer: Writer, chat: Address, *, limit: int) -> int:
    """Read what was said in a chat; gives how many messages there are.

    Raises:
        NotSupported: The provider does not give it.
    """
    past = [message async for message in session.history(chat, limit=limit)]
    thread = PastThread(person=_identity(chat), messages=tuple(reversed(past)))
    event = HistoryReceived(key="sync", at=UNDATED, threads=(thread,))
    await writer.write(remembered(session, event))
    return len(past)


def _identity(chat: Address) -> Identity:
    match chat:
        case Phone():
            return Identity(phone=chat)
        case Lid():
            return Identity(lid=chat)
        case UserId():
            return Identity(user_id=chat)
    return Identity()
