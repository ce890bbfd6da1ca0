"""Variants: who gets which, and what the ledger keeps of them."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.content import Content, Variants, read_content, write_content
from blazz.campaigns.routing import lane_of
from blazz.errors import InvalidValue
from blazz.messages import Text

BOTH = Variants({"a": Text("A {x}"), "b": Text("B {y}")})
weights = st.lists(st.floats(0.01, 100), min_size=2, max_size=6)


@given(weights, st.text(min_size=1, max_size=40))
def test_variants_come_back_from_the_ledger(given_weights: list[float], body: str) -> None:
    text = Text(body.replace("{", "").replace("}", "") or "x") if body.strip() else Text("x")
    messages = {f"v{n}": text for n in range(len(given_weights))}
    variants = Variants(messages, weights=tuple(given_weights))
    assert read_content(write_content(variants)) == variants


@given(weights)
def test_parts_are_as_large_as_their_weights(given_weights: list[float]) -> None:
    messages = {f"v{n}": Text("x") for n in range(len(given_weights))}
    content = Content(Variants(messages, weights=tuple(given_weights)), seed="promo")
    people = 2000
    counts = Counter(content.variant(f"+62812{n:08}") for n in range(people))
    for place, weight in enumerate(given_weights):
        share = weight / sum(given_weights)
        assert abs(counts[place] / people - share) < 0.08


def test_campaigns_draw_independently_of_each_other() -> None:
    one, two = Content(BOTH, seed="one"), Content(BOTH, seed="two")
    people = [f"+62812{n:08}" for n in range(1000)]
    same = sum(one.variant(each) == two.variant(each) for each in people)
    assert 400 < same < 600


def test_all_columns_of_all_variants_are_needed() -> None:
    content = Content(BOTH)
    assert content.columns == ("x", "y")
    assert content.render({"x": "1", "y": "2"}, variant=1) == Text("B 2")
    assert Content(Text("Halo")).names == ()


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (lambda: Variants({"a": Text("A")}), "2 to 26 messages"),
        (lambda: Variants({"a": Text("A"), "b c": Text("B")}), "letters, digits"),
        (lambda: Variants({"a": Text("A"), "b": "B"}), r"Variants.messages\['b'\]"),  # type: ignore[dict-item]
        (lambda: Variants({"a": Text("A"), "b": Text("B")}, weights=(1,)), "one for each"),
        (lambda: Variants({"a": Text("A"), "b": Text("B")}, weights=(1, 0)), "above 0"),
        (lambda: Variants({"a": Text("A"), "b": Text("B")}, weights={"a": 1}), "one weight for"),
    ],
)
def test_variants_that_make_no_sense_are_refused(make: Any, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        make()


@given(st.integers(2, 6), st.data())
def test_a_number_that_goes_moves_only_its_own_people(count: int, data: st.DataObject) -> None:
    sessions = [f"s{n}" for n in range(count)]
    gone = data.draw(st.sampled_from(sessions))
    left = [each for each in sessions if each != gone]
    for n in range(60):
        address = f"+62812{n:08}"
        before = sessions[lane_of(address, sessions)]
        if before != gone:
            assert left[lane_of(address, left)] == before
