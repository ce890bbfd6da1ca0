"""Backs a running session up: whenever it has changed, but not too often."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Final

import anyio

from blazz.auth_stores.base import AuthStore
from blazz.auth_stores.clock import Clock, unstopped
from blazz.auth_stores.leases import LeaseKeeper
from blazz.auth_stores.revisions import Saved
from blazz.auth_stores.snapshot.contents import Snapshot
from blazz.errors import InvalidValue, OwnershipLost

DEFAULT_INTERVAL: Final = 60.0
_FIRST_RETRY: Final = 1.0
_DOUBLINGS: Final = 20
_log = logging.getLogger("blazz.auth_stores")


def check_interval(interval: float) -> None:
    """Check the least time between two backups: 0 s to a day.

    Raises:
        InvalidValue: It is negative or longer.
    """
    if not 0 <= interval <= 86_400:
        raise InvalidValue("Backups.interval", "0 to 86,400 seconds", interval)


class Backups:
    """Backups of one session, for as long as it is owned.

    A backup that fails is tried again, after a second, then two, four and so on up to the interval;
    it never stops the session.

    Args:
        store: Where the session is kept.
        keeper: Keeps the lease of the session.
        capture: Takes a snapshot of the session as it is.
        base: The number of the revision that the session was restored from. If another one is
            stored meanwhile, backups are refused: this session did not grow from it. `grew_from`
            sets it later.
        interval: The least seconds between two backups.
        on_saved: Is told of each backup.
        on_failed: Is told of each failure, and in how many seconds it is tried again.
        clock: Measures the interval; only tests give another one.
        pause: Waits; only tests give another one.
    """

    def __init__(
        self,
        store: AuthStore,
        keeper: LeaseKeeper,
        capture: Callable[[], Awaitable[Snapshot]],
        *,
        base: int | None = None,
        interval: float = DEFAULT_INTERVAL,
        on_saved: Callable[[Saved], None] = lambda _: None,
        on_failed: Callable[[Exception, float], None] = lambda _, __: None,
        clock: Clock = unstopped,
        pause: Callable[[float], Awaitable[None]] = anyio.sleep,
    ) -> None:
        check_interval(interval)
        self._store = store
        self._keeper = keeper
        self._capture = capture
        self._base = base
        self._interval = interval
        self._on_saved = on_saved
        self._on_failed = on_failed
        self._clock = clock
        self._pause = pause
        self._lock = anyio.Lock()
        self._is_changed = False
        self._change = anyio.Event()
        self._next_at = 0.0

    def grew_from(self, base: int | None) -> None:
        """Say which revision the session was restored from, see `base`."""
        self._base = base

    def changed(self) -> None:
        """Note that the session has changed since the last backup."""
        self._is_changed = True
        self._change.set()
        self._change = anyio.Event()

    async def run(self) -> None:
        """Back up what changes, until the session is owned no longer or this is cancelled."""
        failures = 0
        while True:
            while not self._is_changed:
                await self._change.wait()
            await self._pause(max(0.0, self._next_at - self._clock()))
            try:
                await self.save()
            except OwnershipLost:
                return
            except Exception as error:  # noqa: BLE001  # whatever it is, the session goes on
                # Never at once, however short the interval is: the store may be overloaded.
                longest = max(self._interval, _FIRST_RETRY)
                retry_in = min(longest, _FIRST_RETRY * 2 ** min(failures, _DOUBLINGS))
                failures += 1
                self._next_at = self._clock() + retry_in
                _log.warning("%s: no backup: %s", self._keeper.lease.session, error)
                self._on_failed(error, retry_in)
            else:
                failures = 0

    async def save(self) -> Saved:
        """Back up now: after pairing, and after a clean close before another owner takes over.

        Raises:
            OwnershipLost: The session is owned no longer.
            AuthStoreError: It could not be stored; see `AuthStore.save`.
        """
        async with self._lock:
            self._keeper.check()
            # What changes from here on may or may not be in the snapshot: it counts as later.
            self._is_changed = False
            try:
                snapshot = await self._capture()
                saved = await self._store.save(snapshot, self._keeper.lease, base=self._base)
            except BaseException:
                self.changed()
                raise
            self._base = None if self._base is None else saved.revision.number
            self._next_at = self._clock() + self._interval
        self._on_saved(saved)
        return saved
