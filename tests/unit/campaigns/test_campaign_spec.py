"""Settings are checked when they are made."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from blazz.campaigns import CampaignSpec, Priority, UnknownPolicy
from blazz.errors import InvalidValue
from blazz.messages import Template, Text


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("id", ""),
        ("id", "Promo"),
        ("id", "-promo"),
        ("id", "a" * 64),
        ("id", "a/b"),
        ("id", "promo\n"),
        ("id", 7),
        ("session", "../x"),
        ("workspace", "a b"),
        ("rate", 0.0),
        ("rate", -1.0),
        ("start_at", datetime(2026, 1, 1)),  # noqa: DTZ001  # that it has no zone is the point
        ("settle_after", 0.0),
        ("most_refusals", 0),
        ("chunk_size", 0),
        ("chunk_size", 10_001),
    ],
)
def test_a_setting_out_of_its_limits_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidValue, match=r"CampaignSpec|Limit|RetryPolicy"):
        CampaignSpec(**{"id": "promo", "message": Text("Halo"), field: value})


def test_a_malformed_placeholder_is_refused() -> None:
    with pytest.raises(InvalidValue):
        CampaignSpec(id="promo", message=Text("Halo {name")).to_row()


def test_settings_come_back_from_the_ledger() -> None:
    spec = CampaignSpec(
        id="promo",
        message=Template("promo", language="id", body=["{name}", "{code}"]),
        session="sales",
        workspace="acme",
        rate=1000.0,
        priority=Priority.HIGH,
        start_at=datetime(2026, 12, 1, 9, tzinfo=UTC),
        unknown=UnknownPolicy.RETRY,
        settle_after=3600.0,
        most_refusals=3,
        chunk_size=100,
    )
    assert spec.to_row().columns == ("code", "name")
    assert CampaignSpec.from_row(spec.to_row()) == spec
    assert CampaignSpec.from_row(CampaignSpec(id="a", message=Text("x")).to_row()).start_at is None
