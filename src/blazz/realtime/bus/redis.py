"""The bus of many processes: a Redis stream, numbered without gaps."""

from __future__ import annotations

import secrets
from collections.abc import AsyncGenerator, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from blazz.databases.redis import RedisServer
from blazz.errors import BacklogLost, BusUnavailable
from blazz.realtime.bus.base import (
    DEFAULT_BACKLOG,
    Cursor,
    Notice,
    check_backlog,
    check_notice,
)

_FOLLOWERS: Final = 32
_BLOCK_MS: Final = 1_000
_AT_ONCE: Final = 500


class RedisBus:
    """A `Bus` that all processes share.

    ::

        <prefix>:{bus}:notices     a stream, of as many notices as the backlog says
        <prefix>:{bus}:state       a hash: life, count
        <prefix>:{bus}:once:<id>   a string for a minute: what was answered to a publication

    Each follower keeps a connection, so a process follows once and passes on what it reads.

    Args:
        url: The server: `redis://host:6379/0`, `rediss://…` or `unix://…`.
        prefix: Begins every key.
        backlog: How many notices are kept; the same in every process.

    Raises:
        ConfigurationError: The URL is malformed.
    """

    def __init__(self, url: str, *, prefix: str = "blazz", backlog: int = DEFAULT_BACKLOG) -> None:
        self._server = RedisServer("bus", url, unavailable=BusUnavailable)
        self._followed = RedisServer(
            "bus", url, unavailable=BusUnavailable, connections=_FOLLOWERS, retries=0
        )
        self._publish = self._server.script(__package__, "publish.lua")
        self._notices = f"{prefix}:{{bus}}:notices"
        self._state = f"{prefix}:{{bus}}:state"
        self._once = f"{prefix}:{{bus}}:once"
        self._backlog = check_backlog(backlog)
        self._is_open = True

    def __repr__(self) -> str:
        return f"<RedisBus {self._server.name}>"

    async def open(self) -> None:
        """See `Bus.open`."""
        self._is_open = True
        await self.newest()

    async def close(self) -> None:
        """See `Bus.close`."""
        self._is_open = False
        await self._followed.close()
        await self._server.close()

    async def publish(
        self,
        channel: str,
        name: str,
        data: str,
        *,
        origin: str | None = None,
        author: str | None = None,
    ) -> Notice:
        """See `Bus.publish`."""
        check_notice(channel, name, data)
        new_life, publication = secrets.token_hex(8), secrets.token_hex(12)
        arguments: list[str | int] = [
            new_life,
            self._backlog,
            channel,
            name,
            data,
            origin or "",
            author or "",
        ]
        with self._server.errors():
            life, number, at = await self._publish(
                keys=[self._notices, self._state, f"{self._once}:{publication}"], args=arguments
            )
        return Notice(
            cursor=str(Cursor(life.decode(), number)),
            channel=channel,
            name=name,
            data=data,
            at=_time(at),
            origin=origin,
            author=author,
        )

    async def newest(self) -> str:
        """See `Bus.newest`."""
        return str(await self._newest())

    async def _newest(self) -> Cursor:
        state = await self._read_state()
        if state[0] is None:
            # Whoever comes first begins its life, so that a cursor can be had before a notice.
            with self._server.errors():
                await self._server.client.hsetnx(self._state, "life", secrets.token_hex(8))
            state = await self._read_state()
        life, count = state
        return Cursor((life or b"").decode(), int(count or 0))

    async def _read_state(self) -> list[bytes | None]:
        with self._server.errors():
            state: Any = await self._server.client.hmget(self._state, ["life", "count"])
        return list(state)

    async def follow(self, *, after: str | None = None) -> AsyncGenerator[Notice]:
        """See `Bus.follow`."""
        seen = await self._newest() if after is None else Cursor.parse(after)
        is_sure = after is None
        while not self._is_closed():
            # Notices tell the life that they are of. Where none comes, the bus is asked: a new life
            # has lower numbers at first.
            if not is_sure:
                await self._check(seen)
            try:
                entries = await self._read(seen)
            except BusUnavailable:
                if self._is_closed():
                    return
                raise
            for entry in entries:
                if entry.life != seen.life or entry.number != seen.number + 1:
                    raise _lost(seen)
                seen = Cursor(entry.life, entry.number)
                yield entry.notice
            is_sure = bool(entries)

    def _is_closed(self) -> bool:
        return not self._is_open

    async def _check(self, seen: Cursor) -> None:
        newest = await self._newest()
        if newest.life != seen.life or newest.number < seen.number:
            raise _lost(seen)

    async def _read(self, seen: Cursor) -> list[_Entry]:
        with self._followed.errors():
            found: Any = await self._followed.client.xread(
                {self._notices: f"{seen.number}-0"}, count=_AT_ONCE, block=_BLOCK_MS
            )
        return [_entry(key, fields) for _, entries in found for key, fields in entries]


class _Entry(NamedTuple):
    """A notice as it is in the stream."""

    life: str
    number: int
    notice: Notice


def _entry(key: bytes, fields: Mapping[bytes, Any]) -> _Entry:
    life, number = fields[b"life"].decode(), int(key.partition(b"-")[0])
    notice = Notice(
        cursor=str(Cursor(life, number)),
        channel=fields[b"channel"].decode(),
        name=fields[b"name"].decode(),
        data=fields[b"data"].decode(),
        at=_time(fields[b"at"]),
        origin=fields[b"origin"].decode() or None,
        author=fields[b"author"].decode() or None,
    )
    return _Entry(life, number, notice)


def _time(seconds: bytes) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)


def _lost(seen: Cursor) -> BacklogLost:
    return BacklogLost(f"notices behind {seen} are no longer kept", cursor=str(seen))
