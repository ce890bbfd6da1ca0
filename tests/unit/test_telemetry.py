"""What is measured: read through OpenTelemetry's own reader, and nothing without it."""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from blazz import telemetry as module
from blazz.auth_stores import MemoryAuth
from blazz.auth_stores.keeping import Keeping, StoreKeeper
from blazz.telemetry import Telemetry
from tests.faulty import FaultyBackend
from tests.sessions import RING, SESSION, web

NAMES = {"blazz.workspace": "acme", "blazz.session": "support"}


@pytest.fixture
def reader() -> Iterator[InMemoryMetricReader]:
    return InMemoryMetricReader()


@pytest.fixture
def telemetry(reader: InMemoryMetricReader) -> Iterator[Telemetry]:
    provider = MeterProvider(metric_readers=[reader])
    yield Telemetry(provider.get_meter("test"))
    provider.shutdown()


def measured(reader: InMemoryMetricReader) -> dict[str, Any]:
    """The one point of each instrument, by name."""
    data = reader.get_metrics_data()
    found: dict[str, Any] = {}
    for resource in data.resource_metrics if data else ():
        for scope in resource.scope_metrics:
            for metric in scope.metrics:
                (found[metric.name],) = metric.data.data_points
    return found


async def test_the_life_of_a_kept_session_is_measured(
    telemetry: Telemetry, reader: InMemoryMetricReader, tmp_path: Path
) -> None:
    backend = FaultyBackend()
    keeper = await StoreKeeper.acquire(
        MemoryAuth(backend, keyring=RING),
        SESSION,
        telemetry=telemetry,
        keeping=Keeping(last_pauses=(0,)),
    )
    await keeper.restore(tmp_path)
    backend.fail("put packs")
    await keeper.save(web({"log": b"x" * 1000}))
    telemetry.browser_paused(str(SESSION), 0.01)

    found = measured(reader)

    assert all(dict(point.attributes) == NAMES for point in found.values())
    assert found["blazz.backup.failures"].value == 1
    assert found["blazz.backup.duration"].count == 1
    assert found["blazz.backup.pause"].sum == 0.01
    assert 0 < found["blazz.backup.uploaded"].value < 1000
    assert found["blazz.snapshot.size"].value == 1000
    assert found["blazz.snapshot.age"].value >= 0
    assert 0 < found["blazz.disk.used"].value <= found["blazz.disk.size"].value
    await keeper.release()

    telemetry.session_released(str(SESSION))
    assert "blazz.snapshot.age" not in measured(reader), "what is not ours is not measured"


def test_every_instrument_is_in_the_table(
    telemetry: Telemetry, reader: InMemoryMetricReader, tmp_path: Path
) -> None:
    key = str(SESSION)
    telemetry.session_owned(key)
    telemetry.session_folder(key, tmp_path)
    telemetry.backup_saved(key, size=1, uploaded=1, seconds=1)
    telemetry.backup_failed(key)
    telemetry.browser_paused(key, 1)
    telemetry.snapshot_restored(key, size=1, seconds=1)
    telemetry.snapshot_damaged(key)
    telemetry.ownership_lost(key)

    documented = set(re.findall(r"^`(blazz\.[a-z.]+)`", module.__doc__ or "", re.MULTILINE))

    assert set(measured(reader)) == documented


def test_without_opentelemetry_nothing_is_measured_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    silent = Telemetry()

    silent.session_owned("acme/support")
    silent.session_folder("acme/support", tmp_path)
    silent.backup_saved("acme/support", size=1, uploaded=1, seconds=1)
    silent.backup_failed("acme/support")
    silent.session_released("acme/support")
