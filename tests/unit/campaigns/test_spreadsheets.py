"""No cell of an export is a formula, and what is read again is what was written."""

from __future__ import annotations

import io
import re
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blazz.campaigns import Audience
from blazz.campaigns.audience.csv_rows import CsvRows
from blazz.campaigns.ledger.sqlite import SqliteLedger
from blazz.campaigns.spreadsheets import Table, guarded, unguarded
from blazz.errors import Refused, Retry
from blazz.messages import Text
from tests.unit.campaigns.senders import FakeSender, a_campaign, run

# As CSV text is read: without NUL, and a lone CR within quotes stays as it is.
CELLS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])) | st.from_regex(
    r"\A'{0,3}\s{0,2}[=+\-@\uff1d\uff0b\uff0d\uff20\t\r\n']?[A-Z0-9( ]{0,6}\Z"
)


@pytest.mark.parametrize(
    "cell",
    [
        "=1+1",
        "+A1",
        "-A1",
        "@SUM(A1)",
        "\t=1",
        "\r=1",
        " =1",
        "\uff1d1",
        "+62=HYPERLINK(A1)",
        "-2+3+cmd|' /C calc'!A0",
        "'=1",
        "''=1",
    ],
)
def test_formulas_become_texts(cell: str) -> None:
    assert guarded(cell) == f"'{cell}"


@pytest.mark.parametrize(
    "cell",
    [
        "+6281234567890",
        "+62 812-3456-7890",
        "+1 (555) 010-9999",
        "-5",
        "Ana",
        "",
        "'t Hooft",
        "a=b",
    ],
)
def test_numbers_and_texts_stay(cell: str) -> None:
    assert guarded(cell) == cell
    assert unguarded(cell) == cell


@given(CELLS)
@example("'+62")
def test_what_is_guarded_is_found_again(cell: str) -> None:
    shown = guarded(cell)
    assert unguarded(shown) == cell
    assert shown[:1] not in set("=@\t\r\uff1d\uff0b\uff0d\uff20")
    assert shown[:1] not in {"+", "-"} or re.fullmatch(r"[+-][0-9 ().-]*", shown)


@example([["", "\r"]])
@given(st.lists(st.lists(CELLS, min_size=2, max_size=2), min_size=1, max_size=5))
def test_an_export_can_be_read_again(rows: list[list[str]]) -> None:
    file = io.StringIO(newline="")
    table = Table(file)
    table.write(["phone", "'=name"])
    table.write(*rows)
    file.seek(0)

    read = [row.fields for row in CsvRows(iter(file), name="again.csv")]

    assert read[0] == ["phone", "'=name"]
    # Rows of nothing but spaces are passed over; a line break that is guarded is no space.
    assert read[1:] == [row for row in rows if "".join(map(guarded, row)).strip()]


async def test_dead_letters_are_safe_to_open_and_an_audience_again(
    ledger: SqliteLedger, tmp_path: Path
) -> None:
    async def refuse(_: str) -> None:
        raise Refused("=EVIL()", code=131026, retry=Retry.NEVER)

    names = ["=HYPERLINK(A1)", "'@SUM(A1)", "Ana"]
    people = [{"phone": f"+62812000000{i}", "name": name} for i, name in enumerate(names)]
    campaign = a_campaign(ledger, FakeSender(refuse), Audience.rows(people))
    await run(campaign)
    path = tmp_path / "dead.csv"
    assert await campaign.export_dead_letters(path) == 3

    shown = path.read_text(encoding="utf-8-sig")
    assert "+628120000000,'=HYPERLINK(A1)," in shown
    assert ",=" not in shown
    assert ",@" not in shown
    sender = FakeSender()
    await run(a_campaign(ledger, sender, Audience.csv(path), id="again"))
    assert sorted((to, message) for to, message, _ in sender.sent) == [
        (row["phone"], Text(f"Halo {row['name']}")) for row in people
    ]
