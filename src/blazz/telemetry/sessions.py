"""Measures of open sessions: where they stand, what they send, and what becomes of it."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Iterable, Mapping
from typing import TYPE_CHECKING, Final, TypeVar

from blazz.errors import DeliveryUnknown, NotSent, Refused, Throttled
from blazz.telemetry.instruments import (
    OUTCOME,
    SESSION,
    WORKSPACE,
    Attributes,
    Cell,
    Instruments,
    Records,
    attributes_of,
    observation,
    parts_of,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

T = TypeVar("T")
_ACCEPTED: Final = "accepted"
_OUTCOMES: Final[tuple[tuple[type[Exception], str], ...]] = (
    (Throttled, "throttled"),
    (Refused, "refused"),
    (NotSent, "not_sent"),
    (DeliveryUnknown, "unknown"),
    (Exception, "failed"),
)
_NAMES: Final = (_ACCEPTED, *(name for _, name in _OUTCOMES))


class OpenSessions:
    """Measures the sessions that are open in this process.

    Args:
        make: Makes the instruments.
    """

    def __init__(self, make: Instruments) -> None:
        self._is_silent = make.is_silent
        self._states: dict[str, str] = {}
        self._duration = make.histogram(
            "blazz.send.duration", "s", "From the request to send a message to its answer"
        )
        self._sent = make.tally(
            "blazz.messages.sent", "{message}", "Messages sent", WORKSPACE, SESSION, OUTCOME
        )
        self._statuses = make.tally(
            "blazz.messages.status",
            "{message}",
            "Statuses of messages that were reported",
            WORKSPACE,
            SESSION,
            "blazz.status",
        )
        self._changes = make.tally(
            "blazz.session.changes",
            "{change}",
            "States that sessions came into",
            WORKSPACE,
            SESSION,
            "blazz.state",
            "blazz.reason",
        )
        self._drops = make.tally(
            "blazz.quality.drops",
            "{drop}",
            "How often WhatsApp lowered the quality of a number or template",
            WORKSPACE,
            SESSION,
        )
        make.observed("blazz.session.state", "{session}", "Where sessions stand", self._standing)
        self._held: dict[str, int] = {}
        make.observed(
            "blazz.updates.held",
            "{update}",
            "Updates that the inbox did not take yet",
            self._holding,
        )

    def entered(self, session: str, state: str, reason: str) -> None:
        """A session came into a state."""
        self._states[session] = state
        self._drops.cell(*parts_of(session))
        self._changes.add(1, *parts_of(session), state, reason)

    def closed(self, session: str) -> None:
        """A session is no longer open in this process."""
        self._states.pop(session, None)
        self._held.pop(session, None)

    def holds(self, session: str, count: int) -> None:
        """A session has this many updates that the inbox did not take yet."""
        self._held[session] = count

    def sends_of(self, session: str) -> Sends:
        """Measure what a session sends; to be asked for once."""
        if self._is_silent:
            return Sends()
        workspace, name = parts_of(session)
        cells = {it: self._sent.cell(workspace, name, it) for it in _NAMES}
        return MeasuredSends(self._duration, workspace, cells)

    def status_reported(self, session: str, status: str) -> None:
        """A message of a session got further, or failed."""
        self._statuses.add(1, *parts_of(session), status)

    def quality_dropped(self, session: str) -> None:
        """WhatsApp lowered the quality of the session's number, or of a template."""
        self._drops.add(1, *parts_of(session))

    def _standing(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, state in list(self._states.items()):
            yield observation(1, {**attributes_of(session), "blazz.state": state})

    def _holding(self, _: CallbackOptions) -> Iterable[Observation]:
        for session, count in list(self._held.items()):
            yield observation(count, attributes_of(session))


class Sends:
    """Passes sends on; nobody measures them."""

    __slots__ = ()

    def measure(self, sending: Awaitable[T]) -> Awaitable[T]:
        """Send."""
        return sending


class MeasuredSends(Sends):
    """Measures how long sends take, and how they end.

    Args:
        duration: Is told how long.
        workspace: The workspace.
        cells: Counts by outcome.
    """

    __slots__ = ("_accepted", "_accepted_names", "_cells", "_duration", "_workspace")

    def __init__(self, duration: Records, workspace: str, cells: Mapping[str, Cell]) -> None:
        self._duration = duration
        self._workspace = workspace
        self._cells = cells
        self._accepted = cells[_ACCEPTED]
        self._accepted_names: Attributes = {WORKSPACE: workspace, OUTCOME: _ACCEPTED}

    async def measure(self, sending: Awaitable[T]) -> T:
        """Send, and measure it; one that is cancelled is not counted."""
        start = time.perf_counter()
        try:
            result = await sending
        except Exception as error:
            outcome = next(name for kind, name in _OUTCOMES if isinstance(error, kind))
            self._cells[outcome].value += 1
            names = {WORKSPACE: self._workspace, OUTCOME: outcome}
            self._duration.record(time.perf_counter() - start, names)
            raise
        self._accepted.value += 1
        self._duration.record(time.perf_counter() - start, self._accepted_names)
        return result
