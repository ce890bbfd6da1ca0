"""Chats, contacts, the block list and the profile of an account."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from blazz import addresses
from blazz.addresses import Address, Identity
from blazz.errors import InvalidValue
from blazz.providers.web.ids import jid, to_group, to_identity, to_lid, to_phone
from blazz.providers.web.inbound.updates import moment

Ask: TypeAlias = Callable[[str, Any], Awaitable[Any]]
"""Calls a function of the page, when the session is ready."""

_PICTURE_LIMIT: Final = 5 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class Chat:
    """One chat of the list.

    Attributes:
        address: Whom it is with: a person or a group.
        person: What is known of the person; nothing, for a group.
        name: What it is called.
        unread: How many messages are unread.
        marked_unread: It was marked as unread by hand.
        archived: It is archived.
        pinned: It is pinned.
        muted: It makes no sound.
        last_at: When something was last said in it.
    """

    address: Address | None
    person: Identity
    name: str | None
    unread: int
    marked_unread: bool
    archived: bool
    pinned: bool
    muted: bool
    last_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """One person that the account knows.

    Attributes:
        person: Who it is.
        saved_name: The name in the phone's address book.
        saved: They are in the address book.
        business: It is a business account.
    """

    person: Identity
    saved_name: str | None
    saved: bool
    business: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What others see of the account: its name, and the text below it."""

    name: str | None
    about: str | None


class Part:
    """One part of what the page knows.

    Args:
        ask: Calls a function of the page.
    """

    def __init__(self, ask: Ask) -> None:
        self._ask = ask


class Chats(Part):
    """The chats of the account."""

    async def list(self) -> list[Chat]:
        """All chats, the newest first."""
        chats = [_chat(it) for it in await self._ask("chats", None)]
        return sorted(chats, key=lambda chat: chat.last_at, reverse=True)

    async def archive(self, chat: str | Address, *, archived: bool = True) -> None:
        """Put a chat away, or take it out again."""
        await self._ask("archiveChat", {"chat": id_of(chat), "archived": archived})

    async def clear(self, chat: str | Address) -> None:
        """Delete the messages of a chat, for this account."""
        await self._ask("clearChat", {"chat": id_of(chat)})

    async def delete(self, chat: str | Address) -> None:
        """Delete a chat, for this account."""
        await self._ask("deleteChat", {"chat": id_of(chat)})

    async def pin(self, chat: str | Address, *, pinned: bool = True) -> None:
        """Keep a chat at the top of the list, or no longer; WhatsApp allows three."""
        await self._ask("pinChat", {"chat": id_of(chat), "pinned": pinned})

    async def mute(self, chat: str | Address, duration: timedelta = timedelta(hours=8)) -> None:
        """Let a chat make no sound for a while.

        Raises:
            InvalidValue: The while is less than a second, or more than a year.
        """
        if not timedelta(seconds=1) <= duration <= timedelta(days=366):
            raise InvalidValue("duration", "a second to 366 days", duration)
        seconds = int(duration.total_seconds())
        await self._ask("muteChat", {"chat": id_of(chat), "seconds": seconds})

    async def unmute(self, chat: str | Address) -> None:
        """Let a chat make sounds again."""
        await self._ask("muteChat", {"chat": id_of(chat), "seconds": 0})

    async def mark_read(self, chat: str | Address) -> None:
        """Show all messages of a chat as read."""
        await self._ask("markChatRead", {"chat": id_of(chat)})

    async def mark_unread(self, chat: str | Address) -> None:
        """Mark a chat as unread, for this account; the other side does not see it."""
        await self._ask("markChatUnread", {"chat": id_of(chat)})


class Contacts(Part):
    """The people that the account knows."""

    async def list(self, *, saved: bool = False) -> list[Contact]:
        """All of them, or only those in the address book."""
        return [
            _contact(it) for it in await self._ask("contacts", {"saved": saved}) if not it["me"]
        ]

    async def save(self, person: str | Address, first_name: str, last_name: str = "") -> None:
        """Put somebody into the address book."""
        argument = {"of": id_of(person), "first": first_name, "last": last_name or None}
        await self._ask("saveContact", argument)

    async def about(self, person: str | Address) -> str | None:
        """The text below somebody's name, if they show it."""
        found = await self._ask("about", {"of": id_of(person)})
        return found if isinstance(found, str) else (found or {}).get("status")

    async def picture(self, person: str | Address) -> str | None:
        """A link to the picture of somebody or of a group, for a while; None: they show none."""
        found = await self._ask("picture", {"of": id_of(person)})
        return str(found) if found else None

    async def blocked(self) -> Sequence[Identity]:
        """Whom the account has blocked."""
        return [to_identity(it) for it in await self._ask("blocked", None)]

    async def block(self, person: str | Address) -> None:
        """Get no more messages from somebody."""
        await self._ask("block", {"of": id_of(person), "blocked": True})

    async def unblock(self, person: str | Address) -> None:
        """Get messages from somebody again."""
        await self._ask("block", {"of": id_of(person), "blocked": False})

    async def follow(self, person: str | Address) -> None:
        """Be told when somebody is online or typing, by `PresenceChanged`."""
        await self._ask("followPresence", {"of": id_of(person)})


class OwnProfile(Part):
    """What others see of the account."""

    async def get(self) -> Profile:
        """Name and text as they are."""
        found = await self._ask("profile", None)
        about = found["about"]
        return Profile(
            name=found["name"],
            about=about if isinstance(about, str) else (about or {}).get("status"),
        )

    async def set_name(self, name: str) -> None:
        """Change the name."""
        await self._ask("setName", {"name": name})

    async def set_about(self, about: str) -> None:
        """Change the text below the name."""
        await self._ask("setAbout", {"about": about})

    async def set_picture(self, picture: bytes | None, *, mime_type: str = "image/jpeg") -> None:
        """Change the picture; None removes it.

        Raises:
            InvalidValue: It is larger than 5 MB.
        """
        await self._ask("setPicture", {"picture": picture_url(picture, mime_type)})


def id_of(address: str | Address) -> str:
    """Write an address in any spelling as WhatsApp Web does."""
    return jid(addresses.parse(address))


def picture_url(picture: bytes | None, mime_type: str) -> str | None:
    """Write a picture as the page takes it.

    Raises:
        InvalidValue: It is larger than 5 MB.
    """
    if picture is None:
        return None
    if len(picture) > _PICTURE_LIMIT:
        raise InvalidValue("picture", f"at most {_PICTURE_LIMIT} bytes", len(picture))
    return f"data:{mime_type};base64,{base64.b64encode(picture).decode()}"


def _chat(it: dict[str, Any]) -> Chat:
    person = to_identity(it.get("person"))
    address = to_group(it["chat"]) or person.address or to_lid(it["chat"]) or to_phone(it["chat"])
    return Chat(
        address=address,
        person=person,
        name=it.get("name"),
        unread=int(it["unread"]),
        marked_unread=bool(it["marked"]),
        archived=bool(it["archived"]),
        pinned=bool(it["pinned"]),
        muted=bool(it["muted"]),
        last_at=moment(it.get("t")),
    )


def _contact(it: dict[str, Any]) -> Contact:
    return Contact(
        person=to_identity(it.get("person")),
        saved_name=it.get("saved"),
        saved=bool(it["mine"]),
        business=bool(it["business"]),
    )


__all__ = [
    "Chat",
    "Chats",
    "Contact",
    "Contacts",
    "OwnProfile",
    "Profile",
]
