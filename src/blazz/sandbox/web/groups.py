"""Groups: who belongs to them, who may change what; pure."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from blazz.sandbox.web.refusals import WebRefusal

SUBJECT_LIMIT = 100
"""The most characters that a group's name may have, as in WhatsApp."""


@dataclass(slots=True, kw_only=True)
class Group:
    """A group; its members are seen under their LIDs, as in WhatsApp.

    Attributes:
        id: Its id, `…@g.us`.
        subject: Its name.
        owner: Who made it, by number.
        members: Numbers of the members, in the order in which they came.
        admins: Numbers of those who may change it.
        description: What it is about.
        announce: Only admins may write.
        restrict: Only admins may change name and description.
        code: What is in its invitation link.
        created: When it was made, in seconds since 1970.
        picture: The id of its picture among the media, or None.
    """

    id: str
    subject: str
    owner: str
    members: list[str]
    admins: set[str]
    description: str = ""
    announce: bool = False
    restrict: bool = False
    code: str = field(default_factory=lambda: secrets.token_urlsafe(16))
    created: int = 0
    picture: str | None = None

    def __post_init__(self) -> None:
        _check_subject(self.subject)

    def check_member(self, number: str) -> None:
        """Make sure that somebody belongs to the group.

        Raises:
            WebRefusal: They do not.
        """
        if number not in self.members:
            raise WebRefusal("not_a_member", f"+{number} is not in the group {self.id}")

    def check_writer(self, number: str) -> None:
        """Make sure that somebody may write.

        Raises:
            WebRefusal: They may not.
        """
        self.check_member(number)
        if self.announce and number not in self.admins:
            raise WebRefusal("not_an_admin", "only admins may write in this group")

    def check_admin(self, number: str) -> None:
        """Make sure that somebody may change who belongs to it.

        Raises:
            WebRefusal: They may not.
        """
        self.check_member(number)
        if number not in self.admins:
            raise WebRefusal("not_an_admin", f"+{number} is not an admin of the group {self.id}")

    def change_members(self, action: str, numbers: Sequence[str]) -> list[str]:
        """Add, remove, promote or demote; return whom that changed something for.

        Raises:
            WebRefusal: There is no such action.
        """
        changed = []
        for number in dict.fromkeys(numbers):
            is_member = number in self.members
            if action == "add" and not is_member:
                self.members.append(number)
            elif action == "remove" and is_member:
                self.members.remove(number)
                self.admins.discard(number)
            elif action == "promote" and is_member and number not in self.admins:
                self.admins.add(number)
            elif action == "demote" and number in self.admins:
                self.admins.discard(number)
            elif action in ("add", "remove", "promote", "demote"):
                continue
            else:
                raise WebRefusal("no_such_action", f"members cannot be {action[:32]!r}")
            changed.append(number)
        return changed

    def check_editor(self, number: str) -> None:
        """Make sure that somebody may change name, description and picture.

        Raises:
            WebRefusal: They may not.
        """
        (self.check_admin if self.restrict else self.check_member)(number)

    def renew_code(self) -> None:
        """Make a new invitation; the old one is no longer good."""
        self.code = secrets.token_urlsafe(16)

    def change(self, number: str, values: dict[str, Any]) -> None:
        """Change name, description or who may do what.

        Raises:
            WebRefusal: Somebody may not, or a value is wrong.
        """
        self.check_editor(number)
        if {"announcement", "restrict"} & values.keys():
            self.check_admin(number)
        if "subject" in values:
            _check_subject(values["subject"])
            self.subject = values["subject"]
        if isinstance(values.get("description"), str):
            self.description = values["description"]
        if "announcement" in values:
            self.announce = values["announcement"] is True
        if "restrict" in values:
            self.restrict = values["restrict"] is True


def _check_subject(subject: object) -> None:
    if not isinstance(subject, str) or not 1 <= len(subject) <= SUBJECT_LIMIT:
        raise WebRefusal("bad_subject", f"a group's name has 1 to {SUBJECT_LIMIT} characters")
