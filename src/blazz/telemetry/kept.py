"""Measures of kept sessions: backups, restores, ownership, disks."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from blazz.telemetry.instruments import (
    SESSION,
    WORKSPACE,
    Instruments,
    attributes_of,
    observation,
    parts_of,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation


@dataclass(slots=True)
class _Kept:
    """What is known of a session that this process keeps."""

    saved_at: float | None = None
    changed_at: float | None = None
    """When the first change was that is not stored yet."""
    folder: Path | None = None


class KeptSessions:
    """Measures the sessions that this process keeps, each named by its key, `<workspace>/<name>`.

    Args:
        make: Makes the instruments.
    """

    def __init__(self, make: Instruments) -> None:
        self._kept: dict[str, _Kept] = {}
        self._duration = make.histogram("blazz.backup.duration", "s", "How long backups took")
        self._pause = make.histogram(
            "blazz.backup.pause", "s", "How long browsers stood still for a capture"
        )
        self._uploaded = make.counter("blazz.backup.uploaded", "By", "What backups stored")
        where = (WORKSPACE, SESSION)
        self._failures = make.tally(
            "blazz.backup.failures", "{backup}", "Backups that failed", *where
        )
        self._size = make.gauge("blazz.snapshot.size", "By", "The size of the newest state")
        self._damaged = make.tally(
            "blazz.snapshot.damaged",
            "{snapshot}",
            "Stored states that restores passed over",
            *where,
        )
        self._restore = make.histogram("blazz.restore.duration", "s", "How long restores took")
        self._lost = make.tally("blazz.ownership.lost", "{lease}", "Leases that were lost", *where)
        make.observed("blazz.snapshot.age", "s", "Age of the newest stored state", self._ages)
        make.observed(
            "blazz.snapshot.lag", "s", "Since the first change that is not stored", self._lags
        )
        make.observed("blazz.session.owned", "{session}", "Sessions owned here", self._owned)
        make.observed("blazz.disk.used", "By", "Used on the disk of sessions", self._disk_used)
        make.observed("blazz.disk.size", "By", "Size of the disk of sessions", self._disk_size)

    def session_owned(self, session: str) -> None:
        """A session is owned by this process from now on."""
        self._kept[session] = _Kept()
        for tally in (self._failures, self._damaged, self._lost):
            tally.cell(*parts_of(session))

    def session_released(self, session: str) -> None:
        """A session is owned by this process no longer."""
        self._kept.pop(session, None)

    def session_folder(self, session: str, folder: Path) -> None:
        """A session runs in a folder; the disk that it is on is watched."""
        self._of(session).folder = folder

    def session_changed(self, session: str) -> None:
        """A session has changed; until it is backed up, that is here alone."""
        kept = self._of(session)
        if kept.changed_at is None:
            kept.changed_at = time.monotonic()

    def backup_saved(self, session: str, *, size: int, uploaded: int, seconds: float) -> None:
        """The state of a session is in the store, whether or not it had changed."""
        kept = self._of(session)
        kept.saved_at, kept.changed_at = time.monotonic(), None
        names = attributes_of(session)
        self._duration.record(seconds, names)
        self._uploaded.add(uploaded, names)
        self._size.set(size, names)

    def backup_failed(self, session: str) -> None:
        """The state of a session could not be stored."""
        self._failures.add(1, *parts_of(session))

    def browser_paused(self, session: str, seconds: float) -> None:
        """A browser stood still while its files were taken."""
        self._pause.record(seconds, attributes_of(session))

    def snapshot_restored(self, session: str, *, size: int, age: float, seconds: float) -> None:
        """A session goes on from a state that was stored `age` seconds ago."""
        self._of(session).saved_at = time.monotonic() - age
        names = attributes_of(session)
        self._restore.record(seconds, names)
        self._size.set(size, names)

    def snapshot_damaged(self, session: str) -> None:
        """A stored state was passed over."""
        self._damaged.add(1, *parts_of(session))

    def ownership_lost(self, session: str) -> None:
        """A lease ended before it was given back."""
        self._lost.add(1, *parts_of(session))

    def _of(self, session: str) -> _Kept:
        return self._kept.setdefault(session, _Kept())

    # What is read when somebody looks

    def _ages(self, _: CallbackOptions) -> Iterable[Observation]:
        now = time.monotonic()
        for session, kept in list(self._kept.items()):
            if kept.saved_at is not None:
                yield observation(now - kept.saved_at, attributes_of(session))

    def _lags(self, _: CallbackOptions) -> Iterable[Observation]:
        now = time.monotonic()
        for session, kept in list(self._kept.items()):
            lag = 0.0 if kept.changed_at is None else now - kept.changed_at
            yield observation(lag, attributes_of(session))

    def _owned(self, _: CallbackOptions) -> Iterable[Observation]:
        for session in list(self._kept):
            yield observation(1, attributes_of(session))

    def _disk_used(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, usage in self._disks():
            yield observation(usage.used, attributes_of(session))

    def _disk_size(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, usage in self._disks():
            yield observation(usage.total, attributes_of(session))

    def _disks(self) -> Iterable[tuple[str, Any]]:
        for session, kept in list(self._kept.items()):
            if kept.folder is not None and kept.folder.exists():
                yield session, shutil.disk_usage(kept.folder)
