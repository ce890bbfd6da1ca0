"""What blazz measures: every instrument in one place, silent where OpenTelemetry is missing.

Names follow OpenTelemetry's conventions; times are in seconds, sizes in bytes. Each measurement of
a session carries `blazz.workspace` and `blazz.session`.

============================== ============= ====================================================
`blazz.backup.duration`        histogram, s  from the capture to the end of the upload
`blazz.backup.pause`           histogram, s  how long the browser stood still for a capture
`blazz.backup.uploaded`        counter, By   what backups have added to the store
`blazz.backup.failures`        counter       backups that failed; each is tried again
`blazz.snapshot.age`           gauge, s      time since the newest state was stored
`blazz.snapshot.size`          gauge, By     the size of the newest state
`blazz.snapshot.damaged`       counter       stored states that were passed over by a restore
`blazz.restore.duration`       histogram, s  from the question to the folder in its place
`blazz.session.owned`          gauge         1 while this process owns the session
`blazz.ownership.lost`         counter       leases that ended before they were given back
`blazz.disk.used`              gauge, By     used on the disk that sessions run on
`blazz.disk.size`              gauge, By     the size of that disk
============================== ============= ====================================================
"""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TypeAlias

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Meter, Observation

Attributes: TypeAlias = Mapping[str, str]


class Adds(Protocol):
    """A counter."""

    def add(self, amount: float, attributes: Attributes | None = None) -> None:
        """Count."""
        ...


class Records(Protocol):
    """A histogram."""

    def record(self, amount: float, attributes: Attributes | None = None) -> None:
        """Measure."""
        ...


class Sets(Protocol):
    """A gauge."""

    def set(self, amount: float, attributes: Attributes | None = None) -> None:
        """Show."""
        ...


class _Silent:
    """An instrument that nobody reads."""

    def add(self, amount: float, attributes: Attributes | None = None) -> None: ...

    def record(self, amount: float, attributes: Attributes | None = None) -> None: ...

    def set(self, amount: float, attributes: Attributes | None = None) -> None: ...


@dataclass(slots=True)
class _Kept:
    """What is known of a session that this process keeps."""

    saved_at: float | None = None
    folder: Path | None = None


class Telemetry:
    """The instruments of one client.

    Args:
        meter: An OpenTelemetry meter, for a provider of your own. By default the global one is
            used, if `opentelemetry-api` is installed (extra `otel`); without it nothing is
            measured and nothing is slower.
        enabled: Measure at all.

    Example:
        >>> telemetry = Telemetry()
        >>> telemetry.backup_saved("acme/support", size=15_000_000, uploaded=40_000, seconds=0.3)
    """

    def __init__(self, meter: Meter | None = None, *, enabled: bool = True) -> None:
        self._kept: dict[str, _Kept] = {}
        if enabled and meter is None:
            meter = _global_meter()
        make = _Instruments(meter if enabled else None)
        self._duration = make.histogram("blazz.backup.duration", "s", "How long backups took")
        self._pause = make.histogram(
            "blazz.backup.pause", "s", "How long browsers stood still for a capture"
        )
        self._uploaded = make.counter("blazz.backup.uploaded", "By", "What backups stored")
        self._failures = make.counter("blazz.backup.failures", "{backup}", "Backups that failed")
        self._size = make.gauge("blazz.snapshot.size", "By", "The size of the newest state")
        self._damaged = make.counter(
            "blazz.snapshot.damaged", "{snapshot}", "Stored states that restores passed over"
        )
        self._restore = make.histogram("blazz.restore.duration", "s", "How long restores took")
        self._lost = make.counter("blazz.ownership.lost", "{lease}", "Leases that were lost")
        make.observed("blazz.snapshot.age", "s", "Age of the newest stored state", self._ages)
        make.observed("blazz.session.owned", "{session}", "Sessions owned here", self._owned)
        make.observed("blazz.disk.used", "By", "Used on the disk of sessions", self._disk_used)
        make.observed("blazz.disk.size", "By", "Size of the disk of sessions", self._disk_size)

    # Kept sessions. A session is named by its key, `<workspace>/<name>`.

    def session_owned(self, session: str) -> None:
        """A session is owned by this process from now on."""
        self._kept[session] = _Kept()

    def session_released(self, session: str) -> None:
        """A session is owned by this process no longer."""
        self._kept.pop(session, None)

    def session_folder(self, session: str, folder: Path) -> None:
        """A session runs in a folder; the disk that it is on is watched."""
        self._of(session).folder = folder

    def backup_saved(self, session: str, *, size: int, uploaded: int, seconds: float) -> None:
        """The state of a session is in the store, whether or not it had changed."""
        self._of(session).saved_at = time.monotonic()
        names = attributes_of(session)
        self._duration.record(seconds, names)
        self._uploaded.add(uploaded, names)
        self._size.set(size, names)

    def backup_failed(self, session: str) -> None:
        """The state of a session could not be stored."""
        self._failures.add(1, attributes_of(session))

    def browser_paused(self, session: str, seconds: float) -> None:
        """A browser stood still while its files were taken."""
        self._pause.record(seconds, attributes_of(session))

    def snapshot_restored(self, session: str, *, size: int, seconds: float) -> None:
        """A session goes on from a stored state."""
        names = attributes_of(session)
        self._restore.record(seconds, names)
        self._size.set(size, names)

    def snapshot_damaged(self, session: str) -> None:
        """A stored state was passed over."""
        self._damaged.add(1, attributes_of(session))

    def ownership_lost(self, session: str) -> None:
        """A lease ended before it was given back."""
        self._lost.add(1, attributes_of(session))

    # What is read when somebody looks

    def _of(self, session: str) -> _Kept:
        return self._kept.setdefault(session, _Kept())

    def _ages(self, _: CallbackOptions) -> Iterable[Observation]:
        now = time.monotonic()
        for session, kept in list(self._kept.items()):
            if kept.saved_at is not None:
                yield _observation(now - kept.saved_at, attributes_of(session))

    def _owned(self, _: CallbackOptions) -> Iterable[Observation]:
        for session in list(self._kept):
            yield _observation(1, attributes_of(session))

    def _disk_used(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, usage in self._disks():
            yield _observation(usage.used, attributes_of(session))

    def _disk_size(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, usage in self._disks():
            yield _observation(usage.total, attributes_of(session))

    def _disks(self) -> Iterable[tuple[str, Any]]:
        for session, kept in list(self._kept.items()):
            if kept.folder is not None and kept.folder.exists():
                yield session, shutil.disk_usage(kept.folder)


@dataclass(frozen=True, slots=True)
class _Instruments:
    """Makes instruments of a meter; silent ones without it."""

    meter: Meter | None = field(repr=False)

    def histogram(self, name: str, unit: str, description: str) -> Records:
        if self.meter is None:
            return _Silent()
        return self.meter.create_histogram(name, unit, description)

    def counter(self, name: str, unit: str, description: str) -> Adds:
        if self.meter is None:
            return _Silent()
        return self.meter.create_counter(name, unit, description)

    def gauge(self, name: str, unit: str, description: str) -> Sets:
        if self.meter is None:
            return _Silent()
        return self.meter.create_gauge(name, unit, description)

    def observed(self, name: str, unit: str, description: str, read: Any) -> None:  # noqa: ANN401  # OpenTelemetry's own type of callbacks is not public
        if self.meter is not None:
            self.meter.create_observable_gauge(name, [read], unit, description)


def attributes_of(session: str) -> Attributes:
    """The attributes of a session's measurements.

    Example:
        >>> attributes_of("acme/support")
        {'blazz.workspace': 'acme', 'blazz.session': 'support'}
    """
    workspace, _, name = session.partition("/")
    return {"blazz.workspace": workspace, "blazz.session": name}


def _observation(value: float, attributes: Attributes) -> Observation:
    from opentelemetry.metrics import Observation

    return Observation(value, attributes)


def _global_meter() -> Meter | None:
    try:
        from opentelemetry.metrics import get_meter
    except ModuleNotFoundError:
        return None
    return get_meter("blazz")
