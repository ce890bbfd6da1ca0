"""The limiter of many processes: one bucket for each number in Redis, on the server's clock."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Final

from blazz.campaigns.limiter.adaptive import ONE_BURST, RECOVERY, SLOWEST
from blazz.campaigns.limiter.base import RESERVE, Grant, Limit, Quota
from blazz.campaigns.priority import Priority
from blazz.databases.redis import RedisServer
from blazz.errors import InvalidValue, LimiterUnavailable

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

_SECONDS: Final = 2.0
_EVERYTHING: Final = 1.0
_AT_ONCE: Final = 1000


class RedisLimiter:
    """A `Limiter` that all processes share.

    ::

        <prefix>:{key}                 a hash: the bucket, and how far it is slowed down
        <prefix>:{key}:<member>        a string: the bucket of one member
        <prefix>:{key}:admitted        a sorted set: who counts towards a quota, by time

    Every key expires once it says nothing any more, and all keys of one number are in one slot of a
    cluster. A Redis that lost its data has full buckets again: each number may send one burst
    more than its limit says, a quarter of a second's messages, and a quota starts anew.

    Args:
        url: The server: `redis://host:6379/0`, `rediss://…` or `unix://…`.
        prefix: Begins every key.
        clock: Tells the time in seconds; by default the server's, so that the clocks of several
            machines need not agree.

    Raises:
        ConfigurationError: The URL is malformed.
    """

    def __init__(
        self,
        url: str,
        *,
        prefix: str = "blazz:limiter",
        clock: Callable[[], float] | None = None,
    ) -> None:
        # It may be sent twice: what a lost answer granted is spent, which is on the safe side.
        self._server = RedisServer(
            "limiter", url, unavailable=LimiterUnavailable, seconds=_SECONDS, retries=1
        )
        self._prefix = prefix
        self._clock = clock
        self._acquire = self._server.script(__package__, "acquire.lua")
        self._acquire_each = self._server.script(__package__, "acquire_each.lua")
        self._admit = self._server.script(__package__, "admit.lua")
        self._slow = self._server.script(__package__, "slow.lua")

    def __repr__(self) -> str:
        return f"<RedisLimiter {self._server.name}>"

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        """Take up to `n` of what may leave now; see `Limiter`."""
        if n < 1:
            raise InvalidValue("acquire.n", "at least 1", n)
        part = 1 - RESERVE if priority is Priority.CAMPAIGN else _EVERYTHING
        arguments: list[str | float] = [self._now(), n, limit.rate, limit.burst, part, RECOVERY]
        granted, wait = await self._run(self._acquire, [self._key(key)], arguments)
        return Grant(int(granted), float(wait))

    async def acquire_each(
        self, key: str, members: Sequence[str], *, limit: Limit
    ) -> Sequence[Grant]:
        """Take one for each member; see `Limiter`."""
        keys = [f"{self._key(key)}:{_short(member)}" for member in members]
        arguments: list[str | float] = [self._now(), limit.rate, limit.burst]
        grants: list[Grant] = []
        for start in range(0, len(keys), _AT_ONCE):
            some = keys[start : start + _AT_ONCE]
            grants += map(_grant, await self._run(self._acquire_each, some, arguments))
        return grants

    async def admit(self, key: str, members: Sequence[str], *, quota: Quota) -> Sequence[Grant]:
        """Admit members; see `Limiter`."""
        names = [_short(member) for member in members]
        grants: list[Grant] = []
        for start in range(0, len(names), _AT_ONCE):
            some = names[start : start + _AT_ONCE]
            arguments: list[str | float] = [self._now(), quota.most, quota.period, *some]
            waits = await self._run(self._admit, [f"{self._key(key)}:admitted"], arguments)
            grants += map(_grant, waits)
        return grants

    async def slow(self, key: str, *, cut: float = 0.5, pause: float = 1.0) -> None:
        """Slow a key down; see `Limiter`."""
        arguments: list[str | float] = [self._now(), cut, pause, SLOWEST, RECOVERY, ONE_BURST]
        await self._run(self._slow, [self._key(key)], arguments)

    async def close(self) -> None:
        """Disconnect."""
        await self._server.close()

    def _key(self, key: str) -> str:
        return f"{self._prefix}:{{{key}}}"

    def _now(self) -> str:
        return "" if self._clock is None else repr(self._clock())

    async def _run(
        self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | float]
    ) -> Any:  # noqa: ANN401  # whatever the script returns
        with self._server.errors():
            return await script(keys=list(keys), args=list(arguments))


def _grant(wait: bytes) -> Grant:
    seconds = float(wait)
    return Grant(0, seconds) if seconds else Grant(1, 0.0)


def _short(member: str) -> str:
    """A name that takes little memory and tells nobody a phone number."""
    return hashlib.blake2s(member.encode(), digest_size=9).hexdigest()
