"""The groups of an account: who is in them, and what they are called and allowed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

from blazz.addresses import Address, Group, Identity
from blazz.errors import InvalidValue
from blazz.events.groups import MemberFailed
from blazz.events.problems import Problem
from blazz.providers.web.directory import Part, id_of, picture_url
from blazz.providers.web.ids import to_group, to_identity, to_lid, to_phone

_INVITE: Final = "https://chat.whatsapp.com/"
_CODE: Final = re.compile(
    r"(?:(?:https?://)?chat\.whatsapp\.com/(?:invite/)?)?([\w-]{6,64})/?(?:\?\S*)?"
)


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


class Groups(Part):
    """The groups of the account."""

    async def list(self) -> list[GroupInfo]:
        """All groups that it is in."""
        return [_group(it) for it in await self._ask("groups", None)]

    async def get(self, group: str | Group) -> GroupInfo:
        """One group."""
        return _group(await self._ask("group", {"group": id_of(group)}))

    async def create(
        self, subject: str, members: Sequence[str | Address]
    ) -> tuple[Group, tuple[MemberFailed, ...]]:
        """Make a group; gives it, and who could not be added."""
        argument = {"subject": subject, "members": [id_of(it) for it in members]}
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
        await self._ask("setSubject", {"group": id_of(group), "subject": subject})

    async def set_description(self, group: str | Group, description: str) -> None:
        """Change what a group says it is for."""
        await self._ask("setDescription", {"group": id_of(group), "description": description})

    async def set_picture(
        self, group: str | Group, picture: bytes | None, *, mime_type: str = "image/jpeg"
    ) -> None:
        """Change the picture of a group; None removes it.

        Raises:
            InvalidValue: It is larger than 5 MB.
        """
        argument = {"group": id_of(group), "picture": picture_url(picture, mime_type)}
        await self._ask("setGroupPicture", argument)

    async def set_announcements_only(self, group: str | Group, only: bool = True) -> None:
        """Let admins alone write in a group, or everybody again."""
        await self._property(group, "announcement", only)

    async def set_locked(self, group: str | Group, locked: bool = True) -> None:
        """Let admins alone change the name, the picture and such, or everybody again."""
        await self._property(group, "restrict", locked)

    async def invite_link(self, group: str | Group) -> str:
        """The link by which people join a group."""
        return f"{_INVITE}{await self._ask('inviteCode', {'group': id_of(group)})}"

    async def renew_invite_link(self, group: str | Group) -> str:
        """Make the link by which people join a group anew; the one before leads nowhere."""
        return f"{_INVITE}{await self._ask('renewInviteCode', {'group': id_of(group)})}"

    async def join(self, link: str) -> Group:
        """Join a group by its link, or ask to be let in where its admins want that.

        Raises:
            InvalidValue: It is no such link.
            Refused: It leads nowhere.
        """
        found = _CODE.fullmatch(link.strip())
        if found is None:
            raise InvalidValue("link", f"a link such as {_INVITE}…", link)
        group = to_group(await self._ask("joinGroup", {"code": found[1]}))
        assert group is not None
        return group

    async def leave(self, group: str | Group) -> None:
        """Leave a group."""
        await self._ask("leaveGroup", {"group": id_of(group)})

    async def _property(self, group: str | Group, name: str, value: bool) -> None:
        argument = {"group": id_of(group), "property": name, "value": value}
        await self._ask("setGroupProperty", argument)

    async def _change(
        self, group: str | Group, action: str, members: Sequence[str | Address]
    ) -> tuple[MemberFailed, ...]:
        argument = {
            "group": id_of(group),
            "action": action,
            "members": [id_of(it) for it in members],
        }
        return _failed(await self._ask("changeMembers", argument))


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


__all__ = ["GroupInfo", "GroupMember", "Groups"]
