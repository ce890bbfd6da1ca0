"""Lets campaigns keep to the pacing of the sessions that send them."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

from blazz.campaigns.limiter.base import Grant, Limit, Limiter, Quota
from blazz.campaigns.priority import Priority
from blazz.session.pacer import Pacer

_log = logging.getLogger(__name__)

_LONG = 600.0


class PacedLimiter(Limiter):
    """A limiter that also asks the pacers of sessions; everything else it leaves to another one.

    Campaigns take rows only when the limiter says so. Were the pauses made later, when a row is
    sent, rows would wait half-sent and be in doubt if the process died.

    Args:
        limiter: Counts what leaves, as before.
        pacer_of: The pacer of a session, by the key that `acquire` is called with; None: it has
            none.
        keep_open: Whether the limiter stays open when this is closed: others use it, too.
        waits: Is told by how much a key has to wait.
    """

    def __init__(
        self,
        limiter: Limiter,
        pacer_of: Callable[[str], Pacer | None],
        *,
        keep_open: bool = False,
        waits: Callable[[str, float], object] = lambda _key, _seconds: None,
    ) -> None:
        self._limiter = limiter
        self._keep_open = keep_open
        self._pacer_of = pacer_of
        self._waits = waits
        self._told: set[str] = set()

    async def acquire(
        self, key: str, n: int, *, limit: Limit, priority: Priority = Priority.CAMPAIGN
    ) -> Grant:
        """Take what may leave now: with a pacer, one message at a time."""
        grant = await self._acquire(key, n, limit, priority)
        if not grant.granted:
            self._waits(key, grant.wait)
        return grant

    async def _acquire(self, key: str, n: int, limit: Limit, priority: Priority) -> Grant:
        pacer = self._pacer_of(key)
        if pacer is None or pacer.pacing.is_off:
            return await self._limiter.acquire(key, n, limit=limit, priority=priority)
        # The limiter first: what it grants in vain comes back by itself, a spent turn does not.
        grant = await self._limiter.acquire(key, 1, limit=limit, priority=priority)
        if not grant.granted:
            return grant
        wait = await pacer.claim()
        self._tell(key, wait)
        return Grant(0, wait) if wait > 0 else grant

    async def acquire_each(
        self, key: str, members: Sequence[str], *, limit: Limit
    ) -> Sequence[Grant]:
        """Take one for each member."""
        return await self._limiter.acquire_each(key, members, limit=limit)

    async def admit(self, key: str, members: Sequence[str], *, quota: Quota) -> Sequence[Grant]:
        """Admit members."""
        return await self._limiter.admit(key, members, quota=quota)

    async def slow(self, key: str, *, cut: float = 0.5, pause: float = 1.0) -> None:
        """Slow a key down."""
        await self._limiter.slow(key, cut=cut, pause=pause)

    async def close(self) -> None:
        """Let go of connections."""
        if not self._keep_open:
            await self._limiter.close()

    def _tell(self, key: str, wait: float) -> None:
        """Say once that a campaign rests, since nothing else shows it."""
        if wait < _LONG:
            self._told.discard(key)
        elif key not in self._told:
            self._told.add(key)
            _log.warning("%s has reached its daily cap; it goes on in %.1f h", key, wait / 3600)
