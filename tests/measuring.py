"""Measures everything that blazz can measure, once."""

from __future__ import annotations

from pathlib import Path

from blazz.telemetry import Telemetry


def measure_everything(telemetry: Telemetry, folder: Path) -> None:
    """Call each method once."""
    key = "acme/support"
    kept, sessions, updates = telemetry.kept, telemetry.sessions, telemetry.updates
    kept.session_owned(key)
    kept.session_folder(key, folder)
    kept.backup_saved(key, size=1, uploaded=1, seconds=1)
    kept.session_changed(key)
    kept.backup_failed(key)
    kept.browser_paused(key, 1)
    kept.snapshot_restored(key, size=1, age=0, seconds=1)
    kept.snapshot_damaged(key)
    kept.ownership_lost(key)
    sessions.entered(key, "ready", "connected")
    sessions.status_reported(key, "read")
    sessions.holds(key, 3)
    sessions.quality_dropped(key)
    updates.answered("acme", 200, 0.01)
    updates.received("acme", "new", 1)
    updates.settled("acme", "done")
    updates.recorded("acme", 1.5)
    updates.handler_called("acme", "greet", "succeeded", 1, 0.1)
    updates.waiting("acme", 7)
    telemetry.campaigns.progressed(
        "acme", "promo", phase="sending", rate=1, recipients={"read": 1}, is_over=False
    )
    telemetry.campaigns.limited(key, 0.5)
    telemetry.live_event_dropped("acme")
