"""The limiter of many processes: one bucket for each number in Redis, on the server's clock."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Callable, Iterator, Sequence
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

from blazz.campaigns.limiter.adaptive import ONE_BURST, RECOVERY, SLOWEST
from blazz.campaigns.limiter.base import RESERVE, Grant, Limit, Quota
from blazz.campaigns.priority import Priority
from blazz.errors import ConfigurationError, InvalidValue, LimiterUnavailable, MissingDependency

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import ConstantBackoff
    from redis.exceptions import AuthenticationError, NoPermissionError, RedisError
    from redis.exceptions import ConnectionError as RedisConnectionError
except ModuleNotFoundError as error:
    raise MissingDependency("redis", extra="redis") from error

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

_CONNECTIONS: Final = 8
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
        try:
            pool = BlockingConnectionPool.from_url(
                url,
                max_connections=_CONNECTIONS,
                timeout=_SECONDS,
                socket_connect_timeout=_SECONDS,
                socket_timeout=_SECONDS,
                # A connection of before the server's restart is not worth an error. What a lost
                # answer granted is spent, which is on the safe side.
                retry=Retry(ConstantBackoff(0.05), retries=1),
                retry_on_error=[RedisConnectionError],
            )
        except ValueError as error:
            raise ConfigurationError(f"limiter: {error}") from error
        self._redis: Redis = Redis(connection_pool=pool)
        self._prefix = prefix
        self._clock = clock
        self._acquire = self._script("acquire.lua")
        self._acquire_each = self._script("acquire_each.lua")
        self._admit = self._script("admit.lua")
        self._slow = self._script("slow.lua")
        place = pool.connection_kwargs
        host = place.get("path") or f"{place.get('host', 'localhost')}:{place.get('port', 6379)}"
        self.name = f"redis://{host}/{place.get('db', 0)}"

    def __repr__(self) -> str:
        return f"<RedisLimiter {self.name}>"

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
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    def _key(self, key: str) -> str:
        return f"{self._prefix}:{{{key}}}"

    def _now(self) -> str:
        return "" if self._clock is None else repr(self._clock())

    def _script(self, filename: str) -> AsyncScript:
        folder = resources.files("blazz.campaigns.limiter")
        return self._redis.register_script(folder.joinpath(filename).read_text(encoding="utf-8"))

    async def _run(
        self, script: AsyncScript, keys: Sequence[str], arguments: Sequence[str | float]
    ) -> Any:  # noqa: ANN401  # whatever the script returns
        with self._translated():
            return await script(keys=list(keys), args=list(arguments))

    @contextlib.contextmanager
    def _translated(self) -> Iterator[None]:
        try:
            yield
        except (AuthenticationError, NoPermissionError) as error:
            raise ConfigurationError(f"the limiter {self.name} turned us away: {error}") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise LimiterUnavailable(f"the limiter {self.name}: {error!r}") from error


def _grant(wait: bytes) -> Grant:
    seconds = float(wait)
    return Grant(0, seconds) if seconds else Grant(1, 0.0)


def _short(member: str) -> str:
    """A name that takes little memory and tells nobody a phone number."""
    return hashlib.blake2s(member.encode(), digest_size=9).hexdigest()
