"""Checks that rooms keep their promises."""

from __future__ import annotations

import json
import secrets

from blazz.realtime.rooms.base import Departure, Rooms, Seat


async def check_rooms(rooms: Rooms) -> None:
    """Run every check; the first promise that is broken raises `AssertionError`.

    It uses channels that nobody else has, so the rooms may be in use.

    Example:
        >>> import anyio
        >>> from blazz.realtime.rooms.memory import MemoryRooms
        >>> anyio.run(check_rooms, MemoryRooms())
    """
    for check in (_counts_sockets, _counts_users, _takes_a_seat_once, _remembers_what_was_last):
        await check(rooms, f"presence-check-{secrets.token_hex(8)}")


async def _counts_sockets(rooms: Rooms, channel: str) -> None:
    seats = [Seat(channel, f"{number}.1") for number in range(3)]
    for seat in seats:
        await rooms.enter(seat)
    assert await rooms.occupied(channel) == {channel: 3}, "every socket counts"
    assert await rooms.members(channel) == {}, "nobody is known who did not say who they are"

    assert not await rooms.leave(seats), "only users depart"
    assert not await rooms.leave(seats), "leaving may be repeated"
    assert await rooms.occupied(channel) == {}, "a channel without sockets is not listed"


async def _counts_users(rooms: Rooms, channel: str) -> None:
    data = json.dumps({"user_id": "7", "user_info": {"name": "S\u00e0ri"}})
    phone, desktop = (Seat(channel, socket, "7", data) for socket in ("1.1", "2.2"))
    other = Seat(channel, "3.3", "8", "{}")

    assert await rooms.enter(phone), "the first socket of a user is an arrival"
    assert not await rooms.enter(desktop), "the second is not"
    assert await rooms.enter(other), "another user is"
    assert await rooms.members(channel) == {"7": data, "8": "{}"}

    assert not await rooms.leave([phone]), "a user stays with the last socket"
    assert list(await rooms.leave([desktop, other])) == [
        Departure(channel, "7"),
        Departure(channel, "8"),
    ], "the last socket is a departure"
    assert await rooms.members(channel) == {}


async def _takes_a_seat_once(rooms: Rooms, channel: str) -> None:
    seat = Seat(channel, "1.1", "7", "{}")
    assert await rooms.enter(seat)
    assert not await rooms.enter(seat), "a seat is taken once"
    assert await rooms.occupied(channel) == {channel: 1}
    assert list(await rooms.leave([seat, seat])) == [Departure(channel, "7")]
    assert await rooms.enter(seat), "whoever left may come back"
    await rooms.leave([seat])


async def _remembers_what_was_last(rooms: Rooms, channel: str) -> None:
    assert await rooms.last(channel) is None
    await rooms.remember(channel, "first", "1")
    await rooms.remember(channel, "second", '{"a":"\u00e9"}')
    assert await rooms.last(channel) == ("second", '{"a":"\u00e9"}')
