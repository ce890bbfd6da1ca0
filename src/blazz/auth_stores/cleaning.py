"""Deletes what no revision refers to any more."""

from __future__ import annotations

import logging
from typing import Final

from blazz.auth_stores.backend import Backend
from blazz.auth_stores.manifests import BadManifest, Manifests
from blazz.auth_stores.ownership import Ownership
from blazz.auth_stores.record import Entry, Record
from blazz.auth_stores.tasks import BoundedTasks
from blazz.errors import StoreUnavailable, WrongKey

_READS_AT_ONCE: Final = 4
_log = logging.getLogger("blazz.auth_stores")


class Cleaner:
    """Deletes garbage after a save, see `blazz.auth_stores.garbage`."""

    def __init__(self, backend: Backend, manifests: Manifests) -> None:
        self._backend = backend
        self._manifests = manifests

    async def clean(self, own: Ownership, record: Record) -> None:
        """Delete what nothing refers to; what fails is left for the next time.

        Args:
            own: The owner; its lock is held, so no save of it is under way.
            record: The record, read or written by this owner just now.
        """
        session = own.lease.session
        # What failed saves have uploaded and this one did not need is garbage from here on.
        for packs in own.uploaded.values():
            packs.clear()
        try:
            await self._learn(own, record)
            own.doomed |= own.finder.garbage(record)
            if own.doomed:
                await self._backend.delete(session, sorted(own.doomed))
                own.doomed.clear()
        except (StoreUnavailable, BadManifest, WrongKey) as error:
            # What an unreadable revision refers to is not known: while it is kept, nothing goes.
            _log.warning("%s: nothing is cleaned up for now: %s", session, error)

    async def _learn(self, own: Ownership, record: Record) -> None:
        unknown = set(own.finder.unknown(record))
        async with BoundedTasks(_READS_AT_ONCE) as tasks:
            for entry in record.entries:
                if entry.manifest in unknown:
                    await tasks.start(self._learn_one, own, entry)

    async def _learn_one(self, own: Ownership, entry: Entry) -> None:
        manifest = await self._manifests.read(own.lease.session, entry)
        own.finder.learn(entry.manifest, manifest)
