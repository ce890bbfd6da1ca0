"""One account of the simulated WhatsApp: a phone number, its chats, contacts and linked devices."""

from __future__ import annotations

import enum
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.jids import lid_jid, phone_jid
from blazz.sandbox.web.letters import Letter, Level
from blazz.sandbox.web.refusals import WebRefusal


class Addressing(enum.StrEnum):
    """Under which id others see somebody in a chat of two."""

    PHONE = "phone"
    """Under the phone number: `…@c.us`."""
    LID = "lid"
    """Under the LID: `…@lid`; which number belongs to it is known."""
    HIDDEN = "hidden"
    """Under the LID, and nobody is told the number."""


class Standing(enum.StrEnum):
    """Whether WhatsApp lets an account in."""

    GOOD = "good"
    BANNED = "banned"
    """For good: devices are logged out, none can be linked."""
    SUSPENDED = "suspended"
    """For a while: devices stay linked, but are not let in."""


@dataclass(slots=True)
class Chat:
    """One chat of an account.

    Attributes:
        letters: Its messages, oldest first.
        unread: How many of the others' messages were not read.
        read: How many of its messages, from the oldest on, need not be looked at for reading.
        archived: Whether it was put away.
        pinned: Whether it stays at the top.
        muted_until: Until when it makes no sound, in seconds since 1970; -1: for good, 0: it does.
    """

    letters: list[Letter] = field(default_factory=list)
    unread: int = 0
    read: int = 0
    archived: bool = False
    pinned: bool = False
    muted_until: int = 0


@dataclass(slots=True, kw_only=True)
class Account:
    """Everything that WhatsApp knows of one number.

    Attributes:
        number: The digits of the phone number.
        name: The name that it shows to others.
        about: The text of its profile.
        picture: The id of its picture among the media, or None.
        addressing: Under which id others see it.
        registered: Whether the number is on WhatsApp at all.
        business: Whether it is a business account.
        online: Whether its phone has a connection; messages wait while it has none.
        available: Whether others see it as online.
        standing: Whether it is let in.
        suspended_until: The end of a suspension, in seconds since 1970.
        contacts: Saved names, by number.
        blocked: Whom it does not want to hear of, by number.
        chats: Its chats, by number or group.
        devices: Its linked devices, by id.
        undelivered: Messages that its phone has not got yet, oldest first.
        ended: Why devices were unlinked, by id.
        sees: What the others are doing, by chat: `composing`, `recording`, `available`, ….
        watched_by: Devices that want to know whether it is online, as (number, device).
    """

    number: str
    name: str
    about: str = "Hey there! I am using WhatsApp."
    picture: str | None = None
    addressing: Addressing = Addressing.PHONE
    registered: bool = True
    business: bool = False
    online: bool = True
    available: bool = False
    standing: Standing = Standing.GOOD
    suspended_until: float = 0.0
    contacts: dict[str, str] = field(default_factory=dict)
    blocked: set[str] = field(default_factory=set)
    chats: dict[str, Chat] = field(default_factory=dict)
    devices: dict[int, Device] = field(default_factory=dict)
    undelivered: list[Letter] = field(default_factory=list)
    ended: dict[int, str] = field(default_factory=dict)
    watched_by: set[tuple[str, int]] = field(default_factory=set)
    sees: dict[str, str] = field(default_factory=dict)
    _devices_made: int = 0
    _index: dict[tuple[str, str], Letter] = field(default_factory=dict)
    _by_id: dict[str, Letter] = field(default_factory=dict)

    @property
    def jid(self) -> str:
        """Its id by number."""
        return phone_jid(self.number)

    @property
    def lid(self) -> str:
        """Its LID."""
        return lid_jid(self.number)

    @property
    def address(self) -> str:
        """Its id as others see it in a chat of two."""
        return self.jid if self.addressing is Addressing.PHONE else self.lid

    @property
    def shows_number(self) -> bool:
        """Whether others are told the number."""
        return self.addressing is not Addressing.HIDDEN

    def chat(self, key: str) -> Chat:
        """The chat with somebody or of a group; made where there is none."""
        return self.chats.setdefault(key, Chat())

    def file(self, letter: Letter) -> None:
        """Put a message into its chat; one from somebody else is unread."""
        chat = self.chat(letter.chat_of(self.number))
        chat.letters.append(letter)
        self._index[letter.author, letter.id] = self._by_id[letter.id] = letter
        if letter.author == self.number:
            chat.unread = 0
        else:
            chat.unread += 1

    def holds(self, letter: Letter) -> bool:
        """Whether it has a message."""
        return (letter.author, letter.id) in self._index

    def letter(self, author: str, message_id: str) -> Letter:
        """A message by who wrote it and its id.

        Raises:
            WebRefusal: There is none.
        """
        found = self._index.get((author, message_id))
        if found is None:
            raise WebRefusal("no_such_message", f"there is no message {message_id[:64]}")
        return found

    def find(self, message_id: str) -> Letter:
        """A message by its id alone, as people who drive a phone know it.

        Raises:
            WebRefusal: There is none.
        """
        bare = message_id.split("_")[2] if message_id.count("_") >= 2 else message_id
        found = self._by_id.get(bare)
        if found is None:
            raise WebRefusal("no_such_message", f"there is no message {message_id[:64]}")
        return found

    def read(self, key: str, newest: str | None = None) -> list[Letter]:
        """Read a chat and give the messages of others that had not been read.

        Args:
            key: The chat.
            newest: The id of the newest message that was seen; what came after it stays unread.
                None, or one that is not there: all are read.
        """
        chat = self.chat(key)
        end = len(chat.letters)
        if newest is not None:
            backwards = range(end, 0, -1)
            end = next((at for at in backwards if chat.letters[at - 1].id == newest), end)
            end = max(end, chat.read)
        fresh = chat.letters[chat.read : end]
        chat.read, chat.unread = end, 0
        for letter in chat.letters[end:]:
            chat.unread = 0 if letter.author == self.number else chat.unread + 1
        return [letter for letter in fresh if self._can_read(letter)]

    def forget(self, key: str, is_gone: Callable[[Letter], bool]) -> None:
        """Delete messages of a chat for this account; the others keep them."""
        chat = self.chat(key)
        gone = [is_gone(letter) for letter in chat.letters]
        for letter in itertools.compress(chat.letters, gone):
            del self._index[letter.author, letter.id]
            self._by_id.pop(letter.id, None)
        chat.read -= sum(gone[: chat.read])
        chat.letters = [it for it, is_it in zip(chat.letters, gone, strict=True) if not is_it]
        chat.unread = min(chat.unread, len(chat.letters))

    def _can_read(self, letter: Letter) -> bool:
        is_theirs = self.number in letter.recipients and not letter.is_revoked
        return is_theirs and letter.levels.get(self.number, Level.SENT) < Level.READ

    def link(self, secret: bytes, now: float, *, most: int) -> Device:
        """Link a device.

        Raises:
            WebRefusal: As many as allowed are linked already.
        """
        if len(self.devices) >= most:
            raise WebRefusal("too_many_devices", f"{most} devices are linked already")
        self._devices_made += 1
        device = Device(id=self._devices_made, secret=secret, linked_at=now)
        self.devices[device.id] = device
        return device

    def unlink(self, device_id: int, reason: str) -> Device | None:
        """Remove a device and remember why."""
        device = self.devices.pop(device_id, None)
        if device is not None:
            self.ended[device_id] = reason
        return device

    def tell_devices(self, kind: str, data: dict[str, Any], *, but: Device | None = None) -> None:
        """Tell all linked devices something, except the one that it came from."""
        for device in self.devices.values():
            if device is not but:
                device.put(kind, data)
