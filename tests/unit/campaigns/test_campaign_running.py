"""Campaigns from their audience to their report."""

from __future__ import annotations

import csv
from pathlib import Path

import anyio
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.campaigns import Audience, CampaignState, Phase
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.errors import (
    AudienceError,
    CampaignConflict,
    CampaignError,
    ConfigurationError,
    DeliveryUnknown,
    Throttled,
    Undeliverable,
)
from blazz.messages import Text
from tests.unit.campaigns.senders import FakeSender, a_campaign, numbers, people, run


async def test_everybody_gets_one_message_of_their_own(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    campaign = a_campaign(ledger, sender, people(1234))

    last = await run(campaign)

    assert (last.phase, last.counts.accepted, last.share) == (Phase.DONE, 1234, 1.0)
    assert sender.times == dict.fromkeys(numbers(1234), 1)
    assert {message for _, message, _ in sender.sent} == {
        Text(f"Halo n{n}") for n in range(1, 1235)
    }
    assert len({token for _, _, token in sender.sent}) == 1234


async def test_running_it_again_sends_nothing(ledger: SqliteLedger) -> None:
    await run(a_campaign(ledger, FakeSender(), people(20)))
    sender = FakeSender()

    last = await run(a_campaign(ledger, sender, people(20)))

    assert (last.phase, sender.sent) == (Phase.DONE, [])
    assert (await run(a_campaign(ledger, sender, None))).phase is Phase.DONE


async def test_another_message_or_audience_is_another_campaign(ledger: SqliteLedger) -> None:
    await run(a_campaign(ledger, FakeSender(), people(3)))

    with pytest.raises(CampaignConflict, match="'promo' exists with another message"):
        await run(a_campaign(ledger, FakeSender(), people(3), message=Text("Hai {name}")))
    with pytest.raises(CampaignConflict, match="'promo' exists with another audience"):
        await run(a_campaign(ledger, FakeSender(), people(4)))
    assert (await run(a_campaign(ledger, FakeSender(), people(4), id="other"))).share == 1.0
    assert (await run(a_campaign(ledger, FakeSender(), people(4), workspace="acme"))).share == 1.0


async def test_rows_are_accounted_for_and_rejects_are_listed(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    file = tmp_path / "contacts.csv"
    file.write_text(
        'phone;name\n+6281200000001;Ana\nxyz;Bea\n+62 812-0000-0001;"A;na"\n+6281200000002;\n'
        "+6281200000003;Carl;x\n"
    )
    campaign = a_campaign(ledger, FakeSender(), Audience.csv(file), folder=tmp_path / "campaigns")
    await campaign.prepare()
    await run(campaign)

    report = await campaign.report()

    assert report.balanced
    assert report.done
    assert (report.rows_read, report.rejected, report.duplicates) == (5, 2, 1)
    assert report.rejects_file == tmp_path / "campaigns" / "promo.rejects.csv"
    with report.rejects_file.open(encoding="utf-8-sig", newline="") as written:
        header, *rows = csv.reader(written)
    assert header == ["line", "reason", "phone", "name"]
    assert [(row[0], row[2:]) for row in rows] == [
        ("3", ["xyz", "Bea"]),
        ("4", ["+6281200000001"]),
        ("6", ["+6281200000003", "Carl", "x"]),
    ]
    assert rows[1][1] == "the same address as in line 2"


async def test_rejects_are_written_wherever_the_ledger_is(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    rows = [{"phone": "+6281200000001", "name": "Ana"}, {"phone": "xyz", "name": "Bea"}]
    await a_campaign(ledger, FakeSender(), Audience.rows(rows)).prepare()
    elsewhere = a_campaign(ledger, FakeSender(), None)
    await elsewhere.export_rejects(tmp_path / "rejects.csv")
    assert "xyz" in (tmp_path / "rejects.csv").read_text(encoding="utf-8-sig")


async def test_recipients_are_listed_from_a_place_on(ledger: SqliteLedger) -> None:
    rows = [{"phone": number, "name": "Ana"} for number in numbers(5)]
    campaign = a_campaign(ledger, FakeSender(), Audience.rows(rows))
    await campaign.prepare()
    assert [row.seq async for row in campaign.recipients(after=3)] == [4, 5]


async def test_a_row_that_breaks_a_limit_is_rejected_before_anything_is_sent(
    ledger: SqliteLedger,
) -> None:
    rows = [
        {"phone": number, "name": "x" * n} for number, n in zip(numbers(2), (1, 5000), strict=True)
    ]
    campaign = a_campaign(ledger, FakeSender(), Audience.rows(rows))
    await campaign.prepare()
    row = await ledger.find("default", "promo")
    assert row is not None
    (reject,) = await ledger.rejects(row.number)
    assert reject.line == 2
    assert "at most 4096 characters" in reject.reason


async def test_a_missing_column_stops_everything(ledger: SqliteLedger) -> None:
    sender = FakeSender()
    audience = Audience.rows([{"phone": "+6281200000001", "Name": "Ana"}])
    campaign = a_campaign(ledger, sender, audience)
    with pytest.raises(AudienceError, match=r"needs the column 'name' \(did you mean 'Name'"):
        await run(campaign)
    assert sender.sent == []
    mended = a_campaign(ledger, sender, audience, message=Text("Halo {Name}"))
    assert (await run(mended)).counts.accepted == 1, "before the import is done it may be mended"


async def test_a_campaign_needs_an_audience_and_a_sender(ledger: SqliteLedger) -> None:
    with pytest.raises(AudienceError, match="'promo' has no audience yet"):
        await run(a_campaign(ledger, FakeSender(), None))
    with pytest.raises(ConfigurationError, match="has no session 'default' to be sent through"):
        await run(a_campaign(ledger, None, people(1)))
    with pytest.raises(CampaignError, match="there is no campaign 'nobody'"):
        await a_campaign(ledger, None, None, id="nobody").report()


async def test_what_leaves_at_once_is_bounded(ledger: SqliteLedger) -> None:
    async def answer(address: str) -> None:
        await anyio.sleep(0.001)

    sender = FakeSender(answer)
    await run(a_campaign(ledger, sender, people(200), concurrency=7))
    assert 1 < sender.most_at_once <= 7


async def test_a_broken_import_is_started_again(ledger: SqliteLedger, tmp_path: Path) -> None:
    def breaks() -> list[str]:
        yield from numbers(5000)  # type: ignore[misc]
        raise RuntimeError("the power failed")

    message = Text("Halo")
    with pytest.raises(RuntimeError, match="the power failed"):
        await run(a_campaign(ledger, FakeSender(), Audience.rows(breaks), message=message))
    row = await ledger.find("default", "promo")
    assert row is not None
    assert row.state is CampaignState.IMPORTING
    sender = FakeSender()
    whole = Audience.rows(numbers(5001))
    await run(a_campaign(ledger, sender, whole, message=message))
    assert sender.times == dict.fromkeys(numbers(5001), 1)


ROWS = st.lists(
    st.one_of(
        st.integers(1, 30).map(lambda n: f"+628120000{n:04}"),
        st.sampled_from(["", "abc", "+1", "+62 812-0000-0001"]),
    ),
    min_size=1,
    max_size=60,
)
FATES = st.lists(st.sampled_from("afur"), min_size=1, max_size=10)


@settings(max_examples=25)
@given(ROWS, FATES)
async def test_every_row_is_accounted_for(
    tmp_path_factory: pytest.TempPathFactory, rows: list[str], fates: list[str]
) -> None:
    turn = iter(fates * 60)

    async def answer(address: str) -> None:
        match next(turn, "a"):
            case "f":
                raise Undeliverable("no", code=131026)
            case "u":
                raise DeliveryUnknown("no answer", token="t")
            case "r":
                raise Throttled("slow", code=130429, retry_after=0.001)

    folder = tmp_path_factory.mktemp("ledger")
    async with SqliteLedger(folder / "ledger.db") as ledger:
        sender = FakeSender(answer)
        audience = Audience.rows([{"phone": row} for row in rows])
        campaign = a_campaign(ledger, sender, audience, message=Text("Halo"), chunk_size=7)
        await campaign.prepare()
        assert (await campaign.report()).balanced
        async for _ in campaign.run(every=0.01, patience=0.0):
            assert (await campaign.report()).balanced
        report = await campaign.report()
        assert report.balanced
        assert report.counts.sending == 0
        assert max(sender.times.values(), default=1) == 1
