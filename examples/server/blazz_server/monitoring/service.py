"""Measures of the library and of the server, in one place that Prometheus reads."""

from __future__ import annotations

from typing import Final

import anyio
from opentelemetry.exporter.prometheus import PrometheusMetricReader
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
from prometheus_client import CollectorRegistry

from blazz.telemetry import Telemetry
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
        limits: CardinalityLimits = dict.fromkeys(_INSTRUMENTS, _MOST_SERIES)
        reader = PrometheusMetricReader(
            registry=self.registry, scope_info_enabled=False, cardinality_limits=limits
        )
        about = Resource({"service.name": "blazz-server", "service.instance.id": settings.instance})
        self._provider = MeterProvider([reader], about, shutdown_on_exit=False)
        self.meter = self._provider.get_meter("blazz_server")
        self.telemetry = Telemetry(self._provider.get_meter("blazz"))

    async def open(self) -> None:
        """Begin to measure; nothing is to be prepared."""

    async def run(self) -> None:
        """Measure until cancelled; the instruments do it by themselves."""
        await anyio.sleep_forever()

    async def close(self) -> None:
        """Measure no longer."""
        self._provider.shutdown()
