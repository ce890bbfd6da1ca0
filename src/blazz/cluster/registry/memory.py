"""The registry of instances within one process: for a single one, and for tests."""

from __future__ import annotations

import time
from collections import defaultdict, deque
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime

from blazz.cluster.placement import Cause, Instance
from blazz.cluster.registry.base import (
    DEFAULT_TTL,
    MAX_HISTORY,
    Assignment,
    Change,
    Record,
    check_ttl,
)


class MemoryRegistry:
    """A `Registry` within one process.

    Args:
        ttl: Seconds after which a silent instance is not alive.
        clock: The time in seconds since 1970; only tests give another one.
    """

    def __init__(self, *, ttl: float = DEFAULT_TTL, clock: Callable[[], float] = time.time) -> None:
        self._ttl = check_ttl(ttl)
        self._clock = clock
        self._alive: dict[str, tuple[float, Instance]] = {}
        self._assigned: dict[str, Assignment] = {}
        self._epochs: dict[str, int] = {}
        self._moves: dict[str, tuple[str, int]] = {}
        self._history: defaultdict[str, deque[Record]] = defaultdict(
            lambda: deque(maxlen=MAX_HISTORY)
        )

    async def open(self) -> None:
        """See `Registry.open`."""

    async def close(self) -> None:
        """See `Registry.close`."""

    async def announce(self, instance: Instance) -> None:
        """See `Registry.announce`."""
        self._alive[instance.name] = (self._clock() + self._ttl, instance)

    async def withdraw(self, name: str) -> None:
        """See `Registry.withdraw`."""
        self._alive.pop(name, None)

    async def instances(self) -> Sequence[Instance]:
        """See `Registry.instances`."""
        now = self._clock()
        self._alive = {name: it for name, it in self._alive.items() if it[0] > now}
        return [instance for _, (_, instance) in sorted(self._alive.items())]

    async def assign(self, session: str, instance: str, *, epoch: int, cause: Cause) -> bool:
        """See `Registry.assign`."""
        if epoch < self._epochs.get(session, 0):
            return False
        self._epochs[session] = epoch
        before, moves = self._moves.get(session, (instance, 0))
        self._moves[session] = (instance, moves + (before != instance))
        self._assigned[session] = Assignment(
            session, instance, epoch, self._now(), self._moves[session][1]
        )
        self._add(session, Change.ASSIGNED, instance, epoch, cause)
        return True

    async def release(
        self, session: str, *, epoch: int, change: Change = Change.RELEASED, reason: str = ""
    ) -> bool:
        """See `Registry.release`."""
        assigned = self._assigned.get(session)
        if assigned is None or assigned.epoch != epoch:
            return False
        del self._assigned[session]
        self._add(session, change, assigned.instance, epoch, reason)
        return True

    async def note(self, session: str, *, epoch: int, change: Change, reason: str) -> None:
        """See `Registry.note`."""
        assigned = self._assigned.get(session)
        if assigned is not None and assigned.epoch == epoch:
            self._add(session, change, assigned.instance, epoch, reason)

    async def find(self, session: str) -> Assignment | None:
        """See `Registry.find`."""
        return self._assigned.get(session)

    async def find_all(self, sessions: Collection[str]) -> Mapping[str, Assignment]:
        """See `Registry.find_all`."""
        return {key: self._assigned[key] for key in sessions if key in self._assigned}

    async def assignments(self, *, instance: str | None = None) -> Mapping[str, Assignment]:
        """See `Registry.assignments`."""
        wanted = sorted(self._assigned.items())
        return {key: it for key, it in wanted if instance in {None, it.instance}}

    async def history(self, session: str) -> Sequence[Record]:
        """See `Registry.history`."""
        return [*reversed(self._history.get(session, ()))]

    def _add(self, session: str, change: Change, instance: str, epoch: int, reason: str) -> None:
        self._history[session].append(Record(self._now(), change, instance, epoch, reason))

    def _now(self) -> datetime:
        return datetime.fromtimestamp(self._clock(), UTC)
