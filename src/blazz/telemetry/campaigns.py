"""Measures of campaigns: how far they are, how fast they go, and what holds them back."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from blazz.telemetry.instruments import (
    SESSION,
    WORKSPACE,
    Attributes,
    Instruments,
    observation,
    parts_of,
)

if TYPE_CHECKING:
    from opentelemetry.metrics import CallbackOptions, Observation

_SHOWN_AFTERWARDS: Final = 3600.0


@dataclass(frozen=True, slots=True)
class _Shown:
    """A campaign as it was last seen."""

    phase: str
    rate: float
    recipients: Mapping[str, int]
    until: float | None
    """When it is shown no longer; None while it goes on."""


class Campaigns:
    """Measures the campaigns that run in this process or are watched here.

    Args:
        make: Makes the instruments.
    """

    def __init__(self, make: Instruments) -> None:
        self._shown: dict[tuple[str, str], _Shown] = {}
        self._waited = make.tally(
            "blazz.limiter.wait",
            "s",
            "How long campaigns waited for their rate",
            WORKSPACE,
            SESSION,
        )
        make.observed(
            "blazz.campaign.recipients", "{recipient}", "Recipients by state", self._recipients
        )
        make.observed("blazz.campaign.rate", "", "Messages per second", self._rates)
        make.observed("blazz.campaign.phase", "{campaign}", "What campaigns do", self._phases)

    def progressed(
        self,
        workspace: str,
        campaign: str,
        *,
        phase: str,
        rate: float,
        recipients: Mapping[str, int],
        is_over: bool,
    ) -> None:
        """A campaign got further; one that is over is shown for another hour."""
        until = time.monotonic() + _SHOWN_AFTERWARDS if is_over else None
        self._shown[workspace, campaign] = _Shown(phase, rate, recipients, until)

    def limited(self, session: str, seconds: float) -> None:
        """A session's limiter made a campaign wait."""
        self._waited.add(seconds, *parts_of(session))

    # What is read when somebody looks

    def _recipients(self, _: CallbackOptions) -> Iterable[Observation]:
        for names, shown in self._all():
            for state, count in shown.recipients.items():
                yield observation(count, {**names, "blazz.state": state})

    def _rates(self, _: CallbackOptions) -> Iterable[Observation]:
        for names, shown in self._all():
            yield observation(shown.rate, names)

    def _phases(self, _: CallbackOptions) -> Iterable[Observation]:
        for names, shown in self._all():
            yield observation(1, {**names, "blazz.phase": shown.phase})

    def _all(self) -> Iterable[tuple[Attributes, _Shown]]:
        now = time.monotonic()
        for (workspace, campaign), shown in list(self._shown.items()):
            if shown.until is not None and now > shown.until:
                del self._shown[workspace, campaign]
            else:
                yield {WORKSPACE: workspace, "blazz.campaign": campaign}, shown
