"""What a client measures while it sends, receives and runs a campaign."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import anyio
import pytest
from opentelemetry.sdk.metrics import MeterProvider
from opentelemetry.sdk.metrics.export import InMemoryMetricReader

import blazz
from blazz.telemetry import Telemetry
from blazz.webhooks import sign

pytestmark = pytest.mark.usefixtures("quick_starts")

BUDI = "+6281234567890"


def values(reader: InMemoryMetricReader) -> dict[tuple[str, ...], Any]:
    """The value of each point, by the instrument and what its attributes say besides where."""
    found: dict[tuple[str, ...], Any] = {}
    data = reader.get_metrics_data()
    assert data is not None
    for metric in (m for r in data.resource_metrics for s in r.scope_metrics for m in s.metrics):
        for point in metric.data.data_points:
            assert point.attributes["blazz.workspace"] == "acme"
            more = [str(it) for key, it in point.attributes.items() if key not in _WHERE]
            found[metric.name, *more] = getattr(point, "value", getattr(point, "count", None))
    return found


_WHERE = {"blazz.workspace", "blazz.session", "blazz.campaign"}


async def test_what_happens_is_measured(tmp_path: Path) -> None:
    reader = InMemoryMetricReader()
    provider = MeterProvider([reader], shutdown_on_exit=False)
    telemetry = Telemetry(provider.get_meter("blazz"))
    async with blazz.Client(workspace="acme", folder=tmp_path, telemetry=telemetry) as client:
        await talk(client)
        await run_campaign(client)
        with anyio.fail_after(60):
            await client._inbox.dispatcher.drained()
        await put_off(client)
        found = values(reader)

    assert found["blazz.messages.sent", "accepted"] == 4
    assert found["blazz.messages.sent", "unknown"] == 0
    assert found["blazz.send.duration", "accepted"] == 4
    assert found["blazz.messages.status", "delivered"] >= 1
    assert found["blazz.session.state", "ready"] == 1
    assert found["blazz.session.changes", "ready", "connected"] == 1
    assert found["blazz.webhook.duration", "200"] >= 2
    assert found["blazz.webhook.duration", "503"] == 1
    assert found["blazz.updates.received", "new"] >= found["blazz.updates.settled", "done"] >= 2
    assert found["blazz.updates.lag",] >= 1
    assert found["blazz.handler.calls", "hear", "succeeded"] == 1
    assert ("blazz.inbox.depth",) in found
    assert found["blazz.campaign.recipients", "pending"] == 0
    assert found["blazz.campaign.phase", "done"] == 1

    assert ("blazz.session.state", "ready") not in values(reader), "it was closed"
    provider.shutdown()


async def put_off(client: blazz.Client) -> None:
    """A webhook for which the inbox has no room."""
    profile = client.sessions["shop"].provider.webhooks
    assert profile is not None
    headers = {"X-Hub-Signature-256": sign(b"{}", profile.secrets[0])}
    client.webhooks._admission._limit = 0
    assert (await client.webhooks.handle("POST", "", headers, b"{}")).status == 503


async def talk(client: blazz.Client) -> None:
    """One message each way."""
    heard = anyio.Event()

    @client.on(blazz.TextReceived, name="hear")
    async def hear(session: blazz.Session, event: blazz.TextReceived) -> None:
        heard.set()

    sandbox = blazz.Sandbox()
    session = await client.open("shop", sandbox)
    receipt = await session.send(BUDI, blazz.Text("Halo"))
    await receipt.wait(blazz.Delivered, timeout=60)
    await sandbox.user(BUDI).types("Ada?")
    with anyio.fail_after(60):
        await heard.wait()


async def run_campaign(client: blazz.Client) -> None:
    """A campaign to three people."""
    rows = [{"phone": f"+6281234500{number:03}"} for number in range(3)]
    campaign = await client.campaign(
        "promo",
        session=client.sessions["shop"],
        message=blazz.Text("Halo"),
        audience=blazz.Audience.rows(rows),
    )
    async for _ in campaign.run(every=0.05):
        pass
