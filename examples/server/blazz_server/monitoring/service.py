"""Measures of the library and of the server, in one place that Prometheus reads."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Final

import anyio
from opentelemetry.exporter.prometheus import PrometheusMetricReader
from opentelemetry.metrics import CallbackOptions, Observation
from opentelemetry.sdk.metrics import (
    Counter,
    Histogram,
    MeterProvider,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
from opentelemetry.sdk.metrics.export import CardinalityLimits
from opentelemetry.sdk.resources import Resource
from prometheus_client import CollectorRegistry, GCCollector, ProcessCollector

from blazz.telemetry import Telemetry
from blazz_server.monitoring.levels import Levels, Read
from blazz_server.settings import Settings

_MOST_SERIES: Final = 50_000
"""Of one metric; 500 sessions need a few thousand."""
_INSTRUMENTS: Final = (
    Counter,
    Histogram,
    ObservableCounter,
    ObservableGauge,
    ObservableUpDownCounter,
    UpDownCounter,
)
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0)
_BEAT: Final = 0.5
_LEVELS_EVERY: Final = 15.0


class Monitoring:
    """What is measured here.

    Args:
        settings: What the environment says.

    Attributes:
        meter: Makes instruments of the server's own.
        telemetry: The instruments of the library; given to each workspace's client.
        registry: What Prometheus reads.
    """

    def __init__(self, settings: Settings) -> None:
        self.registry = CollectorRegistry()
        ProcessCollector(registry=self.registry)
        GCCollector(registry=self.registry)
        limits: CardinalityLimits = dict.fromkeys(_INSTRUMENTS, _MOST_SERIES)
        reader = PrometheusMetricReader(
            registry=self.registry, scope_info_enabled=False, cardinality_limits=limits
        )
        about = Resource({"service.name": "blazz-server", "service.instance.id": settings.instance})
        self._provider = MeterProvider([reader], about, shutdown_on_exit=False)
        self.meter = self._provider.get_meter("blazz_server")
        self.telemetry = Telemetry(self._provider.get_meter("blazz"))
        self._levels = Levels(self.meter)
        self._folder = settings.folder
        self._requests = self.meter.create_histogram(
            "http.server.request.duration",
            "s",
            "How long calls took",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        self._delay = self.meter.create_histogram(
            "blazz.server.loop.delay",
            "s",
            "How late the event loop is: above 0.1 s, everything here is slow",
            explicit_bucket_boundaries_advisory=_SECONDS,
        )
        for name, read in (("used", self._disk_used), ("size", self._disk_size)):
            self.meter.create_observable_gauge(
                f"blazz.server.disk.{name}", [read], "By", f"Disk of the server's folder: {name}"
            )

    async def open(self) -> None:
        """Begin to measure; nothing is to be prepared."""

    async def run(self) -> None:
        """Measure what must be looked at, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._watch_loop)
            while True:
                await self._levels.look()
                await anyio.sleep(_LEVELS_EVERY)

    async def close(self) -> None:
        """Measure no longer."""
        self._provider.shutdown()

    def request_answered(self, method: str, route: str, status: int, seconds: float) -> None:
        """A call was answered."""
        names = {
            "http.request.method": method,
            "http.route": route,
            "http.response.status_code": str(status),
        }
        self._requests.record(seconds, names)

    def level(self, name: str, unit: str, description: str, read: Read, *, by: str = "") -> None:
        """Show what can only be read with a query: it is asked for every 15 seconds.

        Args:
            name: The gauge's name, such as `blazz.server.outbox.depth`.
            unit: Its unit, such as `{delivery}`.
            description: What it shows.
            read: Gives its value, or with `by` the values by that attribute.
            by: The attribute.
        """
        self._levels.add(name, unit, description, read, by=by)

    async def _watch_loop(self) -> None:
        while True:
            due = time.perf_counter() + _BEAT
            await anyio.sleep(_BEAT)
            self._delay.record(max(0.0, time.perf_counter() - due))

    def _disk_used(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(shutil.disk_usage(_existing(self._folder)).used)

    def _disk_size(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(shutil.disk_usage(_existing(self._folder)).total)


def _existing(folder: Path) -> Path:
    """The folder, or what it will be in."""
    found = folder.absolute()
    while not found.exists():
        found = found.parent
    return found
