"""The registry of a cluster, in Redis."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from blazz.cluster.placement import Cause, Instance
from blazz.cluster.registry.base import (
    DEFAULT_TTL,
    MAX_HISTORY,
    Assignment,
    Change,
    Record,
    check_ttl,
)
from blazz.databases.redis import RedisServer
from blazz.errors import RegistryUnavailable


class RedisRegistry:
    """A `Registry` that a cluster shares.

    ::

        <prefix>:{cluster}:alive              a sorted set: until when each instance is alive
        <prefix>:{cluster}:instances          a hash: name -> what it is like
        <prefix>:{cluster}:owners             a hash: session -> who runs it, since when
        <prefix>:{cluster}:session:<session>  a hash: epoch, instance, migrations
        <prefix>:{cluster}:history:<session>  a list: what became of it, newest first

    Args:
        url: The server: `redis://host:6379/0`, `rediss://…` or `unix://…`.
        prefix: Begins every key.
        ttl: Seconds after which a silent instance is not alive.

    Raises:
        ConfigurationError: The URL is malformed.
    """

    def __init__(self, url: str, *, prefix: str = "blazz", ttl: float = DEFAULT_TTL) -> None:
        self._server = RedisServer("registry", url, unavailable=RegistryUnavailable)
        self._script = self._server.script(__package__, "registry.lua")
        self._prefix = f"{prefix}:{{cluster}}"
        self._ttl = check_ttl(ttl)

    def __repr__(self) -> str:
        return f"<RedisRegistry {self._server.name}>"

    async def open(self) -> None:
        """See `Registry.open`."""
        with self._server.errors():
            await self._server.client.time()

    async def close(self) -> None:
        """See `Registry.close`."""
        await self._server.close()

    async def announce(self, instance: Instance) -> None:
        """See `Registry.announce`."""
        about = json.dumps(dataclasses.asdict(instance))
        await self._run("announce", instance.name, about, str(self._ttl))

    async def withdraw(self, name: str) -> None:
        """See `Registry.withdraw`."""
        with self._server.errors():
            async with self._server.client.pipeline() as pipe:
                pipe.zrem(f"{self._prefix}:alive", name)
                pipe.hdel(f"{self._prefix}:instances", name)
                await pipe.execute()

    async def instances(self) -> Sequence[Instance]:
        """See `Registry.instances`."""
        found = [Instance(**json.loads(about)) for about in await self._run("instances")]
        return sorted(found, key=lambda instance: instance.name)

    async def assign(self, session: str, instance: str, *, epoch: int, cause: Cause) -> bool:
        """See `Registry.assign`."""
        arguments = [session, instance, str(epoch), str(cause), str(MAX_HISTORY)]
        return bool(await self._run("assign", *arguments))

    async def release(
        self, session: str, *, epoch: int, change: Change = Change.RELEASED, reason: str = ""
    ) -> bool:
        """See `Registry.release`."""
        arguments = [session, str(epoch), str(change), reason, str(MAX_HISTORY), "1"]
        return bool(await self._run("end", *arguments))

    async def note(self, session: str, *, epoch: int, change: Change, reason: str) -> None:
        """See `Registry.note`."""
        await self._run("end", session, str(epoch), str(change), reason, str(MAX_HISTORY), "0")

    async def find(self, session: str) -> Assignment | None:
        """See `Registry.find`."""
        return (await self.find_all([session])).get(session)

    async def find_all(self, sessions: Collection[str]) -> Mapping[str, Assignment]:
        """See `Registry.find_all`."""
        if not sessions:
            return {}
        keys = list(sessions)
        with self._server.errors():
            owners: Any = await self._server.client.hmget(f"{self._prefix}:owners", keys)
        found = zip(keys, owners, strict=True)
        return {key: _assignment(key, owner) for key, owner in found if owner is not None}

    async def assignments(self, *, instance: str | None = None) -> Mapping[str, Assignment]:
        """See `Registry.assignments`."""
        with self._server.errors():
            owners: Any = await self._server.client.hgetall(f"{self._prefix}:owners")
        found = [_assignment(key.decode(), owner) for key, owner in sorted(owners.items())]
        return {it.session: it for it in found if instance in {None, it.instance}}

    async def history(self, session: str) -> Sequence[Record]:
        """See `Registry.history`."""
        with self._server.errors():
            lines: Any = await self._server.client.lrange(
                f"{self._prefix}:history:{session}", 0, -1
            )
        return [_record(line) for line in lines]

    async def _run(self, *arguments: str) -> Any:  # noqa: ANN401  # whatever the script returns
        with self._server.errors():
            return await self._script(keys=[self._prefix], args=list(arguments))


def _assignment(session: str, owner: bytes) -> Assignment:
    instance, epoch, since, migrations = json.loads(owner)
    return Assignment(session, instance, int(epoch), _time(since), int(migrations))


def _record(line: bytes) -> Record:
    at, change, instance, epoch, reason = json.loads(line)
    return Record(_time(at), Change(change), instance, int(epoch), reason)


def _time(seconds: str) -> datetime:
    return datetime.fromtimestamp(float(seconds), UTC)
