"""The rooms of a single instance."""

from __future__ import annotations

import time
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence

from blazz.realtime.rooms.base import REMEMBERED, Departure, Seat, Turnover

_FORGET_AFTER = 1_000


class MemoryRooms:
    """`Rooms` within one process.

    Args:
        clock: The time in seconds; only tests give another one.
    """

    def __init__(self, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._seats: defaultdict[str, dict[str, Seat]] = defaultdict(dict)
        self._last: dict[str, tuple[float, str, str]] = {}
        self._clock = clock

    async def open(self) -> None:
        """See `Rooms.open`."""

    async def close(self) -> None:
        """See `Rooms.close`."""
        self._seats.clear()

    async def enter(self, seat: Seat) -> bool:
        """See `Rooms.enter`."""
        is_new = not self._is_in(seat.channel, seat.user_id)
        self._seats[seat.channel][seat.socket] = seat
        return is_new

    async def leave(self, seats: Sequence[Seat]) -> Sequence[Departure]:
        """See `Rooms.leave`."""
        gone: list[Departure] = []
        for seat in seats:
            left = self._seats[seat.channel].pop(seat.socket, None)
            if left and left.user_id is not None and not self._is_in(seat.channel, left.user_id):
                gone.append(Departure(seat.channel, left.user_id))
            if not self._seats[seat.channel]:
                del self._seats[seat.channel]
        return gone

    async def members(self, channel: str) -> Mapping[str, str]:
        """See `Rooms.members`."""
        seats = self._seats.get(channel, {}).values()
        return {it.user_id: it.data or "{}" for it in seats if it.user_id is not None}

    async def occupied(self, prefix: str = "") -> Mapping[str, int]:
        """See `Rooms.occupied`."""
        return {name: len(seats) for name, seats in self._seats.items() if name.startswith(prefix)}

    async def remember(self, channel: str, name: str, data: str) -> None:
        """See `Rooms.remember`."""
        now = self._clock()
        self._last[channel] = (now + REMEMBERED, name, data)
        if len(self._last) > _FORGET_AFTER:
            self._last = {key: kept for key, kept in self._last.items() if kept[0] > now}

    async def last(self, channel: str) -> tuple[str, str] | None:
        """See `Rooms.last`."""
        until, name, data = self._last.get(channel, (0.0, "", ""))
        return (name, data) if self._clock() < until else None

    async def keep_alive(self) -> Turnover:
        """See `Rooms.keep_alive`: there is no other instance."""
        return Turnover()

    def _is_in(self, channel: str, user_id: str | None) -> bool:
        return any(it.user_id == user_id for it in self._seats.get(channel, {}).values())
