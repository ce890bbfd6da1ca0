"""What a keeper tells of its session: measurements at once, events as soon as they can be kept."""

from __future__ import annotations

import logging
from collections import deque
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Final

import anyio

from blazz.auth_stores.base import Lease
from blazz.auth_stores.restoring import Restored
from blazz.auth_stores.revisions import Saved
from blazz.events.sessions import (
    BackupFailed,
    BackupSaved,
    OwnershipEnded,
    SessionEvent,
    SessionRestored,
    SnapshotSkipped,
)
from blazz.telemetry import Telemetry

Report = Callable[[SessionEvent], Awaitable[None]]

_MOST_UNTOLD: Final = 1000
_log = logging.getLogger("blazz.auth_stores")


async def nobody(_: SessionEvent) -> None:
    """Let an event pass by: there is nobody to tell it to."""


class News:
    """Measures and tells what becomes of one ownership of a session.

    Args:
        lease: The ownership.
        report: Keeps an event for the application; one that fails is reported again.
        telemetry: What is measured.
        again: Seconds until then.
    """

    def __init__(
        self, lease: Lease, *, report: Report, telemetry: Telemetry, again: float = 5.0
    ) -> None:
        self._session = str(lease.session)
        self._epoch = lease.epoch
        self._report = report
        self._telemetry = telemetry
        self._again = again
        self._untold: deque[SessionEvent] = deque(maxlen=_MOST_UNTOLD)
        self._count = 0
        self._arrived = anyio.Event()

    async def run(self) -> None:
        """Tell what there is, until this is cancelled."""
        while True:
            await self._arrived.wait()
            self._arrived = anyio.Event()
            while not await self.tell():  # noqa: ASYNC110  # time passes, nothing happens
                await anyio.sleep(self._again)

    async def tell(self) -> bool:
        """Tell what has not been told yet; gives whether all of it is told now."""
        while self._untold:
            event = self._untold[0]
            try:
                await self._report(event)
            except Exception as error:  # noqa: BLE001  # whatever it is, the session goes on
                _log.warning("%s: could not tell of %s: %s", self._session, event, error)
                return False
            if self._untold and self._untold[0] is event:
                self._untold.popleft()
        return True

    def saved(self, saved: Saved, *, seconds: float) -> None:
        """A backup was made; one that found nothing new is measured and not told."""
        revision = saved.revision
        self._telemetry.kept.backup_saved(
            self._session, size=revision.size, uploaded=saved.uploaded, seconds=seconds
        )
        if not saved.unchanged:
            event = BackupSaved(
                key=self._key(),
                at=_now(),
                revision=revision.number,
                size=revision.size,
                uploaded=saved.uploaded,
                seconds=seconds,
            )
            self._add(event)

    def failed(self, error: Exception, retry_in: float | None) -> None:
        """A backup failed."""
        self._telemetry.kept.backup_failed(self._session)
        text = f"{type(error).__name__}: {error}"
        self._add(BackupFailed(key=self._key(), at=_now(), error=text, retry_in=retry_in))

    def skipped(self, revision: int, reason: str) -> None:
        """A stored state is damaged and was passed over."""
        _log.error("%s: revision %d was passed over: %s", self._session, revision, reason)
        self._telemetry.kept.snapshot_damaged(self._session)
        self._add(SnapshotSkipped(key=self._key(), at=_now(), revision=revision, reason=reason))

    def restored(self, restored: Restored) -> None:
        """The session goes on from a stored state."""
        for damage in restored.skipped:
            self.skipped(damage.revision, f"{damage.part}: {damage.reason}")
        for difference in restored.notes:
            _log.warning("%s: %s", self._session, difference)
        size, seconds = restored.revision.size, restored.seconds
        age = (_now() - restored.revision.at).total_seconds()
        self._telemetry.kept.snapshot_restored(self._session, size=size, age=age, seconds=seconds)
        event = SessionRestored(
            key=self._key(),
            at=_now(),
            revision=restored.revision.number,
            size=size,
            seconds=seconds,
            notes=restored.notes,
        )
        self._add(event)

    def lost(self) -> None:
        """The ownership has ended before it was given back."""
        self._telemetry.kept.ownership_lost(self._session)
        reason = "another process took over, or the lease could not be renewed in time"
        self._add(OwnershipEnded(key=self._key(), at=_now(), epoch=self._epoch, reason=reason))

    def _key(self) -> str:
        """The key of an event; no other ownership has this epoch."""
        self._count += 1
        return f"kept.{self._epoch}.{self._count}"

    def _add(self, event: SessionEvent) -> None:
        self._untold.append(event)
        self._arrived.set()


def _now() -> datetime:
    return datetime.now(UTC)
