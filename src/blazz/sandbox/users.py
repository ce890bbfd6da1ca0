"""The users of the sandbox's WhatsApp: who they are, and what they did."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from blazz.sandbox import identifiers
from blazz.sandbox.magic import Story

SERVICE_WINDOW: Final = 86_400.0
"""For 24 hours after a user wrote, free-form messages may be sent to them."""

_REMEMBERED: Final = 200


@dataclass(slots=True, kw_only=True)
class User:
    """One user that was set up or did something; all others are made up when they are needed.

    Attributes:
        wa_id: Digits of the phone number.
        first_number: What they were before the user changed numbers.
        name: The profile name.
        username: The username, or None.
        hides_number: Webhooks leave out the number, as Meta does for users with a username.
        story: What becomes of messages to this user; None: what the settings say.
        blocks: Business numbers that the user blocked, by id.
        opted_out: Accounts whose marketing messages the user stopped, by WABA id.
        wrote_at: When the user last wrote to a business number, by id.
        read_marks: Messages of this user that were marked as read, newest last.
        typing_until: Until when the user sees "typing…", by the sandbox's clock.
    """

    wa_id: str
    name: str
    first_number: str = ""
    username: str | None = None
    hides_number: bool = False
    story: Story | None = None
    blocks: set[str] = field(default_factory=set)
    opted_out: set[str] = field(default_factory=set)
    wrote_at: dict[str, float] = field(default_factory=dict)
    read_marks: list[str] = field(default_factory=list)
    typing_until: float = 0.0

    def in_window(self, number_id: str, now: float) -> bool:
        """Whether free-form messages may be sent to the user."""
        wrote_at = self.wrote_at.get(number_id)
        return wrote_at is not None and now - wrote_at < SERVICE_WINDOW

    def mark_read(self, message_id: str) -> None:
        """Remember that the business read a message of this user."""
        self.read_marks.append(message_id)
        del self.read_marks[:-_REMEMBERED]

    def as_json(self, now: float) -> dict[str, Any]:
        """The user as the control API shows it."""
        return {
            "wa_id": self.wa_id,
            "name": self.name,
            "username": self.username,
            "hides_number": self.hides_number,
            "story": self.story,
            "blocks": sorted(self.blocks),
            "opted_out": sorted(self.opted_out),
            "sees_typing": now < self.typing_until,
            "marked_as_read": list(self.read_marks),
        }


class Users:
    """All users; only those that were set up or did something take memory."""

    def __init__(self) -> None:
        self._known: dict[str, User] = {}

    def known(self, wa_id: str) -> User | None:
        """The user of a number, if anything is known of them."""
        return self._known.get(wa_id)

    def get(self, wa_id: str) -> User:
        """The user of a number, for reading."""
        return self._known.get(wa_id) or User(wa_id=wa_id, name=_made_up_name(wa_id))

    def touch(self, wa_id: str) -> User:
        """The user of a number, remembered from now on."""
        if wa_id not in self._known:
            self._known[wa_id] = User(wa_id=wa_id, name=_made_up_name(wa_id))
        return self._known[wa_id]

    def first_number(self, wa_id: str) -> str:
        """The number that a user of this number began with, which tells who it is for good."""
        user = self._known.get(wa_id)
        return (user.first_number or wa_id) if user is not None else wa_id

    def rename(self, old: str, new: str) -> User:
        """Give a user another number."""
        user = self.touch(old)
        user.first_number = user.first_number or old
        del self._known[old]
        user.wa_id = new
        self._known[new] = user
        return user

    def clear(self) -> None:
        """Forget everybody."""
        self._known.clear()

    def __len__(self) -> int:
        return len(self._known)


def user_id(wa_id: str, waba_id: str, *, parent: bool = False) -> str:
    """The business-scoped id of a user for an account."""
    return identifiers.user_id(wa_id, country=country(wa_id), scope=waba_id, parent=parent)


def country(wa_id: str) -> str:
    """The main country of a number's calling code; `ZZ` if it has none.

    Example:
        >>> country("6281234567890"), country("16505551234")
        ('ID', 'US')
    """
    return _country_of(wa_id[:3])


@lru_cache(maxsize=1024)
def _country_of(prefix: str) -> str:
    """The country of a number's first three digits, which hold every calling code."""
    import phonenumbers

    for length in range(1, len(prefix) + 1):
        regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(prefix[:length]), ())
        if regions and regions[0] != "001":
            return str(regions[0])
    return "ZZ"


def _made_up_name(wa_id: str) -> str:
    return f"User {wa_id[-4:]}"
