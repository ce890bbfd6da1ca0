"""Reading fields out of anything: the value or None, never an exception."""

from __future__ import annotations

import json
import math
from datetime import UTC, date, datetime
from typing import Any

import pytest
from hypothesis import given

from blazz.providers.meta_cloud.inbound import reading
from blazz.providers.meta_cloud.inbound.reading import Unreadable
from tests.unit.providers.meta_cloud.inbound.strategies import anything

AT = datetime(2026, 5, 28, 20, 26, 40, tzinfo=UTC)


@given(anything)
def test_no_reader_raises(value: Any) -> None:
    source = {"it": value}

    for read in (reading.text, reading.integer, reading.number, reading.flag, reading.moment):
        read(source, "it")
        assert read({}, "it") is None
    assert isinstance(reading.inner(source, "it"), dict)
    assert all(isinstance(item, dict) for item in reading.each(source, "it"))
    assert all(isinstance(item, str) for item in reading.texts(source, "it"))
    reading.day(source, "it")


@given(anything)
def test_a_text_can_always_be_written(value: Any) -> None:
    (reading.text({"it": value}, "it") or "").encode()


@given(anything)
def test_tame_json_can_always_be_written_and_read(value: Any) -> None:
    tame = reading.tame(value)

    written = json.dumps(tame, ensure_ascii=False, allow_nan=False).encode()
    assert json.loads(written) == tame


def test_what_is_tame_stays_as_it_is() -> None:
    value = {"a": [1, -2.5, True, None, "é🙂", {"b": []}]}
    odd = {"\ud800": [math.inf, -math.inf, math.nan, "x\0\udfff"]}
    deep: Any = []
    for _ in range(100):
        deep = [deep]

    assert reading.tame(value) == value
    assert reading.tame(odd) == {"\ufffd": [None, None, None, "x\ufffd"]}
    assert reading.tame(deep[0]) == deep[0]
    with pytest.raises(Unreadable):
        reading.tame(deep)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("halo", "halo"),
        ("Jalan Melati 1 🙂", "Jalan Melati 1 🙂"),
        ("", None),
        (12, "12"),
        (1.5, "1.5"),
        (True, None),
        (["a"], None),
        ("a\ud800b", "a\ufffdb"),
        ("a\0b", "ab"),
        ("é\0", "é"),
        ("\0", None),
        ("\ud83d\ude00", "😀"),
    ],
)
def test_text(value: Any, expected: str | None) -> None:
    assert reading.text({"it": value}, "it") == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("1780000000", AT),
        (1780000000, AT),
        (1780000000.0, AT),
        ("1780000000000", AT),
        (1780000000000, AT),
        ("2026-05-28T20:26:40.000Z", AT),
        ("2026-05-29T03:26:40+07:00", AT),
        ("2026-05-28T20:26:40", AT),
        ("0", datetime(1970, 1, 1, tzinfo=UTC)),
        ("-1", None),
        (-1, None),
        (10**20, None),
        ("99999999999999999999", None),
        ("9999999999999999", None),
        ("0001-01-01T00:00:00+14:00", None),
        ("yesterday", None),
        ("", None),
        (True, None),
        (None, None),
        (float("inf"), None),
    ],
)
def test_a_moment(value: Any, expected: datetime | None) -> None:
    assert reading.moment({"it": value}, "it") == expected


@pytest.mark.parametrize(
    ("value", "whole", "any_number"),
    [
        (7, 7, 7.0),
        ("7", 7, 7.0),
        (7.5, None, 7.5),
        ("7.99", None, 7.99),
        ("1e400", None, None),
        ("nan", None, None),
        (10**400, None, None),
        (True, None, None),
        ({}, None, None),
    ],
)
def test_numbers(value: Any, whole: int | None, any_number: float | None) -> None:
    assert reading.integer({"it": value}, "it") == whole
    assert reading.number({"it": value}, "it") == any_number


@pytest.mark.parametrize(
    ("value", "expected"), [(True, True), ("False", False), ("true", True), (1, None), ("1", None)]
)
def test_a_flag(value: Any, expected: bool | None) -> None:
    assert reading.flag({"it": value}, "it") is expected


def test_a_day() -> None:
    assert reading.day({"it": "1980-02-29"}, "it") == date(1980, 2, 29)
    assert reading.day({"it": "1981-02-29"}, "it") is None


def test_lists_keep_what_they_are_lists_of() -> None:
    source = {"it": [{"a": 1}, "b", None, 3, {"c": 4}]}

    assert reading.each(source, "it") == [{"a": 1}, {"c": 4}]
    assert reading.texts(source, "it") == ("b", "3")


def test_what_must_be_there_is_named() -> None:
    with pytest.raises(Unreadable, match=r"^text\.body is missing$"):
        reading.required({}, "body", "text")
