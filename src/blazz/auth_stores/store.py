"""An auth store on any backend: leases, snapshots, revisions."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Final, Self

from blazz.auth_stores.backend import Backend
from blazz.auth_stores.base import DEFAULT_TTL, Holder, Lease
from blazz.auth_stores.clock import Clock, unstopped
from blazz.auth_stores.leasing import Leasing
from blazz.auth_stores.manifests import BadManifest, Manifests
from blazz.auth_stores.ownership import Ownership
from blazz.auth_stores.record import Entry
from blazz.auth_stores.record_access import Records
from blazz.auth_stores.repairing import repair
from blazz.auth_stores.revisions import Damage, Revision, Saved, SessionKey, Verification
from blazz.auth_stores.saving import BaseMoved, Saver, Settings
from blazz.auth_stores.snapshot.contents import Kind, Snapshot
from blazz.auth_stores.snapshot.names import BlobName
from blazz.auth_stores.snapshot.reading import OpenedSnapshot, Shelf
from blazz.auth_stores.snapshot.retention import Retention
from blazz.auth_stores.verifying import Verifier
from blazz.errors import OwnershipLost, SnapshotDamaged, SnapshotNotFound, StaleSnapshot
from blazz.security.keyring import KeyRing

_SAVE_ATTEMPTS: Final = 3
_log = logging.getLogger("blazz.auth_stores")


class SnapshotStore:
    """An `AuthStore` on a `Backend`: what is the same in all stores.

    Args:
        backend: Where the bytes are.
        keyring: Seals what is stored.
        settings: How snapshots are cut and kept.
        clock: Measures leases; only tests give another one.
    """

    def __init__(
        self,
        backend: Backend,
        *,
        keyring: KeyRing,
        settings: Settings | None = None,
        clock: Clock = unstopped,
    ) -> None:
        self.backend = backend
        self.warnings: tuple[str, ...] = ()
        """What `open` found that is not good but can be lived with."""
        self._clock = clock
        self._records = Records(backend)
        self._manifests = Manifests(backend, keyring)
        self._saver = Saver(backend, self._records, self._manifests, settings or Settings())
        self._leasing = Leasing(backend, self._records, clock)
        self._owned: dict[str, Ownership] = {}
        self._damaged: defaultdict[SessionKey, set[str]] = defaultdict(set)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.backend.name}>"

    async def open(self) -> None:
        """Connect and check the store; see `AuthStore.open`."""
        try:
            self.warnings = tuple(await self.backend.open())
        except BaseException:
            await self.backend.close()
            raise
        for warning in self.warnings:
            _log.warning("%s: %s", self.backend.name, warning)

    async def close(self) -> None:
        """Let go of connections; see `AuthStore.close`."""
        await self.backend.close()

    async def __aenter__(self) -> Self:
        await self.open()
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.close()

    # Leases

    async def acquire(
        self, session: SessionKey, owner: str, *, ttl: float = DEFAULT_TTL, wait: float = 0.0
    ) -> Lease:
        """Become the owner of a session; see `AuthStore.acquire`."""
        lease = await self._leasing.acquire(session, owner, ttl=ttl, wait=wait)
        for token in [t for t, own in self._owned.items() if own.lease.session == session]:
            del self._owned[token]
        self._owned[lease.token] = Ownership(lease)
        return lease

    async def renew(self, lease: Lease) -> Lease:
        """Make a lease good for its full time again; see `AuthStore.renew`."""
        return await self._leasing.renew(lease)

    async def release(self, lease: Lease) -> None:
        """Give a session up; see `AuthStore.release`."""
        async with self._owning(lease):
            await self._leasing.release(lease)
        self._owned.pop(lease.token, None)

    async def holder(self, session: SessionKey) -> Holder | None:
        """Tell who holds a session; see `AuthStore.holder`."""
        return await self._leasing.holder(session)

    @asynccontextmanager
    async def _owning(self, lease: Lease) -> AsyncIterator[Ownership]:
        """Take turns with what else is done under a lease, with what is remembered of it."""
        own = self._owned.setdefault(lease.token, Ownership(lease))
        async with own.lock:
            try:
                yield own
            except OwnershipLost:
                self._owned.pop(lease.token, None)
                raise

    # Snapshots

    async def save(
        self,
        snapshot: Snapshot,
        lease: Lease,
        *,
        base: int | None = None,
        refresh: int | None = None,
    ) -> Saved:
        """Store a snapshot as the newest revision of its kind; see `AuthStore.save`.

        Args:
            snapshot: What to store.
            lease: The lease of the session.
            base: The revision that it grew from.
            refresh: How many stored chunks may be moved to the newest key; `Settings.refresh` by
                default.
        """
        started = self._clock()
        async with self._owning(lease) as own:
            for _ in range(_SAVE_ATTEMPTS):
                try:
                    entry, draft = await self._saver.save(
                        snapshot,
                        own,
                        base=base,
                        damaged=self._damaged[lease.session],
                        refresh=refresh,
                    )
                except BaseMoved:
                    continue
                return Saved(
                    revision=entry.revision,
                    unchanged=draft.unchanged,
                    uploaded=0 if draft.unchanged else entry.revision.uploaded,
                    new_chunks=draft.new_chunks,
                    reused_chunks=draft.reused_chunks,
                    seconds=self._clock() - started,
                )
        raise StaleSnapshot(f"{lease.session}: others save under the same lease")

    async def load(
        self, session: SessionKey, *, kind: Kind = Kind.WEB, revision: int | None = None
    ) -> OpenedSnapshot:
        """Open a revision; see `AuthStore.load`."""
        record, _ = await self._records.read(session)
        skipped: list[Damage] = []
        for entry in reversed(record.of_kind(kind)):
            if revision is None or entry.revision.number == revision:
                try:
                    return await self._opened(session, entry, tuple(skipped))
                except BadManifest as error:
                    skipped.append(_damage(session, entry, str(error)))
        if skipped:
            raise SnapshotDamaged(f"no whole revision: {skipped[0]}", damage=skipped)
        which = f"revision {revision}" if revision is not None else "revision"
        raise SnapshotNotFound(f"{session} has no {which} of kind {kind} in {self.backend.name}")

    async def _opened(
        self, session: SessionKey, entry: Entry, skipped: tuple[Damage, ...]
    ) -> OpenedSnapshot:
        async def fetch(pack: str) -> bytes | None:
            return await self.backend.get(session, pack)

        async def is_listed() -> bool:
            record, _ = await self._records.read(session)
            return any(each.manifest == entry.manifest for each in record.entries)

        try:
            manifest = await self._manifests.read(session, entry)
        except BadManifest:
            if not await is_listed():
                raise SnapshotNotFound(
                    f"{session}: revision {entry.revision.number} was retired while it was read"
                ) from None
            raise
        return OpenedSnapshot(
            session=session,
            revision=entry.revision,
            manifest=manifest,
            sealer=self._manifests.sealer(session, entry.revision.kind),
            shelf=Shelf(fetch=fetch, is_listed=is_listed, report=self._damaged[session].add),
            skipped=skipped,
        )

    async def history(self, session: SessionKey, *, kind: Kind | None = None) -> list[Revision]:
        """List the revisions that are kept, newest first; see `AuthStore.history`."""
        record, _ = await self._records.read(session)
        return [entry.revision for entry in reversed(record.of_kind(kind))]

    async def verify(self, session: SessionKey) -> Verification:
        """Read everything stored of a session and prove it; see `AuthStore.verify`.

        What is damaged is stored anew by the next save from this process.
        """
        verifier = Verifier(session, self.backend, self._records, self._manifests)
        verification = await verifier.verify()
        self._damaged[session] |= verifier.damaged_packs
        return verification

    async def delete(self, lease: Lease) -> None:
        """Delete all revisions of a session; see `AuthStore.delete`."""
        async with self._owning(lease) as own:
            await self._records.change(lease.session, lambda record, _: record.emptied(lease))
            listing = await self.backend.names(lease.session)
            ours = [name for name in listing if _epoch_of(name) <= lease.epoch]
            own.forget()
            await self.backend.delete(lease.session, ours)

    async def prune(self, lease: Lease, *, keep: Retention | None = None) -> list[Revision]:
        """Delete older revisions now.

        Args:
            lease: The lease of the session.
            keep: Which revisions stay; by default the newest of each kind.

        Returns:
            Those that are left, newest first.

        Raises:
            OwnershipLost: Another owner has the session; nothing was changed.
        """
        keep = keep or Retention(newest=1, hourly=0, daily=0)
        async with self._owning(lease) as own:
            record = await self._records.change(
                lease.session, lambda record, _: record.pruned(lease, keep)
            )
            own.finder.see(await self.backend.names(lease.session))
            await self._saver.cleaner.clean(own, record)
        return [entry.revision for entry in reversed(record.entries)]

    async def repair(self, session: SessionKey) -> list[Revision]:
        """Make a lost or damaged record anew; see `blazz.auth_stores.repairing`.

        Returns:
            The revisions, newest first.

        Raises:
            AuthStoreError: The record is whole; nothing was changed.
        """
        await repair(session, self.backend, self._manifests)
        return await self.history(session)

    async def sessions(self, workspace: str | None = None) -> list[SessionKey]:
        """List the sessions that have a revision, in order; see `AuthStore.sessions`."""
        found = []
        for session in sorted(await self.backend.sessions(workspace)):
            record, _ = await self._records.read(session)
            if record.entries:
                found.append(session)
        return found


def _damage(session: SessionKey, entry: Entry, reason: str) -> Damage:
    revision = entry.revision
    return Damage(
        session=session,
        kind=revision.kind,
        revision=revision.number,
        part="manifest",
        reason=reason,
    )


def _epoch_of(name: str) -> int:
    parsed = BlobName.parse(name)
    return 0 if parsed is None else parsed.epoch
