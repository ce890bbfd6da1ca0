"""Which campaigns pause for what is reported of quality."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from blazz.campaigns import Variants
from blazz.campaigns.ledger.records import CampaignState
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.quality import concern, heed
from blazz.events.base import Event
from blazz.events.numbers import NumberQualityChanged
from blazz.events.templates import TemplateQualityChanged, TemplateStatusChanged
from blazz.messages import Template, Text
from tests.unit.campaigns.senders import a_campaign, people

COMMON: dict[str, Any] = {"key": "k", "at": datetime.now(UTC)}
FLAGGED = NumberQualityChanged(change="FLAGGED", **COMMON)
PAUSED = TemplateStatusChanged(
    status="PAUSED", name="promo", language="id", description="low quality", **COMMON
)
RED = TemplateQualityChanged(score="RED", name="promo", language="id", **COMMON)


@pytest.mark.parametrize(
    "event",
    [
        NumberQualityChanged(change="UNFLAGGED", **COMMON),
        NumberQualityChanged(change="THROUGHPUT_UPGRADE", **COMMON),
        TemplateStatusChanged(status="APPROVED", name="promo", **COMMON),
        TemplateStatusChanged(status="PAUSED", **COMMON),
        TemplateQualityChanged(score="GREEN", name="promo", **COMMON),
    ],
)
def test_what_gets_better_is_no_concern(event: Event) -> None:
    assert concern(event) is None


@pytest.mark.parametrize(
    ("event", "paused", "reason"),
    [
        (FLAGGED, {"text", "indonesian", "english", "any", "varied"}, "lowered the number's"),
        (PAUSED, {"indonesian", "any", "varied"}, "promo is paused: low quality"),
        (RED, {"indonesian", "any", "varied"}, "promo is rated low"),
    ],
)
async def test_the_campaigns_concerned_pause(
    ledger: SqliteLedger, event: Event, paused: set[str], reason: str
) -> None:
    messages = {
        "text": Text("Halo"),
        "indonesian": Template("promo", language="id"),
        "english": Template("promo", language="en"),
        "any": Template("promo", language="{name}"),
        "varied": Variants({"a": Text("Halo"), "b": Template("promo", language="id")}),
    }
    campaigns = {
        name: a_campaign(ledger, None, people(2), id=name, message=message)
        for name, message in messages.items()
    }
    campaigns["elsewhere"] = a_campaign(
        ledger, None, people(2), id="elsewhere", message=Text("Halo"), session="other"
    )
    for campaign in campaigns.values():
        await campaign.start()
    count = await heed(ledger, event, workspace="default", session="default", now=1.0)
    rows = {name: await ledger.find("default", name) for name in campaigns}
    found = {name for name, row in rows.items() if row and row.state is CampaignState.PAUSED}
    assert (found, count) == (paused, len(paused))
    for name in paused:
        row = rows[name]
        assert row is not None
        assert row.reason is not None
        assert reason in row.reason
    assert await heed(ledger, event, workspace="default", session="default", now=2.0) == 0
