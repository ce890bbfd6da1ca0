"""What blazz measures: every instrument in one place, silent where OpenTelemetry is missing.

Names follow OpenTelemetry's conventions; times are in seconds, sizes in bytes. All measurements
carry `blazz.workspace`; those of a session also `blazz.session`, and those of a campaign
its id as `blazz.campaign`.

============================== ============= ====================================================
`blazz.messages.sent`          counter       messages sent, by `blazz.outcome`: accepted, refused,
                                             throttled, not_sent, unknown, failed
`blazz.messages.status`        counter       what was reported of messages, by `blazz.status`
`blazz.send.duration`          histogram, s  from the request to send to its answer
`blazz.session.state`          gauge         1 for the `blazz.state` that an open session is in
`blazz.session.changes`        counter       states that were entered, with the `blazz.reason`
`blazz.quality.drops`          counter       WhatsApp lowered the quality of number or template
`blazz.webhook.duration`       histogram, s  from a webhook request's body to its answer
`blazz.updates.received`       counter       updates by `blazz.kind`: new, duplicate, unrouted,
                                             foreign, unreadable
`blazz.updates.settled`        counter       updates by `blazz.outcome`: done, failed, dead,
                                             forgotten
`blazz.updates.held`           gauge         updates of a session that the inbox did not take yet
`blazz.updates.lag`            histogram, s  from WhatsApp's time of an update to its record
`blazz.handler.calls`          counter       updates given to each `blazz.handler`
`blazz.handler.time`           counter, s    time that was spent in it
`blazz.inbox.depth`            gauge         updates that wait to be handled
`blazz.campaign.recipients`    gauge         recipients by `blazz.state`
`blazz.campaign.rate`          gauge         messages per second
`blazz.campaign.phase`         gauge         1 for the `blazz.phase` that a campaign is in
`blazz.limiter.wait`           counter, s    how long campaigns waited for their rate
`blazz.live.dropped`           counter       live events that were dropped while the bus was away
`blazz.backup.duration`        histogram, s  from the capture to the end of the upload
`blazz.backup.pause`           histogram, s  how long the browser stood still for a capture
`blazz.backup.uploaded`        counter, By   what backups have added to the store
`blazz.backup.failures`        counter       backups that failed; each is tried again
`blazz.snapshot.age`           gauge, s      time since the newest state was stored
`blazz.snapshot.lag`           gauge, s      time since the first change that is not stored
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

from typing import TYPE_CHECKING

from blazz.telemetry.campaigns import Campaigns
from blazz.telemetry.instruments import WORKSPACE, Instruments, attributes_of
from blazz.telemetry.kept import KeptSessions
from blazz.telemetry.sessions import OpenSessions
from blazz.telemetry.updates import Updates

if TYPE_CHECKING:
    from opentelemetry.metrics import Meter

__all__ = ["Telemetry", "attributes_of"]


class Telemetry:
    """The instruments of one client, or of several that share it.

    Args:
        meter: An OpenTelemetry meter, for a provider of your own. By default the global one is
            used, if `opentelemetry-api` is installed (extra `otel`); without it nothing is
            measured and nothing is slower.
        enabled: Measure at all.

    Attributes:
        is_silent: Whether nobody reads what is measured.
        kept: Measures sessions whose state is kept.
        sessions: Measures open sessions.
        updates: Measures receiving.
        campaigns: Measures campaigns.

    Example:
        >>> telemetry = Telemetry()
        >>> telemetry.sessions.entered("acme/support", "ready", "connected")
    """

    def __init__(self, meter: Meter | None = None, *, enabled: bool = True) -> None:
        if enabled and meter is None:
            meter = _global_meter()
        make = Instruments(meter if enabled else None)
        self.is_silent: bool = make.is_silent
        self.kept: KeptSessions = KeptSessions(make)
        self.sessions: OpenSessions = OpenSessions(make)
        self.updates: Updates = Updates(make)
        self.campaigns: Campaigns = Campaigns(make)
        self._dropped = make.tally(
            "blazz.live.dropped", "{event}", "Live events that were dropped", WORKSPACE
        )

    def workspace_opened(self, workspace: str) -> None:
        """A workspace is served here; what may happen in it shows as 0 until it does."""
        self.updates.opened(workspace)
        self._dropped.cell(workspace)

    def live_event_dropped(self, workspace: str) -> None:
        """A live event was dropped: too many waited for the bus."""
        self._dropped.add(1, workspace)


def _global_meter() -> Meter | None:
    try:
        from opentelemetry.metrics import get_meter
    except ModuleNotFoundError:
        return None
    return get_meter("blazz")
