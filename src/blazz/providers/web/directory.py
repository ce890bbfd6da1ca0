"""Chats, contacts, groups, the block list and the profile of an account."""

from __future__ import annotations

import base64
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, TypeAlias

from blazz import addresses
from blazz.addresses import Address, Group, Identity
from blazz.errors import InvalidValue
from blazz.events.groups import MemberFailed
from blazz.events.problems import Problem
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
        last_at: When something was last said in it.
    """

    address: Address | None
    person: Identity
    name: str | None
    unread: int
    marked_unread: bool
    archived: bool
    pinned: bool
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
class GroupMember:
    """One member of a group, and whether they may change it."""

    person: Identity
    admin: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupInfo:
    """A group.

    Attributes:
        group: Its address.
        subject: Its name.
        description: What it is for.
        members: Who is in it.
    """

    group: Group
    subject: str | None
    description: str | None
    members: tuple[GroupMember, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """What others see of the account: its name, and the text below it."""

    name: str | None
    about: str | None


class _Part:
    def __init__(self, ask: Ask) -> None:
        self._ask = ask


class Chats(_Part):
    """The chats of the account."""

    async def list(self) -> list[Chat]:
        """All chats, the newest first."""
        chats = [_chat(it) for it in await self._ask("chats", None)]
        return sorted(chats, key=lambda chat: chat.last_at, reverse=True)

    async def archive(self, chat: str | Address, *, archived: bool = True) -> None:
        """Put a chat away, or take it out again."""
        await self._ask("archiveChat", {"chat": _id(chat), "archived": archived})

    async def clear(self, chat: str | Address) -> None:
        """Delete the messages of a chat, for this account."""
        await self._ask("clearChat", {"chat": _id(chat)})

    async def delete(self, chat: str | Address) -> None:
        """Delete a chat, for this account."""
        await self._ask("deleteChat", {"chat": _id(chat)})

    async def mark_read(self, chat: str | Address) -> None:
        """Show all messages of a chat as read."""
        await self._ask("markChatRead", {"chat": _id(chat)})


class Contacts(_Part):
    """The people that the account knows."""

    async def list(self, *, saved: bool = False) -> list[Contact]:
        """All of them, or only those in the address book."""
        return [
            _contact(it) for it in await self._ask("contacts", {"saved": saved}) if not it["me"]
        ]

    async def save(self, person: str | Address, first_name: str, last_name: str = "") -> None:
        """Put somebody into the address book."""
        argument = {"of": _id(person), "first": first_name, "last": last_name or None}
        await self._ask("saveContact", argument)

    async def about(self, person: str | Address) -> str | None:
        """The text below somebody's name, if they show it."""
        found = await self._ask("about", {"of": _id(person)})
        return found if isinstance(found, str) else (found or {}).get("status")

    async def blocked(self) -> Sequence[Identity]:
        """Whom the account has blocked."""
        return [to_identity(it) for it in await self._ask("blocked", None)]

    async def block(self, person: str | Address) -> None:
        """Get no more messages from somebody."""
        await self._ask("block", {"of": _id(person), "blocked": True})

    async def unblock(self, person: str | Address) -> None:
        """Get messages from somebody again."""
        await self._ask("block", {"of": _id(person), "blocked": False})

    async def follow(self, person: str | Address) -> None:
        """Be told when somebody is online or typing, by `PresenceChanged`."""
        await self._ask("followPresence", {"of": _id(person)})


class Groups(_Part):
    """The groups of the account."""

    async def list(self) -> list[GroupInfo]:
        """All groups that it is in."""
        return [_group(it) for it in await self._ask("groups", None)]

    async def get(self, group: str | Group) -> GroupInfo:
        """One group."""
        return _group(await self._ask("group", {"group": _id(group)}))

    async def create(
        self, subject: str, members: Sequence[str | Address]
    ) -> tuple[Group, tuple[MemberFailed, ...]]:
        """Make a group; gives it, and who could not be added."""
        argument = {"subject": subject, "members": [_id(it) for it in members]}
        made = await self._ask("createGroup", argument)
        group = to_group(made["group"])
        assert group is not None
        return group, _failed(made["failed"])

    async def add(
        self, group: str | Group, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        """Add people; gives who could not be added."""
        return await self._change(group, "add", members)

    async def remove(
        self, group: str | Group, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        """Remove people; gives who could not be removed."""
        return await self._change(group, "remove", members)

    async def promote(
        self, group: str | Group, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        """Make members admins."""
        return await self._change(group, "promote", members)

    async def demote(
        self, group: str | Group, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        """Make admins members again."""
        return await self._change(group, "demote", members)

    async def set_subject(self, group: str | Group, subject: str) -> None:
        """Change the name of a group."""
        await self._ask("setSubject", {"group": _id(group), "subject": subject})

    async def set_description(self, group: str | Group, description: str) -> None:
        """Change what a group says it is for."""
        await self._ask("setDescription", {"group": _id(group), "description": description})

    async def invite_link(self, group: str | Group) -> str:
        """The link by which people join a group."""
        return f"https://chat.whatsapp.com/{await self._ask('inviteCode', {'group': _id(group)})}"

    async def leave(self, group: str | Group) -> None:
        """Leave a group."""
        await self._ask("leaveGroup", {"group": _id(group)})

    async def _change(
        self, group: str | Group, action: str, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        argument = {
            "group": _id(group),
            "action": action,
            "members": [_id(it) for it in members],
        }
        return _failed(await self._ask("changeMembers", argument))


class OwnProfile(_Part):
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
        if picture is not None and len(picture) > _PICTURE_LIMIT:
            raise InvalidValue("picture", f"at most {_PICTURE_LIMIT} bytes", len(picture))
        data = None
        if picture is not None:
            data = f"data:{mime_type};base64,{base64.b64encode(picture).decode()}"
        await self._ask("setPicture", {"picture": data})


def _id(address: str | Address) -> str:
    return jid(addresses.parse(address))


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
        last_at=moment(it.get("t")),
    )


def _contact(it: dict[str, Any]) -> Contact:
    return Contact(
        person=to_identity(it.get("person")),
        saved_name=it.get("saved"),
        saved=bool(it["mine"]),
        business=bool(it["business"]),
    )


def _group(it: dict[str, Any]) -> GroupInfo:
    group = to_group(it["group"])
    assert group is not None
    members = (
        GroupMember(person=to_identity(member["person"]), admin=bool(member["admin"]))
        for member in it["members"]
    )
    return GroupInfo(
        group=group,
        subject=it.get("subject"),
        description=it.get("description"),
        members=tuple(members),
    )


def _failed(found: Sequence[dict[str, Any]]) -> tuple[MemberFailed, ...]:
    return tuple(
        MemberFailed(
            person=Identity(phone=to_phone(it["id"]), lid=to_lid(it["id"])),
            input=it["id"],
            errors=(Problem(code=int(it["code"])),),
        )
        for it in found
    )


__all__ = [
    "Chat",
    "Chats",
    "Contact",
    "Contacts",
    "GroupInfo",
    "GroupMember",
    "Groups",
    "OwnProfile",
    "Profile",
]
