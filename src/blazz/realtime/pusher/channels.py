"""The names of channels: who may see one, and what it remembers."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass
from typing import Final

from blazz.errors import InvalidValue

_NAME: Final = re.compile(r"[A-Za-z0-9_\-=@,.;]{1,164}")
_KINDS: Final = ("private-encrypted-", "private-", "presence-", "")
_CACHE: Final = "cache-"
_USER: Final = "#server-to-user-"


class Access(enum.StrEnum):
    """Who may subscribe to a channel."""

    PUBLIC = "public"
    """Everybody who knows the application's key."""
    PRIVATE = "private"
    """Whoever the application signed the subscription for."""
    PRESENCE = "presence"
    """The same, and the members see each other."""
    USER = "user"
    """The sockets of one user who signed in; pusher-js subscribes by itself."""


@dataclass(frozen=True, slots=True)
class Channel:
    """A channel.

    Attributes:
        name: Its whole name, such as `private-workspace.acme`.
        access: Who may subscribe.
        cached: Whether its last event is given to whoever subscribes.
    """

    name: str
    access: Access
    cached: bool

    @property
    def takes_client_events(self) -> bool:
        """Whether subscribers may send each other `client-` events."""
        return self.access in {Access.PRIVATE, Access.PRESENCE}

    @property
    def user_id(self) -> str | None:
        """Whose channel it is, if it is that of one user."""
        return self.name.removeprefix(_USER) if self.access is Access.USER else None

    @classmethod
    def of_user(cls, user_id: str) -> Channel:
        """The channel of all sockets of a user.

        Raises:
            InvalidValue: The id cannot be part of a channel's name.
        """
        return cls.parse(f"{_USER}{user_id}")

    @classmethod
    def parse(cls, name: object) -> Channel:
        """Read the name of a channel.

        Raises:
            InvalidValue: It is not 1 to 164 of letters, digits and `_-=@,.;`, or is encrypted,
                which this server does not offer.

        Example:
            >>> Channel.parse("presence-cache-chat.7").access
            <Access.PRESENCE: 'presence'>
        """
        if isinstance(name, str) and name.startswith(_USER):
            if _NAME.fullmatch(name.removeprefix(_USER)):
                return cls(name, Access.USER, cached=False)
            raise InvalidValue("channel", "a user id of letters, digits and _-=@,.;", name)
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidValue("channel", "1 to 164 of letters, digits and _-=@,.;", name)
        prefix = next(kind for kind in _KINDS if name.startswith(kind))
        if prefix == "private-encrypted-":
            raise InvalidValue("channel", "no private-encrypted- channel is offered", name)
        access = Access(prefix.rstrip("-") or "public")
        return cls(name, access, cached=name.startswith(_CACHE, len(prefix)))
