"""How values are shown to people: the examples hold, and nothing that people write breaks it."""

from __future__ import annotations

import doctest
import re
from datetime import UTC, datetime

from hypothesis import given
from hypothesis import strategies as st

from blazz_server.dashboard import bubbles, rendering, wording

TEXTS = st.text(max_size=20)


def test_the_examples_hold() -> None:
    for module in (bubbles, rendering, wording):
        assert doctest.testmod(module).failed == 0


@given(TEXTS, TEXTS)
def test_ids_of_elements_are_safe_and_different(one: str, other: str) -> None:
    assert re.fullmatch(r"[A-Za-z0-9_-]*", wording.anchor(one))
    if one != other and "_" not in one + other:
        assert wording.anchor(one) != wording.anchor(other)


@given(TEXTS)
def test_any_name_has_letters_and_a_colour(name: str) -> None:
    assert 1 <= len(wording.initials(name)) <= 2
    assert wording.colour(name) in range(6)
    assert wording.only_emoji(name) in {True, False}


@given(st.datetimes() | st.datetimes(timezones=st.just(UTC)))
def test_any_moment_can_be_shown(at: datetime) -> None:
    for shape in ("clock", "date", "day", "list", "short", "long", "ago"):
        assert wording.moment(at, shape)
    assert datetime.fromisoformat(wording.iso(at)).tzinfo is not None
