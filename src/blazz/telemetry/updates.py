"""Measures of receiving: webhook requests, updates, handlers, and what waits in the inbox."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from blazz.telemetry.instruments import OUTCOME, WORKSPACE, Cell, Instruments, observation

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation


class Updates:
    """Measures what is received, by workspace.

    Args:
        make: Makes the instruments.
    """

    def __init__(self, make: Instruments) -> None:
        self._depths: dict[str, int] = {}
        self._handlers: dict[tuple[str, str, str], tuple[Cell, Cell]] = {}
        self._requests = make.histogram(
            "blazz.webhook.duration", "s", "From a webhook request's body to its answer"
        )
        self._received = make.tally(
            "blazz.updates.received", "{update}", "Updates received", WORKSPACE, "blazz.kind"
        )
        self._settled = make.tally(
            "blazz.updates.settled", "{update}", "What became of updates", WORKSPACE, OUTCOME
        )
        self._lag = make.histogram(
            "blazz.updates.lag",
            "s",
            "From WhatsApp's time of an update to when it is recorded here; the oldest of a batch",
            bounds=(0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1800.0, 7200.0, 86400.0),
        )
        handler = (WORKSPACE, "blazz.handler", OUTCOME)
        self._calls = make.tally("blazz.handler.calls", "{call}", "Calls of handlers", *handler)
        self._busy = make.tally("blazz.handler.time", "s", "Time spent in handlers", *handler)
        make.observed("blazz.inbox.depth", "{update}", "Updates to be handled", self._waiting)

    def opened(self, workspace: str) -> None:
        """Updates are received for a workspace from now on."""
        for kind in ("new", "duplicate", "unrouted", "foreign", "unreadable"):
            self._received.cell(workspace, kind)
        for outcome in ("done", "failed", "dead", "forgotten"):
            self._settled.cell(workspace, outcome)

    def answered(self, workspace: str, status: int, seconds: float) -> None:
        """A webhook request was answered."""
        names = {WORKSPACE: workspace, "http.response.status_code": str(status)}
        self._requests.record(seconds, names)

    def received(self, workspace: str, kind: str, count: int) -> None:
        """Updates came: `new` ones, a `duplicate`, or such as belong to no session."""
        self._received.add(count, workspace, kind)

    def settled(self, workspace: str, outcome: str, count: int = 1) -> None:
        """Updates are `done`, have `failed` and are tried again, are `dead`, or were `forgotten`.

        The last are such as belong to no session, of which one secret had signed too many.
        """
        self._settled.add(count, workspace, outcome)

    def recorded(self, workspace: str, seconds: float) -> None:
        """The oldest of some updates was recorded this long after it happened."""
        self._lag.record(max(0.0, seconds), {WORKSPACE: workspace})

    def handler_called(
        self, workspace: str, handler: str, outcome: str, count: int, seconds: float
    ) -> None:
        """A handler was called."""
        # Once for each update: the two numbers are found with one look.
        names = (workspace, handler, outcome)
        cells = self._handlers.get(names)
        if cells is None:
            cells = self._calls.cell(*names), self._busy.cell(*names)
            self._handlers[names] = cells
        calls, busy = cells
        calls.value += count
        busy.value += seconds

    def waiting(self, workspace: str, count: int) -> None:
        """So many updates wait to be handled."""
        self._depths[workspace] = count

    def _waiting(self, _: CallbackOptions) -> Iterable[Observation]:
        for workspace, count in list(self._depths.items()):
            yield observation(count, {WORKSPACE: workspace})
