"""CSV files as people really have them."""

from __future__ import annotations

import asyncio
import csv
import io
import os
import threading
from pathlib import Path
from typing import Any, BinaryIO

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import Phone
from blazz.campaigns.audience import Audience, Needs, Recipient, Rejected, csv_file
from blazz.campaigns.audience.base import BATCH
from blazz.campaigns.audience.encodings import scan
from blazz.errors import AudienceError, InvalidValue
from tests.unit.campaigns.reading import addresses, read, rejected

ANA, BEA = "+34600000001", "+34600000002"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "contacts.csv"


def write(path: Path, text: str, encoding: str = "utf-8") -> Audience:
    return write_bytes(path, text.encode(encoding))


def write_bytes(path: Path, content: bytes) -> Audience:
    path.write_bytes(content)
    return Audience.csv(path)


async def error_of(audience: Audience, *columns: str) -> str:
    with pytest.raises(AudienceError) as raised:
        await read(audience, *columns)
    return str(raised.value)


async def test_a_row_becomes_a_recipient_with_the_values_that_are_needed(path: Path) -> None:
    audience = write(path, f"name,phone,code\nAna,{ANA},A1\n")
    assert await read(audience, "code") == [Recipient(2, Phone(ANA), {"code": "A1"})]


@pytest.mark.parametrize(
    "encoding",
    ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "utf-32", "latin-1", "cp1252"],
)
async def test_any_usual_encoding_is_read(path: Path, encoding: str) -> None:
    audience = write(path, f"phone,name\n{ANA},Begoña Núñez\n{BEA},Zoë\n", encoding)
    rows = await read(audience, "name")
    assert [row.vars["name"] for row in rows if isinstance(row, Recipient)] == [
        "Begoña Núñez",
        "Zoë",
    ]


async def test_latin_letters_far_down_in_a_large_file_are_read(path: Path) -> None:
    filler = "".join(f"+34600{n:06},Ana\n" for n in range(30_000))
    audience = write(path, f"phone,name\n{filler}{ANA},Begoña\n", "latin-1")
    last = (await read(audience, "name"))[-1]
    assert isinstance(last, Recipient)
    assert last.vars == {"name": "Begoña"}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("Иван Петров", "cp1251"),
        ("Ελένη", "cp1253"),
        ("田中さん", "shift-jis"),
        ("王小明", "gbk"),
        ("สมชาย", "cp874"),
    ],
)
async def test_another_script_is_refused_unless_it_is_named(
    path: Path, text: str, encoding: str
) -> None:
    audience = write(path, f"phone,name\n{ANA},{text}\n", encoding)
    assert "say what it is, such as encoding=" in await error_of(audience)
    named = Audience.csv(path, encoding=encoding)
    assert (await read(named, "name"))[0] == Recipient(2, Phone(ANA), {"name": text})


async def test_a_file_of_two_encodings_is_refused(path: Path) -> None:
    mixed = f"phone,name\n{ANA},Núñez\n".encode() + f"{BEA},Núñez\n".encode("latin-1")
    assert "neither UTF-8 (see byte 46)" in await error_of(write_bytes(path, mixed))


async def test_an_encoding_that_does_not_fit_is_refused(path: Path) -> None:
    write(path, f"phone,name\n{ANA},Núñez\n", "latin-1")
    assert "it is not utf-8: byte 25" in await error_of(Audience.csv(path, encoding="utf-8"))
    assert "knows no text encoding 'klingon'" in await error_of(
        Audience.csv(path, encoding="klingon")
    )
    torn = write_bytes(path, "phone\n+34".encode("utf-16") + b"x")
    assert "it is not utf-16" in await error_of(torn)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
async def test_the_delimiter_is_found_in_the_header(path: Path, delimiter: str) -> None:
    audience = write(path, f'"a,b;c|d\te"{delimiter}phone\nx{delimiter}{ANA}\n')
    assert addresses(await read(audience)) == [ANA]


async def test_the_delimiter_may_be_given_or_hinted(path: Path) -> None:
    write(path, f"name:phone\nAna:{ANA}\n")
    assert addresses(await read(Audience.csv(path, delimiter=":"))) == [ANA]
    hinted = write(path, f"sep=:\r\nname:phone\r\nAna:{ANA}\r\nBea:1\r\n")
    rows = await read(hinted)
    assert addresses(rows) == [ANA]
    assert [line for line, _ in rejected(rows)] == [4]
    for wrong in ("", ",,", '"', "\n"):
        with pytest.raises(InvalidValue, match="one character"):
            Audience.csv(path, delimiter=wrong)


async def test_a_single_column_needs_no_delimiter(path: Path) -> None:
    assert addresses(await read(write(path, f"phone\n{ANA}\n{BEA}"))) == [ANA, BEA]


async def test_quotes_newlines_and_delimiters_inside_fields(path: Path) -> None:
    audience = write(path, f'phone,name\n{ANA},"Ana ""A,\nB"" C"\r\n{BEA},"x\r\ny"\n"bad",z\n')
    rows = await read(audience, "name")
    assert [row.vars["name"] for row in rows if isinstance(row, Recipient)] == [
        'Ana "A,\nB" C',
        "x\r\ny",
    ]
    assert [line for line, _ in rejected(rows)] == [6], "lines are counted as an editor does"


async def test_rows_of_another_length_are_rejected(path: Path) -> None:
    audience = write(path, f"phone,name\n{ANA}\n{ANA},Ana,x\n{BEA},Bea\n")
    rows = await read(audience)
    assert addresses(rows) == [BEA]
    assert rejected(rows) == [
        (2, "it has 1 fields, the header has 2"),
        (3, "it has 3 fields, the header has 2"),
    ]


async def test_what_is_no_csv_is_rejected_row_by_row(path: Path) -> None:
    audience = write(path, f'phone,name\n{ANA},"Ana"x\n{ANA},A\0na\n{BEA},Bea\n')
    rows = await read(audience)
    assert addresses(rows) == [BEA]
    assert [line for line, _ in rejected(rows)] == [2, 3]
    assert rows[1] == Rejected(3, (ANA, "A\0na"), "it has a NUL byte")


async def test_a_quote_that_never_ends_is_refused(path: Path) -> None:
    short = write(path, f'phone,name\n{ANA},"Ana\n{BEA},Bea\n')
    assert "contacts.csv, line 2: a quote is opened and never closed" in await error_of(short)
    long = write(path, f'phone,name\n{ANA},"Ana\n' + f"{BEA},Bea\n" * 20_000)
    assert "line 2: a quote is opened and never closed" in await error_of(long)


async def test_a_line_without_end_is_refused(path: Path) -> None:
    endless = write(path, "phone\n" + "1" * (1 << 20) + "1")
    assert "line 2: it is longer than a million characters" in await error_of(endless)


async def test_empty_rows_are_passed_over(path: Path) -> None:
    audience = write(path, f"\n\n phone , name \n\n{ANA},Ana\n,\n  ,\n{BEA},Bea\n\n")
    rows = await read(audience, "name")
    assert [(row.line, isinstance(row, Recipient)) for row in rows] == [(5, True), (8, True)]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("", "the file is empty"),
        ("\n\n  \n", "the file has no header"),
        (",\n,\n", "the file has no header"),
        ('""\n', "the file has no header"),
        ("sep=;\n", "the file has no header"),
        ("phone,name\n", "there is a header, but no row below it"),
        ("phone,name\n\n,\n", "there is a header, but no row below it"),
    ],
)
async def test_a_file_without_rows_is_refused(path: Path, content: str, problem: str) -> None:
    assert problem in await error_of(write(path, content))


async def test_what_is_no_file_is_refused(path: Path, tmp_path: Path) -> None:
    assert "No such file" in await error_of(Audience.csv(path))
    assert "it is not a file" in await error_of(Audience.csv(tmp_path))
    fifo = tmp_path / "pipe"
    os.mkfifo(fifo)
    assert "it is not a file" in await error_of(Audience.csv(fifo))


@pytest.mark.parametrize(
    "column",
    ["Phone Number", "MOBILE", "WhatsApp", "tel.", "msisdn", "Nomor HP", "Teléfono", "no_wa"],
)
async def test_the_phone_column_is_known_by_its_usual_names(path: Path, column: str) -> None:
    assert addresses(await read(write(path, f"name,{column}\nAna,{ANA}\n"))) == [ANA]


async def test_phone_wins_and_two_candidates_are_refused(path: Path) -> None:
    both = write(path, f"mobile,phone\n1,{ANA}\n")
    assert addresses(await read(both)) == [ANA]
    unclear = write(path, f"mobile,whatsapp\n{ANA},{BEA}\n")
    assert "('mobile', 'whatsapp'); choose one with phone='mobile'" in await error_of(unclear)
    assert addresses(await read(Audience.csv(path, phone="whatsapp"))) == [BEA]


async def test_a_missing_phone_column_names_what_there_is(path: Path) -> None:
    problem = await error_of(write(path, f"name,kontakt\nAna,{ANA}\nBea,{BEA}\n"))
    assert "the columns are: 'name', 'kontakt'" in problem
    assert "'kontakt' holds phone numbers: is it phone='kontakt'?" in problem
    problem = await error_of(Audience.csv(path, phone="Kontakt"))
    assert "there is no column 'Kontakt' (did you mean 'kontakt'?)" in problem


async def test_a_missing_header_is_noticed(path: Path) -> None:
    problem = await error_of(write(path, f"{ANA},Ana\n{BEA},Bea\n"))
    assert "the first line looks like a contact" in problem


async def test_a_column_that_the_message_needs_must_be_there_once(path: Path) -> None:
    audience = write(path, f"phone,Name\n{ANA},Ana\n")
    problem = await error_of(audience, "name")
    assert "the message needs the column 'name' (did you mean 'Name'?)" in problem
    twice = write(path, f"phone,name,name,x,x\n{ANA},a,b,c,d\n")
    assert "there are 2 columns named 'name'" in await error_of(twice, "name")
    assert addresses(await read(twice)) == [ANA], "what nobody needs may be there twice"
    assert "2 columns named 'phone'" in await error_of(write(path, f"phone,phone\n{ANA},{BEA}\n"))


async def test_many_columns_are_not_all_listed(path: Path) -> None:
    names = ",".join(f"c{n}" for n in range(100))
    assert "'c29' and 70 more" in await error_of(write(path, f"{names}\n"))


async def test_numbers_without_a_country_belong_to_the_region(path: Path) -> None:
    write(path, "phone\n0812-3456-7890\n+62 811 1111 111\nabc\n")
    rows = await read(Audience.csv(path, region="ID"))
    assert addresses(rows) == ["+6281234567890", "+628111111111"]
    assert rejected(rows)[0][0] == 4


async def test_a_row_that_the_message_cannot_take_is_rejected(path: Path) -> None:
    def check(_address: str, values: object) -> None:
        if values == {"name": ""}:
            raise InvalidValue("Template.body", "must not be empty", "")

    rows = await read(write(path, f"phone,name\n{ANA},\n{BEA},Bea\n"), "name", check=check)
    assert rejected(rows) == [(2, "Template.body: must not be empty; got ''")]


async def test_a_file_that_changes_while_it_is_read_is_refused(path: Path) -> None:
    rows = "".join(f"+34600{n:06}\n" for n in range(BATCH + 1))
    audience = write(path, f"phone\n{rows}")
    async with audience.open(Needs()) as reader:
        batches = reader.batches()
        await anext(batches)
        write(path, f"phone\n{rows}{ANA}\n")
        await anext(batches)
        with pytest.raises(AudienceError, match="changed while it was read"):
            await anext(batches)


async def test_a_fingerprint_tells_content_and_reading_apart(path: Path) -> None:
    text = f"phone,mobile\n{ANA},{BEA}\n"
    first = await write(path, text).fingerprint()
    assert await write(path, text).fingerprint() == first
    assert await Audience.csv(path, phone="phone", delimiter=",").fingerprint() == first
    assert await Audience.csv(path, phone="mobile").fingerprint() != first
    assert await Audience.csv(path, region="ES").fingerprint() != first
    assert await write(path, text + f"{BEA},\n").fingerprint() != first


FIELDS = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=20)


@given(
    st.lists(st.tuples(FIELDS, FIELDS), min_size=1, max_size=20),
    st.sampled_from(",;\t|"),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
async def test_what_a_program_writes_is_read_back(
    tmp_path_factory: pytest.TempPathFactory,
    names: list[tuple[str, str]],
    delimiter: str,
    encoding: str,
) -> None:
    text = io.StringIO()
    rows = csv.writer(text, delimiter=delimiter)
    rows.writerow(["name", "phone", "note"])
    rows.writerows((name, f"+34600{n:06}", note) for n, (name, note) in enumerate(names))
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    audience = write(path, text.getvalue(), encoding)
    found = await read(audience, "name", "note")
    assert [row.vars for row in found if isinstance(row, Recipient)] == [
        {"name": name, "note": note} for name, note in names
    ]


@given(st.binary(max_size=300), st.binary(max_size=300))
async def test_no_bytes_are_too_strange(
    tmp_path_factory: pytest.TempPathFactory, header: bytes, body: bytes
) -> None:
    path = tmp_path_factory.mktemp("csv") / "a.csv"
    for content in (header + body, b"phone,name\n" + body, b"phone," + header + b"\n" + body):
        try:
            await read(write_bytes(path, content))
        except AudienceError:
            continue


async def test_who_is_cancelled_while_it_is_opened_leaves_no_file_open(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    began, go_on = threading.Event(), threading.Event()
    opened: list[BinaryIO] = []

    def held_up(file: BinaryIO, **options: Any) -> Any:
        opened.append(file)
        began.set()
        go_on.wait()
        return scan(file, **options)

    monkeypatch.setattr(csv_file, "scan", held_up)
    reading = asyncio.create_task(read(write(path, f"phone\n{ANA}\n")))
    await asyncio.to_thread(began.wait)
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading
    assert [file.closed for file in opened] == [True]
    go_on.set()
