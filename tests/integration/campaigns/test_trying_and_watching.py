"""Dry runs, test messages, suppression lists, looking on: through the public API."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import anyio
import pytest

from blazz import (
    Audience,
    InvalidValue,
    OptOuts,
    Progress,
    Sandbox,
    SendHours,
    Template,
    Text,
    Variants,
)
from blazz.campaigns import Phase, watch
from blazz.campaigns.report_files import report_csv, report_html
from tests.integration.campaigns.conftest import Field, numbers, people, run

HALO = Text("Halo {name}")
PRICES = """country,category,price,currency
ID,marketing,0.04,USD
*,marketing,0.10,USD
"""


async def test_a_dry_run_checks_counts_and_prices_everything(field: Field, tmp_path: Path) -> None:
    card = tmp_path / "prices.csv"
    card.write_text(PRICES, encoding="utf-8")
    rows = [
        *({"phone": number, "name": "Budi"} for number in numbers(50)),
        *({"phone": number, "name": "Ann"} for number in numbers(10, prefix="+1415555")),
        {"phone": "nobody", "name": "x"},
        {"phone": numbers(1)[0], "name": "again"},
        {"phone": "+6281299999999", "name": ""},
    ]
    campaign = await field.client.campaign(
        "promo",
        session=field.session,
        message=Template("promo", language="id", body=["{name}", "HEMAT"]),
        audience=Audience.rows(rows),
        rate=10.0,
    )

    found = await campaign.dry_run(rate_card=card)

    assert found.ok, found.problems
    assert (found.rows_read, found.recipients, found.rejected, found.duplicates) == (63, 60, 2, 1)
    assert [it.line for it in found.rejects] == [61, 62, 63]
    assert found.countries == {"ID": 50, "US": 10}
    assert found.duration == 6.0
    assert found.cost == Decimal("3.00")
    assert {(it.country, it.category, it.cost) for it in found.costs} == {
        ("ID", "marketing", Decimal("2.00")),
        ("US", "marketing", Decimal("1.00")),
    }
    assert found.as_dict()["cost"] == "3.00"
    assert ("cost", "3.00 USD") in found.rows()
    assert await field.log() == []
    assert await field.client.campaigns() == [], "nothing is kept"


async def test_a_dry_run_says_what_stands_in_the_way(field: Field) -> None:
    async def problems(message: Template) -> str:
        campaign = await field.client.campaign(
            "promo", session=field.session, message=message, audience=people(3)
        )
        return "; ".join((await campaign.dry_run()).problems)

    assert "no template 'none' in the language 'id'" in await problems(
        Template("none", language="id")
    )
    assert "its body takes 2 parameters, 1 are given" in await problems(
        Template("promo", language="id", body=["{name}"])
    )
    told = await problems(
        Template("order_update", language="id", header={"order": "A"}, body={"name": "{name}"})
    )
    assert "its body lacks the parameters day" in told
    assert "its button at place 0 needs a parameter" in told
    await field.sandbox.control.set_template_status("promo", "PAUSED", language="en")
    assert "its status is PAUSED, not APPROVED" in await problems(
        Template("promo", language="en", body=["{name}", "x"])
    )
    nobody = await field.client.campaign(
        "nobody",
        session=field.session,
        message=Text("Halo"),
        audience=Audience.rows(["no number"] * 3),
    )
    assert "nobody can be sent to" in (await nobody.dry_run()).problems


async def test_a_dry_run_looks_hours_ahead(field: Field) -> None:
    campaign = await field.client.campaign(
        "promo",
        session=field.session,
        message=HALO,
        audience=people(3600),
        rate=1.0,
        hours=SendHours(open="09:00-09:30"),
    )
    found = await campaign.dry_run()
    assert found.duration is not None
    assert found.duration > 86_400, "an hour of messages does not fit into half an hour a day"
    assert found.ends_at is not None
    assert (found.ends_at.hour, found.ends_at.minute) <= (2, 30), "09:30 in Jakarta"


async def test_a_test_message_goes_to_oneself_alone(field: Field) -> None:
    both = Variants({"a": Text("Halo {name}"), "b": Text("Hai {name}")})
    campaign = await field.client.campaign(
        "promo", session=field.session, message=both, audience=people(5), rate=None
    )
    receipts = await campaign.send_test("+62 811-1111-1111")
    assert {receipt.to.number for receipt in receipts} == {"+6281111111111"}  # type: ignore[union-attr]
    assert [entry.text for entry in await field.log()] == ["Halo n1", "Hai n1"]
    assert (await run(campaign)).counts.total == 5


async def test_whoever_opted_out_gets_nothing(field: Field, tmp_path: Path) -> None:
    support = await field.client.open("support", Sandbox(field.url, phone_number_id="200200200"))
    one, two, three, four, five = numbers(5)
    await field.session.suppress(one, reason="asked")
    await support.suppress(two, reason="asked")
    await field.client.suppressions.add(three)
    file = tmp_path / "stop.csv"
    file.write_text(f"phone\n{four}\nno number\n", encoding="utf-8")
    rejected: list[object] = []
    assert await field.client.suppressions.import_from(file, rejected=rejected.append) == 1
    assert len(rejected) == 1

    own = await field.client.campaign(
        "own", session=field.session, message=HALO, audience=people(5), rate=None
    )
    assert (await run(own)).counts.failed == 3
    assert set(await field.sent()) == {two, five}
    everywhere = await field.client.campaign(
        "everywhere",
        session=field.session,
        message=HALO,
        audience=people(5),
        rate=None,
        opt_outs=OptOuts.WORKSPACE,
    )
    last = await run(everywhere)
    assert (last.counts.failed, last.counts.taken_over) == (4, 1)
    assert await field.sent() == {two: 1, five: 2}
    (error,) = (await everywhere.report()).errors
    assert (error.count, error.reason) == (
        4, "the recipient opted out and is on a suppression list",
    )  # fmt: skip

    await field.client.suppressions.remove(three)
    listed = await field.client.suppressions.list()
    assert [(it.address, it.reason) for it in listed] == [(four, "imported")]


async def test_several_campaigns_are_looked_at_from_elsewhere(field: Field) -> None:
    made = [
        await field.client.campaign(
            name, session=field.session, message=HALO, audience=people(size), rate=100.0
        )
        for name, size in (("one", 40), ("two", 60))
    ]
    heard: list[Progress] = []
    made[0].on_progress(heard.append)
    boards = []

    async def look() -> None:
        handles = [await field.client.campaign(name) for name in ("one", "two")]
        boards.extend([dict(board) async for board in watch(handles, every=0.02)])

    for campaign in made:
        await campaign.prepare()
    async with anyio.create_task_group() as tasks:
        tasks.start_soon(look)
        for campaign in made:
            tasks.start_soon(run, campaign)

    assert {name: it.phase for name, it in boards[-1].items()} == {
        "one": Phase.DONE,
        "two": Phase.DONE,
    }
    assert len(boards) > 3
    assert heard[-1].counts.taken_over == 40
    assert [it.phase async for it in made[1].watch()] == [Phase.DONE]


async def test_a_report_is_a_page_of_its_own(field: Field) -> None:
    campaign = await field.client.campaign(
        "promo",
        session=field.session,
        message=Text("Halo"),
        audience=Audience.rows([*numbers(60), "+15550131026"]),
        rate=40.0,
    )
    await run(campaign, wait_for_statuses=30.0)
    report = await campaign.report()

    page = report_html(report)
    for title in ("Delivery funnel", "Rate over time", "Errors by code", "Recipients by country"):
        assert f"<h2>{title}</h2>" in page
    assert "<script" not in page
    assert "http" not in page.replace("http://www.w3.org/2000/svg", "").replace("http-equiv", "")
    assert "131026" in page
    assert "countries,ID,read,60" in report_csv(report)
    assert sum(group.counts.total for group in report.countries) == 61


def test_a_rate_card_says_which_line_is_wrong(tmp_path: Path) -> None:
    from blazz import RateCard

    for content, told in (
        ("country,price\nID,1\n", "the columns country, category, price, currency"),
        (f"{PRICES}ID,marketing,0.05,USD\n", "line 4"),
        (f"{PRICES}Indonesia,utility,1,USD\n", "ISO 3166"),
        (f"{PRICES}DE,adverts,1,USD\n", "a category is one of"),
        (f"{PRICES}DE,utility,free,USD\n", "a price is a number"),
        (f"{PRICES}DE,utility,1,EUR\n", "all in one currency"),
    ):
        path = tmp_path / "card.csv"
        path.write_text(content, encoding="utf-8")
        with pytest.raises(InvalidValue, match=told):
            RateCard.csv(path)
    with pytest.raises(InvalidValue, match="a file that can be read"):
        RateCard.csv(tmp_path / "missing.csv")
