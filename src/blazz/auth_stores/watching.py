"""Watches leases of others, so that the end of one is known the moment it comes.

A store without a clock of its own, such as S3, cannot tell when a lease ends. Whoever wants it has
to see it stand still for as long as it lasts: counted from the first look, which for somebody who
begins to look when the owner is dead already is too late by as long as that took. Who is to take a
session over therefore looks while its owner lives.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Final

import anyio
from anyio.abc import TaskGroup

from blazz.auth_stores.base import AuthStore, Holder, check_ttl
from blazz.auth_stores.clock import Clock, unstopped
from blazz.auth_stores.revisions import SessionKey
from blazz.errors import AuthStoreError

_SLACK: Final = 0.1
_log = logging.getLogger("blazz.auth_stores")


@dataclass(frozen=True, slots=True)
class Look:
    """What a look at a lease showed.

    Attributes:
        at: When it was.
        holder: Who holds it; None: nobody.
        renewed_at: When it was first seen as it is.
    """

    at: float
    holder: Holder | None
    renewed_at: float


class LeaseWatch:
    """Looks at the leases of some sessions, each about twice between two renewals.

    Args:
        store: Where the sessions are kept.
        sessions: Tells which to watch.
        ttl: Seconds that their leases are good for after each renewal.
        at_once: How many looks are under way at the same time.
        clock: Measures time; only tests give another one.

    Example:
        ::

            watch = LeaseWatch(store, lambda: standby, ttl=30)
            tasks.start_soon(watch.run)
    """

    def __init__(
        self,
        store: AuthStore,
        sessions: Callable[[], Collection[SessionKey]],
        *,
        ttl: float,
        at_once: int = 8,
        clock: Clock = unstopped,
    ) -> None:
        self._store = store
        self._sessions = sessions
        check_ttl(ttl)
        self._ttl = ttl
        self._clock = clock
        self._room = anyio.Semaphore(at_once)
        self._looks: dict[SessionKey, Look] = {}
        self._looking: set[SessionKey] = set()
        self.grain = min(0.5, ttl / 20)
        """Seconds by which the end of a lease may be known too late."""

    async def run(self) -> None:
        """Watch until cancelled."""
        async with anyio.create_task_group() as tasks:
            while True:
                # One that the store is slow to answer must not hold up the others.
                self._begin(tasks)
                await anyio.sleep(self.grain)

    async def look(self) -> None:
        """Look at what is due, and wait for it."""
        async with anyio.create_task_group() as tasks:
            self._begin(tasks)

    def _begin(self, tasks: TaskGroup) -> None:
        wanted = set(self._sessions())
        self._looks = {key: look for key, look in self._looks.items() if key in wanted}
        now = self._clock()
        due = [
            key
            for key in wanted - self._looking
            if key not in self._looks or next_look(self._looks[key], self._ttl, self.grain) <= now
        ]
        self._looking.update(due)
        for key in due:
            tasks.start_soon(self._look_at, key)

    async def _look_at(self, key: SessionKey) -> None:
        try:
            async with self._room:
                now = self._clock()
                holder = await self._store.holder(key)
        except AuthStoreError as error:
            _log.debug("%s could not be watched: %s", key, error)
            return
        finally:
            self._looking.discard(key)
        self._looks[key] = seen(self._looks.get(key), holder, now)


def seen(before: Look | None, holder: Holder | None, now: float) -> Look:
    """Compare a look with the one before.

    Example:
        >>> one = seen(None, Holder(owner="a", epoch=1, free_in=30), now=0)
        >>> seen(one, Holder(owner="a", epoch=1, free_in=25), now=5).renewed_at
        0
        >>> seen(one, Holder(owner="a", epoch=1, free_in=30), now=10).renewed_at
        10
    """
    if before is None or before.holder is None or holder is None:
        return Look(now, holder, now)
    same = (before.holder.owner, before.holder.epoch) == (holder.owner, holder.epoch)
    expected = before.holder.free_in - (now - before.at)
    stood_still = same and holder.free_in <= max(0.0, expected) + _SLACK
    return Look(now, holder, before.renewed_at if stood_still else now)


def next_look(last: Look, ttl: float, grain: float) -> float:
    """When to look again: just before the next renewal is due, and then often, until it is seen.

    Example:
        >>> alive = Look(0, Holder(owner="a", epoch=1, free_in=30), renewed_at=0)
        >>> next_look(alive, 30, 1)
        9.0
        >>> next_look(Look(9, alive.holder, renewed_at=0), 30, 1)
        10
    """
    if last.holder is None:
        return last.at + ttl / 15  # somebody is about to take it
    if last.holder.free_in <= 0 or last.holder.by_clock:
        return last.at + ttl / 3  # it is free, or the store itself will say when it is
    return max(last.at + grain, last.renewed_at + ttl / 3 - grain)
