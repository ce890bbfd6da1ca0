"""Keys: ids as they are where they can be, a hash of the value where there is none."""

from __future__ import annotations

import json
import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.providers.meta_cloud.inbound.keys import digest, plain
from tests.unit.providers.meta_cloud.inbound.strategies import anything
from tests.unit.providers.meta_cloud.inbound.test_fuzz import shuffled


@pytest.mark.parametrize("value", ["wamid.HBgL+/=", "a b", "Zürich", "x" * 256])
def test_a_printable_id_is_itself(value: str) -> None:
    assert plain(value) == value


@pytest.mark.parametrize(
    "value",
    ["", "a:b", "a\n", "\x00", "\x1b[31m", "\ud800", "x" * 257, -1, 10**256, 1.5, True, None, []],
)
def test_what_cannot_be_part_of_a_key_is_not(value: object) -> None:
    assert plain(value) is None


def test_a_number_is_an_id_too() -> None:
    assert plain(110000000000001) == plain("110000000000001")


@given(anything, st.randoms(use_true_random=False))
def test_a_hash_knows_no_order_of_names(value: Any, random: random.Random) -> None:
    assert digest(value) == digest(shuffled(value, random))


@given(anything, anything)
def test_two_values_have_two_hashes(one: Any, other: Any) -> None:
    assert (digest(one) == digest(other)) == (spelled(one) == spelled(other))


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (1, "1"),
        (1, True),
        (1, 1.0),
        (None, "None"),
        ([], {}),
        ([[1], 2], [1, [2]]),
        ({"a": 1, "b": 2}, {"a": {"b": 2}}),
        (["ab", "c"], ["a", "bc"]),
    ],
)
def test_values_that_look_alike_have_two_hashes(one: Any, other: Any) -> None:
    assert digest(one) != digest(other)


def test_a_hash_does_not_follow_the_depth_of_the_stack() -> None:
    deep: list[Any] = []
    for _ in range(100_000):
        deep = [deep]

    assert digest(deep) == digest(deep)
    while deep:  # taken apart by hand: Python's own way is recursive
        deep = deep.pop()


def spelled(value: Any) -> str:
    return json.dumps(value, sort_keys=True)
