"""A group as a phone of the simulated WhatsApp shows it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from blazz.sandbox.web.groups import Group


@dataclass(frozen=True, slots=True, kw_only=True)
class PhoneGroup:
    """A group as a phone shows it.

    Attributes:
        id: Its id, `…@g.us`.
        subject: Its name.
        description: What it is about.
        owner: Who made it, as digits of the number.
        members: Who belongs to it, in the order in which they came.
        admins: Those of them who may change it.
        announcement: Only admins may write.
        restrict: Only admins may change name, description and picture.
        code: What is in its invitation link, after `https://chat.whatsapp.com/`.
        has_picture: Whether it has a picture.
    """

    id: str
    subject: str
    description: str
    owner: str
    members: list[str]
    admins: list[str]
    announcement: bool
    restrict: bool
    code: str
    has_picture: bool


def shown_group(group: Group) -> PhoneGroup:
    """Show a group."""
    return PhoneGroup(
        id=group.id,
        subject=group.subject,
        description=group.description,
        owner=group.owner,
        members=list(group.members),
        admins=[number for number in group.members if number in group.admins],
        announcement=group.announce,
        restrict=group.restrict,
        code=group.code,
        has_picture=group.picture is not None,
    )


def group_from_json(group: dict[str, Any]) -> PhoneGroup:
    """A group that the control API gave."""
    return PhoneGroup(**group)
