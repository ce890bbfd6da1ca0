"""Gives out leases: one owner at a time, each with a higher epoch than all before."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final

import anyio

from blazz.auth_stores.backend import Backend, RecordMoved, StoredRecord
from blazz.auth_stores.base import DEFAULT_TTL, Holder, Lease, check_owner, check_ttl
from blazz.auth_stores.clock import Clock
from blazz.auth_stores.record import Holding, Record
from blazz.auth_stores.record_access import Records
from blazz.auth_stores.revisions import SessionKey
from blazz.errors import LeaseTaken, OwnershipLost, SnapshotDamaged

_LOOK_AGAIN: Final = (0.02, 1.0)


@dataclass(frozen=True, slots=True)
class _Sighting:
    """A lease of somebody else as it was seen, and when it was seen like that first."""

    token: str
    beat: int
    since: float


class Leasing:
    """The leases in a backend."""

    def __init__(self, backend: Backend, records: Records, clock: Clock) -> None:
        self._backend = backend
        self._records = records
        self._clock = clock
        self._seen: dict[SessionKey, _Sighting] = {}

    async def acquire(
        self, session: SessionKey, owner: str, *, ttl: float = DEFAULT_TTL, wait: float = 0.0
    ) -> Lease:
        """Become the owner of a session; see `AuthStore.acquire`."""
        check_owner(owner)
        check_ttl(ttl)
        give_up_at = self._clock() + wait
        while True:
            try:
                return await self._take(session, owner, ttl)
            except LeaseTaken as taken:
                remaining = give_up_at - self._clock()
                if remaining <= 0:
                    raise
                # It may be released at any time: look more often than its end asks for.
                least, most = _LOOK_AGAIN
                pause = max(least, min(most, taken.retry_after, ttl / 10))
            await anyio.sleep(min(pause, remaining))

    async def renew(self, lease: Lease) -> Lease:
        """Make a lease good for its full time again; see `AuthStore.renew`."""
        asked_at = self._clock()
        await self._records.change(
            lease.session, lambda record, now: record.renewed(lease, now=now)
        )
        return replace(lease, ends_at=asked_at + lease.ttl)

    async def release(self, lease: Lease) -> None:
        """Give a session up; see `AuthStore.release`."""
        try:
            await self._records.change(lease.session, lambda record, _: record.released(lease))
        except OwnershipLost:
            pass  # Somebody else has it, and that is what a release is for.
        finally:
            await self._backend.withdraw(lease.session, lease.token)

    async def holder(self, session: SessionKey) -> Holder | None:
        """Tell who holds a session; see `AuthStore.holder`."""
        record, stored = await self._records.read(session)
        if record.holding is None:
            return None
        free_in = await self._free_in(session, record.holding, stored.now)
        return Holder(
            owner=record.holding.owner,
            epoch=record.epoch,
            free_in=max(0.0, free_in),
            by_clock=stored.now is not None and record.holding.ends_at is not None,
        )

    async def _take(self, session: SessionKey, owner: str, ttl: float) -> Lease:
        while True:
            # The lease is counted from before the store is asked, and by others from after that.
            asked_at = self._clock()
            record, stored = await self._records.read(session)
            try:
                await self._check_not_lost(session, stored)
                await self._check_free(session, owner, record, stored)
                taken = record.taken(owner, ttl, now=stored.now)
                token = await self._write(session, taken, stored)
            except RecordMoved:
                continue
            self._seen.pop(session, None)
            return Lease(
                session=session,
                owner=owner,
                epoch=taken.epoch,
                token=token,
                ttl=ttl,
                ends_at=asked_at + ttl,
            )

    async def _check_not_lost(self, session: SessionKey, stored: StoredRecord) -> None:
        """Refuse to start again at epoch 1: owners of lost epochs would pass for later ones."""
        if stored.content is not None or not await self._backend.names(session):
            return
        if (await self._backend.read_record(session)).content is not None:
            raise RecordMoved  # Its first owner came while we looked.
        raise SnapshotDamaged(
            f"{session}: its record in {self._backend.name} is lost, but blobs are there; `repair`"
            " makes it anew from them"
        )

    async def _check_free(
        self, session: SessionKey, owner: str, record: Record, stored: StoredRecord
    ) -> None:
        holding = record.holding
        if holding is None or holding.owner == owner:
            return
        free_in = await self._free_in(session, holding, stored.now)
        if free_in > 0:
            raise LeaseTaken(
                f"{session} is held by {holding.owner} (epoch {record.epoch}); it is free in"
                f" {free_in:.1f} s if that owner does not renew",
                owner=holding.owner,
                retry_after=free_in,
            )

    async def _write(self, session: SessionKey, taken: Record, stored: StoredRecord) -> str:
        """Write the record with us as the owner; return the token."""
        assert taken.holding is not None
        token = taken.holding.token
        # Announced before others can see it: they would take us for dead.
        await self._backend.announce(session, token)
        try:
            await self._records.write(session, taken, stored)
        except BaseException:
            await self._backend.withdraw(session, token)
            raise
        return token

    async def _free_in(self, session: SessionKey, holding: Holding, now: float | None) -> float:
        """Seconds until a lease has certainly ended, if it is not renewed."""
        if await self._backend.is_gone(session, holding.token):
            return 0.0
        free_in = self._unchanged_until(session, holding) - self._clock()
        if now is not None and holding.ends_at is not None:
            free_in = min(free_in, holding.ends_at - now)
        return free_in

    def _unchanged_until(self, session: SessionKey, holding: Holding) -> float:
        """Until when a lease must be seen to stand still before it has certainly ended.

        This needs no clock in common with the owner: whoever has seen a lease stand still for as
        long as it lasts knows that it was not renewed, and that its owner has stopped by its own
        clock.
        """
        seen = self._seen.get(session)
        if seen is None or (seen.token, seen.beat) != (holding.token, holding.beat):
            seen = _Sighting(holding.token, holding.beat, self._clock())
            self._seen[session] = seen
        return seen.since + holding.ttl
