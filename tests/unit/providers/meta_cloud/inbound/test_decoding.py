"""JSON: what is well-formed is read, by the quick reader or the slow one, and nothing else is."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from typing import Any, NoReturn

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.errors import WebhookError
from blazz.providers.meta_cloud.inbound import decoding
from blazz.providers.meta_cloud.inbound.decoding import TooDeep, decode
from tests.unit.providers.meta_cloud.inbound.strategies import anything, mangled_bodies


def _readers() -> Iterator[Any]:
    """The reader that is at hand, and the one of an environment without msgspec."""
    yield pytest.param(decoding.read_quickly, id="at hand")
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "msgspec.json", None)
        yield pytest.param(decoding._quickest(), id="pydantic")


@pytest.fixture(autouse=True, params=list(_readers()), scope="module")
def _reader(request: pytest.FixtureRequest) -> Iterator[None]:
    read: Callable[[bytes], Any] = request.param
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "read_quickly", read)
        yield


@given(anything, st.booleans())
def test_it_reads_what_the_standard_library_reads(value: Any, ascii_only: bool) -> None:
    body = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    try:
        expected = json.loads(body.decode("utf-8"))
    except UnicodeDecodeError:
        with pytest.raises(WebhookError, match="not UTF-8"):
            decode(body)
        return

    found = decode(body)

    # `repr` tells 1 from 1.0 and from True, and 0.0 from -0.0.
    assert repr(found) == repr(expected)


@settings(max_examples=200)
@given(mangled_bodies())
def test_it_takes_what_the_standard_takes_and_nothing_else(body: bytes) -> None:
    try:
        expected = repr(_strictly(body))
    except ValueError:
        with pytest.raises(WebhookError):
            decode(body)
    except RecursionError:
        with pytest.raises((TooDeep, WebhookError)):
            decode(body)
    else:
        assert repr(decode(body)) == expected


def _strictly(body: bytes) -> Any:
    """Read JSON as the standard has it: without NaN, and with numbers of any length."""

    def refuse(constant: str) -> NoReturn:
        raise ValueError(constant)

    def integer(digits: str) -> int | str:
        return int(digits) if len(digits) < 4300 else digits

    return json.loads(body.decode("utf-8"), parse_constant=refuse, parse_int=integer)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{'a': 1}",
        b'{"a": 1,}',
        b'{"a": NaN}',
        b"[Infinity]",
        b"[-Infinity]",
        b"{} {}",
        b'"\t"',
        b"\xef\xbb\xbf{}",
        "{}".encode("utf-16"),
        b'{"a": "\xff"}',
        b'{"a": "\xed\xa0\x80"}',
    ],
)
def test_it_refuses_what_is_not_json(body: bytes) -> None:
    with pytest.raises(WebhookError):
        decode(body)


def test_an_error_says_where_it_is_and_not_what_is_there() -> None:
    with pytest.raises(WebhookError, match=r"line 2, column 3") as caught:
        decode(b"{\n  secret-of-somebody: 1}")

    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("escaped", [r"\ud800", r"\udc00", r"\ud800A"])
def test_halves_of_surrogate_pairs_are_json(escaped: str) -> None:
    assert decode(f'["{escaped}"]'.encode()) == json.loads(f'["{escaped}"]')


def test_of_equal_names_the_last_one_counts() -> None:
    assert decode(b'{"a": 1, "a": 2}') == {"a": 2}


def test_a_number_that_python_refuses_stays_text() -> None:
    digits = "7" * 5000

    assert decode(f"[{digits}, 1]".encode()) == [digits, 1]


def test_what_is_deeper_than_the_quick_reader_goes_is_read_still() -> None:
    assert decode(b"[" * 300 + b"]" * 300)


def test_what_nobody_can_follow_is_told_apart_from_what_is_not_json() -> None:
    with pytest.raises(TooDeep):
        decode(b"[" * 100_000 + b"]" * 100_000)
