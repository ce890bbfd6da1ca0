"""Sessions in Redis."""

from __future__ import annotations

import secrets
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, cast

from blazz.auth_stores.backend import RecordMoved, StoredRecord
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.saving import Settings
from blazz.auth_stores.store import SnapshotStore
from blazz.errors import MissingDependency, StoreFull, StoreUnavailable, UnsuitableStore
from blazz.security.keyring import KeyRing

try:
    from redis.asyncio import BlockingConnectionPool, Redis
    from redis.asyncio.retry import Retry
    from redis.backoff import ExponentialBackoff
    from redis.exceptions import ConnectionError as RedisConnectionError
    from redis.exceptions import OutOfMemoryError, RedisError
    from redis.exceptions import TimeoutError as RedisTimeoutError
except ModuleNotFoundError as error:
    raise MissingDependency("redis", extra="redis") from error

if TYPE_CHECKING:
    from redis.commands.core import AsyncScript

_CONNECTIONS: Final = 8
_CONNECT_SECONDS: Final = 5.0
_ANSWER_SECONDS: Final = 10.0
_ALMOST_FULL: Final = 0.9
_DELETE_AT_ONCE: Final = 500


class RedisBackend:
    """Keeps bytes in three kinds of keys.

    ::

        <prefix>:sessions                        a set of workspace/session
        <prefix>:{workspace/session}:record      a hash: version, content
        <prefix>:{workspace/session}:blobs       a hash: name -> blob

    None of them ever expires by itself. The record is changed by a script, which Redis runs without
    anything in between.
    """

    def __init__(self, url: str, *, prefix: str = "blazz:auth") -> None:
        pool = BlockingConnectionPool.from_url(
            url,
            max_connections=_CONNECTIONS,
            timeout=_ANSWER_SECONDS,
            socket_connect_timeout=_CONNECT_SECONDS,
            socket_timeout=_ANSWER_SECONDS,
            # Every command here may be repeated: blobs are written once, and a record that was
            # swapped already is recognised by its writer.
            retry=Retry(ExponentialBackoff(cap=1.0, base=0.05), retries=3),
            retry_on_error=[RedisConnectionError, RedisTimeoutError],
        )
        self._redis: Redis = Redis(connection_pool=pool)
        self._prefix = prefix
        self._read = self._script("redis_read.lua")
        self._swap = self._script("redis_swap.lua")
        self._names = self._script("redis_names.lua")
        place = pool.connection_kwargs
        host = place.get("path") or f"{place.get('host', 'localhost')}:{place.get('port', 6379)}"
        self.name = f"redis://{host}/{place.get('db', 0)}"

    def _script(self, filename: str) -> AsyncScript:
        source = resources.files("blazz.auth_stores").joinpath(filename).read_text(encoding="utf-8")
        return self._redis.register_script(source)

    async def open(self) -> Sequence[str]:
        """See `Backend.open`."""
        async with self._named_errors():
            server: dict[str, Any] = await self._redis.info()
        if refusal := _refusal(server):
            raise UnsuitableStore(f"{self.name}: {refusal}")
        return _warnings(server)

    async def close(self) -> None:
        """See `Backend.close`."""
        await self._redis.aclose()
        await self._redis.connection_pool.disconnect()

    async def read_record(self, session: SessionKey) -> StoredRecord:
        """See `Backend.read_record`."""
        async with self._named_errors():
            answer = await self._read(keys=[self._key(session, "record")])
        content, version, seconds, microseconds = answer
        now = int(seconds) + int(microseconds) / 1_000_000
        return StoredRecord(content=content, version=(version or b"").decode(), now=now)

    async def swap_record(
        self, session: SessionKey, content: bytes, *, expected: StoredRecord
    ) -> None:
        """See `Backend.swap_record`."""
        async with self._named_errors():
            if not expected.version:
                # Before the record: a session that is listed and has none is no harm.
                await self._redis.sadd(f"{self._prefix}:sessions", str(session))
            arguments: list[str | bytes] = [expected.version, secrets.token_hex(8), content]
            if not await self._swap(keys=[self._key(session, "record")], args=arguments):
                raise RecordMoved

    async def put(self, session: SessionKey, name: str, blob: bytes) -> None:
        """See `Backend.put`."""
        async with self._named_errors():
            await self._redis.hset(self._key(session, "blobs"), name, blob)

    async def get(self, session: SessionKey, name: str) -> bytes | None:
        """See `Backend.get`."""
        async with self._named_errors():
            blob: Any = await self._redis.hget(self._key(session, "blobs"), name)
        return cast("bytes | None", blob)

    async def delete(self, session: SessionKey, names: Sequence[str]) -> None:
        """See `Backend.delete`."""
        async with self._named_errors():
            for start in range(0, len(names), _DELETE_AT_ONCE):
                some = names[start : start + _DELETE_AT_ONCE]
                await self._redis.hdel(self._key(session, "blobs"), *some)

    async def names(self, session: SessionKey) -> Mapping[str, int]:
        """See `Backend.names`."""
        async with self._named_errors():
            answer = await self._names(keys=[self._key(session, "blobs")])
        return {name.decode(): size for name, size in zip(answer[::2], answer[1::2], strict=True)}

    async def sessions(self, workspace: str | None) -> Sequence[SessionKey]:
        """See `Backend.sessions`."""
        async with self._named_errors():
            members: set[Any] = await self._redis.smembers(f"{self._prefix}:sessions")
        found = [SessionKey.parse(member.decode()) for member in members]
        return [session for session in found if workspace in {None, session.workspace}]

    async def announce(self, session: SessionKey, token: str) -> None:
        """See `Backend.announce`."""

    async def withdraw(self, session: SessionKey, token: str) -> None:
        """See `Backend.withdraw`."""

    async def is_gone(self, session: SessionKey, token: str) -> bool:  # noqa: ARG002  # not known
        """See `Backend.is_gone`."""
        return False

    def _key(self, session: SessionKey, part: str) -> str:
        # The braces keep all keys of a session in one slot.
        return f"{self._prefix}:{{{session}}}:{part}"

    @asynccontextmanager
    async def _named_errors(self) -> AsyncIterator[None]:
        try:
            yield
        except RedisError as error:
            kind = StoreFull if isinstance(error, OutOfMemoryError) else StoreUnavailable
            raise kind(f"{self.name}: {error}") from error
        except OSError as error:
            raise StoreUnavailable(f"{self.name}: {error}") from error


def _refusal(server: Mapping[str, Any]) -> str | None:
    """Why a server must not keep sessions, in words."""
    policy = server.get("maxmemory_policy", "noeviction")
    if str(policy).startswith("allkeys"):
        return (
            f"its maxmemory-policy is {policy}: it would throw sessions away when memory gets"
            " scarce; run: CONFIG SET maxmemory-policy noeviction"
        )
    if server.get("role") in {"slave", "replica"}:
        return "it is a replica; give the URL of the server that takes writes"
    if server.get("cluster_enabled"):
        return "it is part of a Redis Cluster, which is not supported"
    return None


def _warnings(server: Mapping[str, Any]) -> list[str]:
    """What is not good but can be lived with, in words."""
    found = []
    policy = server.get("maxmemory_policy", "noeviction")
    if policy != "noeviction":
        found.append(
            f"its maxmemory-policy is {policy}; sessions never expire and are spared, but set"
            " noeviction to be sure"
        )
    if not server.get("aof_enabled"):
        found.append(
            "it keeps no append-only file: what was stored since its last dump is lost when it"
            " restarts; set: appendonly yes"
        )
    limit = int(server.get("maxmemory", 0))
    if limit and int(server.get("used_memory", 0)) > limit * _ALMOST_FULL:
        found.append(f"more than {_ALMOST_FULL:.0%} of its {limit / 1024**2:,.0f} MB are in use")
    return found


class RedisAuth(SnapshotStore):
    """An auth store in Redis.

    Redis keeps everything in memory: count on the size of a session's profile, and about half of
    that again for its older revisions. It needs `maxmemory-policy noeviction`, and an append-only
    file if sessions are to survive its restart.

    Args:
        url: `redis://[user:password@]host[:port][/db]`, `rediss://…` for TLS, or `unix://path`.
        keyring: Seals what is stored; every process needs the same.
        prefix: What the names of all keys start with.
        settings: How snapshots are cut and kept.

    Example:
        ::

            async with RedisAuth("redis://localhost", keyring=KeyRing.from_environment()) as store:
                ...
    """

    def __init__(
        self,
        url: str,
        *,
        keyring: KeyRing,
        prefix: str = "blazz:auth",
        settings: Settings | None = None,
    ) -> None:
        super().__init__(RedisBackend(url, prefix=prefix), keyring=keyring, settings=settings)
