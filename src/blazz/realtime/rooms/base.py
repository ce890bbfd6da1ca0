"""The seam of rooms: what all instances know of a channel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple, Protocol

from blazz.errors import InvalidValue

DEFAULT_TTL: Final = 30.0
REMEMBERED: Final = 1800.0
"""Seconds that the last event of a channel is remembered: 30 minutes, as Pusher does."""


@dataclass(frozen=True, slots=True)
class Seat:
    """One socket in a channel.

    Attributes:
        channel: The channel's name.
        socket: The socket's id; unique over all instances.
        user_id: Who it is, in presence channels.
        data: All that the application signed about them, as JSON text.
    """

    channel: str
    socket: str
    user_id: str | None = None
    data: str | None = None


@dataclass(frozen=True, slots=True)
class Departure:
    """A user whose last socket left a channel.

    Attributes:
        channel: The channel's name.
        user_id: Who.
    """

    channel: str
    user_id: str


class Turnover(NamedTuple):
    """What changed because instances were silent.

    Attributes:
        arrived: Seats of this instance that had been given up, and are the first of their users.
        departed: Users who are gone with another instance.
    """

    arrived: Sequence[Seat] = ()
    departed: Sequence[Departure] = ()


class Rooms(Protocol):
    """Knows who is in which channel; shared by the instances of a platform.

    Semantics that `blazz.testing.check_rooms` tests:

    * A user with several sockets enters a channel once and leaves it once.
    * The seats of an instance that is not kept alive are given up after `ttl` seconds, and exactly
      one of the others is told of the departures.
    """

    async def open(self) -> None:
        """Connect.

        Raises:
            BusUnavailable: The server does not answer.
        """
        ...

    async def close(self) -> None:
        """Give up all seats of this instance and let go of connections. May be repeated."""
        ...

    async def enter(self, seat: Seat) -> bool:
        """Take a seat; tells whether its user was not in the channel before."""
        ...

    async def leave(self, seats: Sequence[Seat]) -> Sequence[Departure]:
        """Give up seats; tells which users are gone from their channels. May be repeated."""
        ...

    async def members(self, channel: str) -> Mapping[str, str]:
        """Tell the users of a channel: the signed data of each by user id."""
        ...

    async def occupied(self, prefix: str = "") -> Mapping[str, int]:
        """Tell the number of sockets in each channel that has any."""
        ...

    async def remember(self, channel: str, name: str, data: str) -> None:
        """Remember the last event of a channel for `REMEMBERED` seconds."""
        ...

    async def last(self, channel: str) -> tuple[str, str] | None:
        """Tell name and data of the last event of a channel."""
        ...

    async def keep_alive(self) -> Turnover:
        """Say that this instance lives; to be called several times within `ttl`.

        An instance that could not say so for too long takes its seats again.
        """
        ...


def check_ttl(ttl: float) -> float:
    """Check after how long the seats of a silent instance are given up.

    Raises:
        InvalidValue: Not 0.1 s to an hour.
    """
    if not 0.1 <= ttl <= 3600:
        raise InvalidValue("Rooms.ttl", "0.1 to 3,600 seconds", ttl)
    return ttl
