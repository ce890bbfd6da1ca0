"""Reads and changes records, also when the answer of the store is lost."""

from __future__ import annotations

import random
from collections.abc import Callable

import anyio

from blazz.auth_stores.backend import Backend, RecordMoved, StoredRecord
from blazz.auth_stores.record import NotARecord, Record
from blazz.auth_stores.revisions import SessionKey
from blazz.errors import SnapshotDamaged, StoreUnavailable

Step = Callable[[Record, float | None], Record]
"""Gives the next record, from the present one and the store's time. It may run several times, and
refuses by raising."""

_ATTEMPTS = 50


class Records:
    """The records in a backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    async def read(self, session: SessionKey) -> tuple[Record, StoredRecord]:
        """Read a record; one that does not exist is an empty one.

        Raises:
            SnapshotDamaged: It cannot be read; `SnapshotStore.repair` makes it anew.
        """
        stored = await self._backend.read_record(session)
        if stored.content is None:
            return Record(), stored
        try:
            return Record.decode(stored.content), stored
        except NotARecord as error:
            raise SnapshotDamaged(
                f"{session}: the record in {self._backend.name}: {error}"
            ) from error

    async def change(self, session: SessionKey, step: Step) -> Record:
        """Change a record; somebody else's change in between makes `step` run again."""
        for attempt in range(_ATTEMPTS):
            record, stored = await self.read(session)
            changed = step(record, stored.now)
            if changed is record:
                return record
            try:
                await self.write(session, changed, stored)
            except RecordMoved:
                # Both sides of a tie wait for different times, or they would meet again.
                await anyio.sleep(random.uniform(0, 0.005 * attempt))  # noqa: S311  # not a secret
            else:
                return changed
        raise StoreUnavailable(f"{session}: its record in {self._backend.name} changes too often")

    async def write(self, session: SessionKey, changed: Record, expected: StoredRecord) -> None:
        """Write a record in place of the expected one.

        A write whose answer was lost shows up in one of two ways: the store seems not to answer,
        or a repeated request meets its own first one. The name of the write tells.

        Raises:
            RecordMoved: Another one stands there.
        """
        try:
            await self._backend.swap_record(session, changed.encode(), expected=expected)
        except (RecordMoved, StoreUnavailable):
            record, _ = await self.read(session)
            if record.write != changed.write:
                raise
