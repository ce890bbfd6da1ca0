"""Keeps a lease: renews it in the background, and stops its owner before it ends."""

from __future__ import annotations

import logging
import os
import re
import secrets
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import Final

import anyio

from blazz.auth_stores.base import DEFAULT_TTL, AuthStore, Lease
from blazz.auth_stores.clock import Clock, unstopped
from blazz.auth_stores.revisions import SessionKey
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import AuthStoreError, InvalidValue, OwnershipLost

_LONGEST_LOOK: Final = 5.0
_log = logging.getLogger("blazz.auth_stores")


def owner_name() -> str:
    """Make a name for this process as an owner: host, process id and four random digits.

    Example:
        >>> owner_name() != owner_name()
        True
    """
    host = re.sub(r"[^!-~]", "_", socket.gethostname())[:64] or "host"
    return f"{host}-{os.getpid()}-{secrets.token_hex(2)}"


class LeaseKeeper:
    """Renews a lease, and tells its owner to stop while nobody else can be the owner yet.

    It renews after a third of the lease's time and goes on trying while the store does not answer.
    When only `margin` is left, the lease counts as lost: `held` is false from that moment, even
    before the event loop gets round to calling `on_lost`. So ask `held` or `check` right before
    anything that only the owner may do; a process that was stopped for a while does not notice it
    by itself.

    Args:
        store: The store that gave the lease.
        lease: The lease.
        on_lost: Called once when the lease is lost; it has `margin` seconds to stop everything.
        margin: Seconds before the end of the lease; a quarter of its time by default.
        clock: Measures the lease; only tests give another one.
    """

    def __init__(
        self,
        store: AuthStore,
        lease: Lease,
        *,
        on_lost: Callable[[], Awaitable[None]] | None = None,
        margin: float | None = None,
        clock: Clock = unstopped,
    ) -> None:
        margin = lease.ttl / 4 if margin is None else margin
        if not 0 <= margin < lease.ttl * 2 / 3:
            raise InvalidValue("LeaseKeeper.margin", "less than two thirds of the lease", margin)
        self._store = store
        self._lease = lease
        self._on_lost = on_lost
        self._margin = margin
        self._clock = clock
        self.lost = anyio.Event()
        """Set when the lease is lost."""

    @property
    def lease(self) -> Lease:
        """The lease as it was renewed last."""
        return self._lease

    @property
    def remaining(self) -> float:
        """Seconds for which the owner may go on; 0 or less: it must not."""
        return 0.0 if self.lost.is_set() else self._lease.remaining(self._clock()) - self._margin

    @property
    def held(self) -> bool:
        """Whether we are the owner, with time enough to stop."""
        return self.remaining > 0

    def check(self) -> None:
        """Check that we are the owner.

        Raises:
            OwnershipLost: We are not, or not for long enough.
        """
        if not self.held:
            raise OwnershipLost(
                f"{self._lease.session}: the lease of {self._lease.owner} (epoch"
                f" {self._lease.epoch}) is over"
            )

    async def run(self) -> None:
        """Keep the lease until it is lost or this is cancelled."""
        # Two tasks: a request to the store may hang for longer than the lease lasts.
        async with BoundedTasks(2) as tasks:
            await tasks.start(self._renew)
            await self._watch()
            if self._on_lost is not None:
                await self._on_lost()
            tasks.cancel()

    async def _watch(self) -> None:
        """Wait until the lease is lost."""
        # The loop's clock stands still while the machine sleeps: look at ours now and then.
        longest = min(_LONGEST_LOOK, self._lease.ttl / 10)
        while self.held:
            with anyio.move_on_after(max(0.0, min(self.remaining, longest))):
                await self.lost.wait()
        if not self.lost.is_set():
            self._give_up("it could not be renewed in time")

    async def _renew(self) -> None:
        while self.held:
            next_at = self._lease.ends_at - self._lease.ttl * 2 / 3
            await anyio.sleep(max(0.0, next_at - self._clock()))
            try:
                self._lease = await self._store.renew(self._lease)
            except OwnershipLost as error:
                self._give_up(str(error))
            except AuthStoreError as error:
                _log.warning("%s: not renewed: %s", self._lease.session, error)
                await anyio.sleep(self._lease.ttl / 20)

    def _give_up(self, reason: str) -> None:
        if not self.lost.is_set():
            _log.error("%s: the lease is lost: %s", self._lease.session, reason)
            self.lost.set()


@asynccontextmanager
async def hold(
    store: AuthStore,
    session: SessionKey,
    *,
    owner: str | None = None,
    ttl: float = DEFAULT_TTL,
    wait: float = 0.0,
    on_lost: Callable[[], Awaitable[None]] | None = None,
) -> AsyncIterator[LeaseKeeper]:
    """Own a session within a block: acquire it, keep it, release it.

    Args:
        store: Where the session is kept.
        session: The session.
        owner: Our name; `owner_name()` by default.
        ttl: Seconds that the lease is good for after each renewal.
        wait: Seconds to wait for another owner.
        on_lost: Called when the lease is lost; the block itself goes on.

    Raises:
        LeaseTaken: Another owner holds the session.
        StoreUnavailable: The store does not answer.

    Example:
        >>> from blazz.auth_stores import MemoryAuth
        >>> async def main() -> int:
        ...     async with hold(MemoryAuth(), SessionKey("acme", "support")) as keeper:
        ...         keeper.check()
        ...         return keeper.lease.epoch
        >>> anyio.run(main)
        1
    """
    lease = await store.acquire(session, owner or owner_name(), ttl=ttl, wait=wait)
    keeper = LeaseKeeper(store, lease, on_lost=on_lost)
    try:
        async with BoundedTasks(1) as tasks:
            await tasks.start(keeper.run)
            yield keeper
            tasks.cancel()
    finally:
        with anyio.move_on_after(ttl, shield=True), suppress(AuthStoreError):
            await store.release(keeper.lease)
