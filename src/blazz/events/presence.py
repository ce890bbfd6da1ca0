"""Who is online, who is typing; and chats that appear."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from blazz.addresses import Group, Identity
from blazz.events.base import Event


class Activity(enum.StrEnum):
    """What somebody is seen doing."""

    ONLINE = "online"
    """They have WhatsApp open."""
    OFFLINE = "offline"
    """They have not."""
    TYPING = "typing"
    """They write a text."""
    RECORDING = "recording"
    """They record a voice message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PresenceChanged(Event):
    """Somebody came online, went, or began or stopped to write.

    It is only told of people whose presence is followed.

    Attributes:
        person: Who.
        chat: The group in which they do it; None in a private chat.
        activity: What they do now.
    """

    person: Identity
    chat: Group | None = None
    activity: Activity


@dataclass(frozen=True, slots=True, kw_only=True)
class ChatOpened(Event):
    """A chat appeared that was not there before.

    Attributes:
        person: The other side; nothing is known of it where it is a group.
        group: The group; None for a private chat.
        name: What the chat is called.
    """

    person: Identity
    group: Group | None = None
    name: str | None = None
