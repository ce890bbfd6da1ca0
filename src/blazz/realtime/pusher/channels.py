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


class Access(enum.StrEnum):
    """Who may subscribe to a channel."""

    PUBLIC = "public"
    """Everybody who knows the application's key."""
    PRIVATE = "private"
    """Whoever the application signed the subscription for."""
    PRESENCE = "presence"
    """The same, and the members see each other."""


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
        return self.access is not Access.PUBLIC

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
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise InvalidValue("channel", "1 to 164 of letters, digits and _-=@,.;", name)
        prefix = next(kind for kind in _KINDS if name.startswith(kind))
        if prefix == "private-encrypted-":
            raise InvalidValue("channel", "no private-encrypted- channel is offered", name)
        access = Access(prefix.rstrip("-") or "public")
        return cls(name, access, cached=name.startswith(_CACHE, len(prefix)))
