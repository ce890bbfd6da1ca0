"""Audiences that a program gives."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from blazz.addresses import Lid, Phone, UserId
from blazz.campaigns.audience import Audience, Needs, Recipient
from blazz.campaigns.audience.base import BATCH
from blazz.errors import AudienceError
from tests.unit.campaigns.reading import addresses, read, rejected

ANA, BEA = "+34600000001", "+34600000002"
ROWS = [{"phone": ANA, "name": "Ana"}, {"phone": BEA, "name": "Bea"}]


def generate() -> Iterator[dict[str, str]]:
    yield from ROWS


async def generate_slowly() -> AsyncIterator[dict[str, str]]:
    for row in ROWS:
        yield row


@pytest.mark.parametrize(
    "items", [ROWS, tuple(ROWS), generate, generate_slowly, lambda: list(ROWS)]
)
async def test_anything_that_gives_rows_is_read_again_and_again(items: Any) -> None:
    audience = Audience.rows(items)
    first = await audience.fingerprint()
    for _ in range(2):
        assert await read(audience, "name") == [
            Recipient(1, Phone(ANA), {"name": "Ana"}),
            Recipient(2, Phone(BEA), {"name": "Bea"}),
        ]
    assert await audience.fingerprint() == first
    assert await Audience.rows(ROWS).fingerprint() == first


@pytest.mark.parametrize("once", [generate, generate_slowly])
async def test_an_iterator_is_read_once(once: Any) -> None:
    audience = Audience.rows(once())
    assert addresses(await read(audience)) == [ANA, BEA]
    assert await audience.fingerprint() == await Audience.rows(ROWS).fingerprint()
    with pytest.raises(AudienceError, match="an iterator, which can be read only once"):
        await read(audience)


async def test_addresses_alone_will_do() -> None:
    items = [ANA, "34 600 000 002", UserId("ES.abc"), Lid("123"), Phone("+34600000003"), "?"]
    rows = await read(Audience.rows(items))
    assert addresses(rows) == [ANA, BEA, "ES.abc", "123@lid", "+34600000003"]
    assert [line for line, _ in rejected(rows)] == [6]


async def test_values_become_text() -> None:
    rows = [
        {"phone": 34600000001, "n": 7, "gone": None},
        {"phone": Phone(BEA), "n": 1.5, "gone": ""},
    ]
    found = await read(Audience.rows(rows), "n", "gone")
    assert [row.vars for row in found if isinstance(row, Recipient)] == [
        {"n": "7", "gone": ""},
        {"n": "1.5", "gone": ""},
    ]
    assert addresses(found) == [ANA, BEA]


async def test_a_row_that_lacks_something_is_rejected() -> None:
    rows: list[Any] = [*ROWS, {"phone": ANA}, {"name": "x"}, BEA]
    assert rejected(await read(Audience.rows(rows), "name")) == [
        (3, "it has no 'name'"),
        (4, "it has no 'phone'"),
        (5, "it has no columns, but the message needs some"),
    ]


@pytest.mark.parametrize(
    ("items", "problem"),
    [
        ([], "has no rows"),
        ([{}], "it has no named columns"),
        ([{"name": "Ana"}], "no column is named like a phone number's"),
        ([{"phone": ANA}], "the message needs the column 'name'"),
        ([ANA], "the message needs the column 'name'"),
        ([7], "row 1: a row is a mapping with a phone number or an address, not int"),
        (ANA, "must be an iterable of rows or a function that gives one, not str"),
        ({"phone": ANA}, "not dict"),
        (lambda: 7, "not int"),
        (7, "not int"),
    ],
)
async def test_what_is_no_audience_is_refused(items: Any, problem: str) -> None:
    with pytest.raises(AudienceError) as raised:
        await read(Audience.rows(items), "name")
    assert problem in str(raised.value)


async def test_the_phone_key_may_be_named_and_numbers_have_a_region() -> None:
    rows = [{"a": "0812-3456-7890", "phone": BEA}]
    assert addresses(await read(Audience.rows(rows, phone="a", region="ID"))) == ["+6281234567890"]


async def test_a_fingerprint_tells_rows_apart_but_not_the_order_of_keys() -> None:
    first = await Audience.rows(ROWS).fingerprint()
    swapped = [dict(reversed(row.items())) for row in ROWS]
    assert await Audience.rows(swapped).fingerprint() == first
    for other in (ROWS[:1], ROWS[::-1], [*ROWS, ANA]):
        assert await Audience.rows(other).fingerprint() != first
    assert await Audience.rows(ROWS, region="ES").fingerprint() != first


async def test_rows_come_in_batches() -> None:
    audience = Audience.rows([ANA] * (2 * BATCH + 1))
    async with audience.open(Needs()) as reader:
        sizes = [len(batch) async for batch in reader.batches()]
    assert sizes == [BATCH, BATCH, 1]


async def test_an_audience_that_was_left_half_read_has_no_fingerprint_yet() -> None:
    audience = Audience.rows(lambda: iter([ANA] * (BATCH + 1)))
    async with audience.open(Needs()) as reader:
        batches = reader.batches()
        await anext(batches)
    assert await audience.fingerprint() == await Audience.rows([ANA] * (BATCH + 1)).fingerprint()
