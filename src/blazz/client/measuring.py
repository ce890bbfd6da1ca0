"""Tells telemetry what happens in a client; where nobody measures, nothing is told."""

from __future__ import annotations

import dataclasses
import functools
import time
from collections.abc import Callable, Sequence

from blazz.campaigns.handle import OVER
from blazz.campaigns.progress import Progress
from blazz.events.base import UNDATED
from blazz.events.sessions import SessionState, StateReason
from blazz.events.statuses import StatusChanged
from blazz.telemetry import Telemetry
from blazz.telemetry.sessions import Sends
from blazz.webhooks.delivery import Delivery
from blazz.webhooks.observations import (
    BacklogMeasured,
    BodiesSplit,
    HandlerCalled,
    Observation,
    Observer,
    RequestAnswered,
    UpdateDied,
    UpdatesForgotten,
    UpdatesSettled,
    ignore,
)


class ClientMeasures:
    """The measures of one workspace.

    Args:
        telemetry: The instruments.
        workspace: The workspace.
    """

    def __init__(self, telemetry: Telemetry, workspace: str) -> None:
        self.telemetry = telemetry
        self._workspace = workspace
        telemetry.workspace_opened(workspace)

    # Sessions

    def sends_of(self, session: str) -> Sends:
        """Measure what a session sends."""
        return self.telemetry.sessions.sends_of(session)

    def states_of(self, session: str) -> Callable[[SessionState, StateReason], None]:
        """Measure where a session stands."""
        return functools.partial(self._entered, session)

    def _entered(self, session: str, state: SessionState, reason: StateReason) -> None:
        self.telemetry.sessions.entered(session, state.value, reason.value)

    def held_by(self, session: str) -> Callable[[int], None]:
        """Measure what a session holds that the inbox did not take yet."""
        return functools.partial(self.telemetry.sessions.holds, session)

    def forget(self, session: str) -> None:
        """A session is no longer open here."""
        self.telemetry.sessions.closed(session)

    # Receiving

    @property
    def observer(self) -> Observer:
        """What observes receiving."""
        return ignore if self.telemetry.is_silent else self._observe

    def _observe(self, observation: Observation) -> None:
        updates, workspace = self.telemetry.updates, self._workspace
        match observation:
            case HandlerCalled():  # the most frequent
                updates.handler_called(
                    workspace,
                    observation.handler,
                    observation.outcome,
                    observation.updates,
                    observation.seconds,
                )
            case UpdatesSettled(done, failed):
                updates.settled(workspace, "done", done)
                updates.settled(workspace, "failed", failed)
            case RequestAnswered(status=status, seconds=seconds):
                updates.answered(workspace, status, seconds)
            case BodiesSplit():
                updates.received(workspace, "new", observation.new)
                updates.received(workspace, "duplicate", observation.duplicates)
                updates.received(workspace, "unrouted", observation.unrouted)
                updates.received(workspace, "foreign", observation.foreign)
                updates.received(workspace, "unreadable", observation.unreadable)
            case UpdateDied():
                updates.settled(workspace, "dead")
            case UpdatesForgotten(updates=count):
                updates.settled(workspace, "forgotten", count)
            case BacklogMeasured(updates=count):
                updates.waiting(workspace, count)

    def recorded(self, deliveries: Sequence[Delivery]) -> None:
        """Updates are about to be recorded, the oldest first."""
        if self.telemetry.is_silent or not deliveries:
            return
        at = deliveries[0].event.at
        if at is not UNDATED:
            self.telemetry.updates.recorded(self._workspace, time.time() - at.timestamp())
        sessions = self.telemetry.sessions
        for each in deliveries:
            if isinstance(each.event, StatusChanged):
                sessions.status_reported(each.session, each.event.status.value)

    def quality_dropped(self, session: str) -> None:
        """WhatsApp lowered the quality of a session's number, or of a template."""
        self.telemetry.sessions.quality_dropped(session)

    # Campaigns and live events

    def progressed(self, progress: Progress) -> None:
        """A campaign got further."""
        self.telemetry.campaigns.progressed(
            self._workspace,
            progress.campaign,
            phase=progress.phase.value,
            rate=progress.rate,
            recipients=dataclasses.asdict(progress.counts),
            is_over=progress.phase in OVER,
        )

    def limited(self, session: str, seconds: float) -> None:
        """The limiter made a campaign wait."""
        self.telemetry.campaigns.limited(session, seconds)

    def live_event_dropped(self) -> None:
        """A live event was dropped."""
        self.telemetry.live_event_dropped(self._workspace)
