"""Waits for a session that somebody else owns, and gets its state before that is over.

What needs no ownership is done while the lease of a dead owner runs out: its snapshot is fetched,
proved and unpacked. Nothing of it counts until the session is owned: whoever has prepared compares
revisions then, and starts from the beginning if a newer one was stored meanwhile.
"""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Final

import anyio
import anyio.to_thread

from blazz.auth_stores.base import AuthStore, Lease
from blazz.auth_stores.clock import unstopped
from blazz.auth_stores.local_state import Keep, look
from blazz.auth_stores.restoring import Restored, restore
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.snapshot.contents import Browser, Kind
from blazz.errors import LeaseTaken

OVERDUE: Final = 0.5
"""The part of a lease that is left when its owner should have renewed it: it does so at 2/3."""

_LOOKS: Final = 10
_SHORTEST: Final = 0.05
_log = logging.getLogger("blazz.auth_stores")


class Standby:
    """Waits for a session of another owner, and tells whether that owner seems to be gone.

    Args:
        store: Where the session is kept.
        session: The session.
        ttl: Seconds that its leases are good for.
    """

    def __init__(self, store: AuthStore, session: SessionKey, *, ttl: float) -> None:
        self.session = session
        self._store = store
        self._ttl = ttl
        self._overdue = False
        self._changed = anyio.Event()

    async def acquire(self, owner: str, *, wait: float) -> Lease:
        """Become the owner of the session; see `AuthStore.acquire`.

        Raises:
            LeaseTaken: Another owner holds it.
            StoreUnavailable: The store does not answer.
        """
        ends_at = unstopped() + wait
        pause = 0.0
        while True:
            try:
                return await self._store.acquire(self.session, owner, ttl=self._ttl, wait=pause)
            except LeaseTaken as taken:
                left = ends_at - unstopped()
                if left <= 0:
                    raise
                self._note(is_overdue(taken.retry_after, self._ttl))
                pause = min(left, next_pause(taken.retry_after, self._ttl))

    async def until(self, *, overdue: bool) -> None:
        """Wait until the lease should have been renewed and was not, or until it was."""
        while self._overdue is not overdue:
            await self._changed.wait()

    async def restore(self, folder: Path, *, browser: Browser | None) -> Restored | None:
        """Restore the newest snapshot into a folder that lacks it; the session is not ours yet.

        Nobody else may use the folder meanwhile. What is in it is replaced only if the store has
        something that is known to be newer.

        Args:
            folder: The folder.
            browser: The browser that will open it.

        Returns:
            None: there is nothing to restore.

        Raises:
            AuthStoreError: It was not possible.
        """
        history = await self._store.history(self.session, kind=Kind.WEB)
        found = await anyio.to_thread.run_sync(look, folder, self.session, history)
        if isinstance(found, Keep):
            return None
        restored = await restore(self._store, self.session, folder, browser=browser)
        _log.debug("%s: %s is prepared", self.session, restored.revision)
        return restored

    def _note(self, overdue: bool) -> None:
        if overdue is not self._overdue:
            self._overdue = overdue
            self._changed.set()
            self._changed = anyio.Event()


def is_overdue(free_in: float, ttl: float) -> bool:
    """Whether the owner of a lease should have renewed it.

    Example:
        >>> is_overdue(20.5, 30), is_overdue(15, 30)
        (False, True)
    """
    return free_in <= ttl * OVERDUE


def next_pause(free_in: float, ttl: float) -> float:
    """How many seconds to wait for a lease until it is to be judged again.

    It is taken within these seconds if it ends or is released.

    Example:
        >>> next_pause(20.5, 30), next_pause(14, 30)
        (5.5, 3.0)
    """
    until_overdue = free_in - ttl * OVERDUE
    return max(_SHORTEST, until_overdue if until_overdue > 0 else ttl / _LOOKS)
