"""What is measured: read through OpenTelemetry's own reader, and nothing without it."""

from __future__ import annotations

import functools
import re
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio.lowlevel
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

from blazz import telemetry as module
from blazz.auth_stores import MemoryAuth
from blazz.auth_stores.keeping import Keeping, StoreKeeper
from blazz.errors import ConnectionFailed, DeliveryUnknown, NotSupported, Rejected, Throttled
from blazz.telemetry import Telemetry
from tests.faulty import FaultyBackend
from tests.measuring import measure_everything
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


def points(reader: InMemoryMetricReader) -> dict[str, list[Any]]:
    """The points of each instrument, by name."""
    data = reader.get_metrics_data()
    return {
        metric.name: list(metric.data.data_points)
        for resource in (data.resource_metrics if data else ())
        for scope in resource.scope_metrics
        for metric in scope.metrics
    }


def measured(reader: InMemoryMetricReader) -> dict[str, Any]:
    """The one point of each instrument, by name."""
    found: dict[str, Any] = {}
    for name, its_points in points(reader).items():
        (found[name],) = its_points
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
    telemetry.kept.browser_paused(str(SESSION), 0.01)

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

    telemetry.kept.session_released(str(SESSION))
    assert "blazz.snapshot.age" not in points(reader), "what is not ours is not measured"


def test_what_happens_seldom_is_shown_before_it_happens(
    telemetry: Telemetry, reader: InMemoryMetricReader
) -> None:
    """Whoever watches a counter's growth would miss one that begins with 1."""
    telemetry.kept.session_owned("acme/support")
    telemetry.sessions.entered("acme/support", "ready", "connected")
    telemetry.workspace_opened("acme")

    found = points(reader)

    assert found["blazz.ownership.lost"][0].value == 0
    assert found["blazz.backup.failures"][0].value == 0
    assert found["blazz.quality.drops"][0].value == 0
    assert found["blazz.live.dropped"][0].value == 0
    settled = {it.attributes["blazz.outcome"]: it.value for it in found["blazz.updates.settled"]}
    assert settled == {"done": 0, "failed": 0, "dead": 0, "forgotten": 0}


def test_a_change_that_is_not_stored_grows_old(
    telemetry: Telemetry, reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A session in which nothing happens has an old state, and nothing to store."""
    now = 1000.0
    monkeypatch.setattr("blazz.telemetry.kept.time.monotonic", lambda: now)
    telemetry.kept.session_owned("acme/support")

    def lag() -> float:
        value: float = points(reader)["blazz.snapshot.lag"][0].value
        return value

    now += 3600
    assert lag() == 0
    telemetry.kept.session_changed("acme/support")
    now += 60
    telemetry.kept.session_changed("acme/support")
    now += 60
    assert lag() == 120
    telemetry.kept.backup_saved("acme/support", size=1, uploaded=1, seconds=1)
    assert lag() == 0


def test_a_restored_state_is_as_old_as_it_is(
    telemetry: Telemetry, reader: InMemoryMetricReader
) -> None:
    telemetry.kept.snapshot_restored("acme/support", size=1, age=7200.0, seconds=1)

    assert measured(reader)["blazz.snapshot.age"].value >= 7200


@pytest.mark.parametrize(
    ("error", "outcome"),
    [
        (Throttled("80007"), "throttled"),
        (Rejected("131009"), "refused"),
        (ConnectionFailed("no route"), "not_sent"),
        (DeliveryUnknown("no answer", token="t"), "unknown"),
        (NotSupported("no polls"), "failed"),
    ],
)
async def test_sends_are_counted_by_how_they_end(
    telemetry: Telemetry, reader: InMemoryMetricReader, error: Exception, outcome: str
) -> None:
    sends = telemetry.sessions.sends_of("acme/support")

    async def send(failure: Exception | None) -> int:
        if failure is not None:
            raise failure
        return 7

    assert await sends.measure(send(None)) == 7
    with pytest.raises(type(error)):
        await sends.measure(send(error))

    found = points(reader)
    counts = {it.attributes["blazz.outcome"]: it.value for it in found["blazz.messages.sent"]}
    assert {name: count for name, count in counts.items() if count} == {"accepted": 1, outcome: 1}
    assert {it.attributes["blazz.outcome"] for it in found["blazz.send.duration"]} == {
        "accepted",
        outcome,
    }


def test_a_session_is_in_one_state(telemetry: Telemetry, reader: InMemoryMetricReader) -> None:
    for state in ("starting", "ready", "reconnecting"):
        telemetry.sessions.entered("acme/support", state, "opened")

    found = points(reader)
    (state,) = found["blazz.session.state"]
    assert dict(state.attributes) == {**NAMES, "blazz.state": "reconnecting"}
    assert len(found["blazz.session.changes"]) == 3

    telemetry.sessions.closed("acme/support")
    assert "blazz.session.state" not in points(reader)


def test_a_campaign_that_is_over_is_shown_for_another_hour(
    telemetry: Telemetry, reader: InMemoryMetricReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    progressed = functools.partial(telemetry.campaigns.progressed, "acme", rate=8.0)
    progressed("promo", phase="sending", recipients={"pending": 3}, is_over=False)
    progressed("over", phase="done", recipients={"read": 3}, is_over=True)

    def shown() -> dict[Any, float]:
        found = points(reader)["blazz.campaign.recipients"]
        return {it.attributes["blazz.campaign"]: it.value for it in found}

    assert shown() == {"promo": 3, "over": 3}
    later = time.monotonic() + 3601
    monkeypatch.setattr("blazz.telemetry.campaigns.time.monotonic", lambda: later)
    assert shown() == {"promo": 3}


async def test_every_instrument_is_in_the_table(
    telemetry: Telemetry, reader: InMemoryMetricReader, tmp_path: Path
) -> None:
    measure_everything(telemetry, tmp_path)
    await telemetry.sessions.sends_of(str(SESSION)).measure(anyio.lowlevel.checkpoint())

    documented = set(re.findall(r"^`(blazz\.[a-z.]+)`", module.__doc__ or "", re.MULTILINE))

    assert set(points(reader)) == documented


async def test_without_opentelemetry_nothing_is_measured_and_nothing_fails(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setitem(sys.modules, "opentelemetry.metrics", None)
    silent = Telemetry()

    measure_everything(silent, tmp_path)
    silent.kept.session_released(str(SESSION))
    sending = anyio.lowlevel.checkpoint()
    assert silent.sessions.sends_of(str(SESSION)).measure(sending) is sending, "nothing in between"
    await sending
    assert silent.is_silent
