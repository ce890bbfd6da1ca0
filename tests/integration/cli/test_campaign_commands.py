"""What `blazz campaign` can do beside running: trying out, reports, dead letters, suppression."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import Result

from tests.integration.cli.conftest import Blazz


@pytest.fixture
def contacts(tmp_path: Path) -> str:
    rows = [f"+62812{n:08},n{n}" for n in range(40)]
    lines = ["phone,name", *rows, "n/a,x", "+1 555 013 1026,bad"]
    (tmp_path / "contacts.csv").write_text("\n".join(lines), encoding="utf-8")
    return "contacts.csv"


def lines(done: Result) -> list[dict[str, Any]]:
    return [json.loads(line) for line in done.stdout.splitlines()]


def test_a_campaign_with_everything(
    blazz: Blazz, contacts: str, sandbox: str, tmp_path: Path
) -> None:
    card = tmp_path / "card.csv"
    card.write_text("country,category,price,currency\n*,marketing,0.05,USD\n", encoding="utf-8")
    message = ("--variant", "a=Halo {name}", "--variant", "b=Hai", "--weight", "a=3")
    options = (
        "--canary", "10%", "--canary-failures", "50%", "--canary-wait", "0", "--cap", "2/7d",
        "--open-hours", "00:00-24:00", "--opt-outs", "workspace", "--also", "200200200",
        "--sandbox-url", sandbox,
    )  # fmt: skip

    tried = lines(
        blazz("campaign", "dry-run", contacts, *message, *options, "--rate-card", str(card),
              "--json")
    )[-1]  # fmt: skip
    assert (tried["ok"], tried["recipients"], tried["cost"]) == (True, 41, "0")
    tested = lines(
        blazz("campaign", "test", contacts, *message, *options, "--to", "+6281111111111")
    )
    assert len(tested) == 2
    blazz("suppress", "add", "0812-0000-0001", "--region", "ID")
    assert "+6281200000001" in blazz("suppress", "list").stdout

    report = lines(blazz("campaign", "run", contacts, *message, *options, "--wait", "3", "--json"))[
        -1
    ]
    assert (report["read"], report["failed"]) == (39, 2)
    assert {it["name"] for it in report["variants"]} == {"a", "b"}
    assert "contacts" in blazz("campaign", "list").stdout
    assert lines(blazz("campaign", "watch", "contacts", "--json"))[-1]["event"] == "board"

    blazz("campaign", "report", "contacts", "--html", "report.html")
    assert "Delivery funnel" in (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "countries,ID,recipients,40" in blazz("campaign", "report", "contacts", "--csv").stdout
    dead = lines(blazz("campaign", "dead", "list", "contacts", "--json"))
    assert {it["address"] for it in dead} == {"+6281200000001", "+15550131026"}
    blazz("campaign", "dead", "export", "contacts", "dead.csv")
    assert "131026" in (tmp_path / "dead.csv").read_text(encoding="utf-8-sig")
    blazz("campaign", "dead", "retry", "contacts", "--code", "131026")
    assert lines(blazz("campaign", "list", "--json"))[0]["share"] < 1


@pytest.mark.parametrize(
    ("options", "told", "code"),
    [
        (("--text", "a", "--canary-ask"), "--canary-ask belongs to --canary", 1),
        (("--text", "a", "--cap", "often"), "messages and days such as 2/7d", 2),
        (("--text", "a", "--quiet-hours", "night"), "hours such as", 2),
        (("--text", "a", "--time-zone", "UTC"), "--time-zone belongs to", 1),
        (("--text", "a", "--start-at", "2026-11-22T09:00"), "needs a time zone", 2),
        (("--text", "a", "--variant", "b=c"), "Give one of", 1),
        (("--variant", "a=b", "--variant", "a=c"), "each name once", 2),
        (("--variant", "a=b", "--variant", "c=d", "--weight", "x=1"), "no such variant", 1),
        (("--text", "a", "--weight", "x=1"), "--weight belongs to", 1),
        (("--text", "a", "--canary", "often"), "must be a number", 2),
    ],
)
def test_options_that_make_no_sense_are_refused(
    blazz: Blazz, contacts: str, options: tuple[str, ...], told: str, code: int
) -> None:
    done = blazz("campaign", "run", contacts, *options, "--sandbox", code=code)
    assert told in " ".join(done.stderr.split())
