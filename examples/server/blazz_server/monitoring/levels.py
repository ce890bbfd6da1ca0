"""Levels that can only be read with a query, such as how much waits in a table."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import TypeAlias

from opentelemetry.metrics import CallbackOptions, Meter, Observation

Read: TypeAlias = Callable[[], Awaitable[float | Mapping[str, float]]]
_log = logging.getLogger(__name__)


class Levels:
    """Asks for levels and shows what was answered last.

    Prometheus' questions are answered at once, and many of them cost no more than one.

    Args:
        meter: Makes the gauges.
    """

    def __init__(self, meter: Meter) -> None:
        self._meter = meter
        self._levels: list[_Level] = []

    def add(self, name: str, unit: str, description: str, read: Read, *, by: str) -> None:
        """Add a level; see `Monitoring.level`."""
        level = _Level(name, read, by)
        self._meter.create_observable_gauge(name, [level.show], unit, description)
        self._levels.append(level)

    async def look(self) -> None:
        """Read all levels; one that cannot be read is not shown, rather than shown as it was."""
        for level in self._levels:
            try:
                level.shown = await level.read()
            except Exception as error:  # noqa: BLE001  # whatever it asks, the rest is measured
                level.shown = None
                _log.warning("%s cannot be read: %s", level.name, error)


class _Level:
    """One of them."""

    def __init__(self, name: str, read: Read, by: str) -> None:
        self.name = name
        self.read = read
        self.shown: float | Mapping[str, float] | None = None
        self._by = by

    def show(self, _: CallbackOptions) -> Iterable[Observation]:
        if isinstance(self.shown, Mapping):
            for value, amount in self.shown.items():
                yield Observation(amount, {self._by: value})
        elif self.shown is not None:
            yield Observation(self.shown)
