"""Magic numbers: every error and every story has one, and nobody else's number is magic."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import parse_phone
from blazz.sandbox.graph_errors import FAULTS
from blazz.sandbox.magic import (
    ORDINARY,
    Story,
    failing_number,
    fate,
    refusing_number,
)


def digits(phone: str) -> str:
    return "".join(character for character in phone if character.isdigit())


@pytest.mark.parametrize("code", FAULTS)
def test_every_error_has_a_number_that_is_refused_and_one_that_fails(code: int) -> None:
    assert fate(digits(refusing_number(code))).refused == code
    failing = failing_number(code)
    if failing is not None:
        assert fate(digits(failing)).failed == code


@pytest.mark.parametrize("story", Story)
def test_every_story_has_a_number(story: Story) -> None:
    assert fate(digits(story.phone)).story is story


def test_the_numbers_of_the_documentation() -> None:
    assert fate("15550131026").refused == 131026
    assert fate("15559131049").failed == 131049
    assert fate("15558000004").story is Story.REORDERED


def test_magic_numbers_are_numbers_that_blazz_accepts() -> None:
    phones = [story.phone for story in Story]
    phones += [refusing_number(code) for code in FAULTS]

    assert [parse_phone(phone).digits for phone in phones] == [digits(phone) for phone in phones]


def test_no_two_magic_numbers_are_the_same() -> None:
    phones = [story.phone for story in Story]
    for code in FAULTS:
        phones += [phone for phone in (refusing_number(code), failing_number(code)) if phone]

    assert len(set(phones)) == len(phones)


@pytest.mark.parametrize(
    "number", ["15550783881", "6281234567890", "15558000099", "155501310260", "1555013102", ""]
)
def test_other_numbers_are_ordinary(number: str) -> None:
    assert fate(number) == ORDINARY


@given(st.text(max_size=20))
def test_any_text_has_a_fate(text: str) -> None:
    assert fate(text) is not None
