"""Reports in figures, as a dictionary and as a table."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

from blazz.campaigns.delivery import State
from blazz.campaigns.ledger.records import (
    CampaignRow,
    CampaignState,
    Counts,
    ErrorCount,
    Standing,
)
from blazz.campaigns.report import make_report

HALO = '{"type":"text","version":1,"body":"Halo"}'
NOW = 1_780_000_200.0
ROW = CampaignRow(
    workspace="acme", id="promo", session="sales", message=HALO, columns=(),
    state=CampaignState.RUNNING, rows_read=12_000, rejected=1_000, duplicates=500,
)  # fmt: skip
COUNTS = Counts(accepted=100, sent=200, delivered=3000, read=7000, failed=150, unknown=50)
STANDING = Standing(
    row=ROW, counts=COUNTS, busy=0, next_at=None, first_at=1_780_000_000.0, last_at=1_780_000_105.0
)
ERRORS = [
    ErrorCount(State.FAILED, 131026, "undeliverable", 150),
    ErrorCount(State.UNKNOWN, None, None, 50),
]
REPORT = make_report(STANDING, ERRORS, now=NOW, rejects_file=Path("promo.rejects.csv"))


def test_every_row_is_in_it() -> None:
    assert REPORT.balanced
    assert REPORT.done
    assert (REPORT.duration, REPORT.rate) == (105.0, 100.0)
    assert not make_report(
        replace(STANDING, counts=Counts()), [], now=NOW, rejects_file=None
    ).balanced


def test_it_is_json() -> None:
    report = json.loads(json.dumps(REPORT.as_dict()))
    assert report["confirmed"] == 10_200
    assert report["accepted"] == 100
    assert report["unknown"] == 50
    assert report["errors"][0] == {
        "state": "failed",
        "code": 131026,
        "reason": "undeliverable",
        "count": 150,
    }
    assert report["started_at"].endswith("+00:00")
    assert report["rejects_file"] == "promo.rejects.csv"


def test_it_is_a_table_without_empty_lines() -> None:
    table = dict(REPORT.rows())
    assert table["rows read"] == "12,000"
    assert table["  confirmed"] == "10,200"
    assert table["    failed 131026: undeliverable"] == "150"
    assert table["    unknown: no reason given"] == "50"
    assert "  not sent yet" not in table


def test_a_campaign_that_has_not_begun_has_no_times() -> None:
    row = replace(ROW, state=CampaignState.HALTED, reason="no token")
    standing = replace(STANDING, row=row, counts=Counts(pending=5), first_at=None, last_at=None)
    report = make_report(standing, [], now=NOW, rejects_file=None)
    assert (report.duration, report.rate, report.done) == (0.0, 0.0, False)
    assert dict(report.rows())["state"] == "halted: no token"
    assert report.as_dict()["started_at"] is None


def test_the_reason_of_a_rest_is_forgotten_when_it_is_over() -> None:
    row = replace(ROW, not_before=NOW + 1, reason="a rest")
    standing = replace(STANDING, row=row)
    assert make_report(standing, [], now=NOW, rejects_file=None).reason == "a rest"
    assert make_report(standing, [], now=NOW + 1, rejects_file=None).reason is None
