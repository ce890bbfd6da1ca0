"""The rooms of many instances."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from blazz.databases.redis import RedisServer
from blazz.errors import BusUnavailable
from blazz.realtime.rooms.base import (
    DEFAULT_TTL,
    REMEMBERED,
    Departure,
    Seat,
    Turnover,
    check_ttl,
)


class RedisRooms:
    """`Rooms` that all instances share.

    ::

        <prefix>:{rooms}:instances         a sorted set: when the seats of each are given up
        <prefix>:{rooms}:held:<instance>   a set: its seats
        <prefix>:{rooms}:seats:<channel>   a hash: socket -> instance/user
        <prefix>:{rooms}:users:<channel>   a hash: user -> number of sockets
        <prefix>:{rooms}:data:<channel>    a hash: user -> what was signed about them
        <prefix>:{rooms}:counts            a hash: channel -> number of sockets
        <prefix>:{rooms}:last:<channel>    a hash: name and data of the last event; expires

    An instance that was silent for too long, and lives, takes its seats again.

    Args:
        url: The server: `redis://host:6379/0`, `rediss://…` or `unix://…`.
        prefix: Begins every key.
        ttl: Seconds after which the seats of a silent instance are given up.

    Raises:
        ConfigurationError: The URL is malformed.
    """

    def __init__(self, url: str, *, prefix: str = "blazz", ttl: float = DEFAULT_TTL) -> None:
        self._server = RedisServer("rooms", url, unavailable=BusUnavailable)
        self._script = self._server.script(__package__, "rooms.lua")
        self._prefix = f"{prefix}:{{rooms}}"
        self._ttl = check_ttl(ttl)
        self._instance = secrets.token_hex(8)
        self._own: dict[tuple[str, str], Seat] = {}

    def __repr__(self) -> str:
        return f"<RedisRooms {self._server.name}>"

    async def open(self) -> None:
        """See `Rooms.open`."""
        await self.keep_alive()

    async def close(self) -> None:
        """See `Rooms.close`."""
        try:
            await self.leave([*self._own.values()])
        finally:
            await self._server.close()

    async def enter(self, seat: Seat) -> bool:
        """See `Rooms.enter`."""
        self._own[seat.channel, seat.socket] = seat
        user, data = seat.user_id or "", seat.data or "{}"
        return bool(await self._run("enter", seat.channel, seat.socket, user, data))

    async def leave(self, seats: Sequence[Seat]) -> Sequence[Departure]:
        """See `Rooms.leave`."""
        places = [(seat.channel, seat.socket) for seat in seats]
        for place in places:
            self._own.pop(place, None)
        return _departures(await self._run("leave", *(part for place in places for part in place)))

    async def members(self, channel: str) -> Mapping[str, str]:
        """See `Rooms.members`."""
        return await self._hash(f"data:{channel}")

    async def occupied(self, prefix: str = "") -> Mapping[str, int]:
        """See `Rooms.occupied`."""
        counts = await self._hash("counts")
        return {name: int(count) for name, count in counts.items() if name.startswith(prefix)}

    async def remember(self, channel: str, name: str, data: str) -> None:
        """See `Rooms.remember`."""
        key = f"{self._prefix}:last:{channel}"
        with self._server.errors():
            async with self._server.client.pipeline() as pipe:
                pipe.hset(key, mapping={"name": name, "data": data})
                pipe.expire(key, int(REMEMBERED))
                await pipe.execute()

    async def last(self, channel: str) -> tuple[str, str] | None:
        """See `Rooms.last`."""
        last = await self._hash(f"last:{channel}")
        return (last["name"], last["data"]) if last else None

    async def keep_alive(self) -> Turnover:
        """See `Rooms.keep_alive`."""
        known, gone = await self._run("alive", str(self._ttl))
        arrived = [] if known else [it for it in self._own.values() if await self.enter(it)]
        return Turnover(arrived, _departures(gone))

    async def _run(self, operation: str, *arguments: str) -> Any:  # noqa: ANN401
        with self._server.errors():
            return await self._script(
                keys=[self._prefix], args=[operation, self._instance, *arguments]
            )

    async def _hash(self, name: str) -> dict[str, str]:
        with self._server.errors():
            found: Any = await self._server.client.hgetall(f"{self._prefix}:{name}")
        return {key.decode(): value.decode() for key, value in found.items()}


def _departures(parts: Iterable[bytes]) -> list[Departure]:
    texts = [part.decode() for part in parts]
    return [Departure(*pair) for pair in zip(texts[::2], texts[1::2], strict=True)]
