"""Ids carry what the sandbox would otherwise have to remember, and nothing else passes for one."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import UserId
from blazz.sandbox.identifiers import (
    is_message_id,
    message_id,
    object_id,
    party,
    sent_sequence,
    trace_id,
    user_id,
    user_number,
)

numbers = st.integers(10**6, 10**15 - 1).map(str)
scopes = st.text(max_size=20)


@given(numbers, st.integers(0, 2**32 - 1), st.integers(1, 2**40 - 1))
def test_a_message_id_holds_its_place_in_the_log(wa_id: str, run: int, sequence: int) -> None:
    sent = message_id(wa_id, run, sequence)

    assert sent_sequence(sent) == sequence
    assert party(sent) == wa_id
    assert is_message_id(sent)
    assert sent_sequence(message_id(wa_id, run, sequence, incoming=True)) is None


@given(numbers, scopes, st.booleans())
def test_a_user_id_can_be_turned_back(wa_id: str, scope: str, parent: bool) -> None:
    scoped = user_id(wa_id, country="ID", scope=scope, parent=parent)

    assert UserId(scoped).region == "ID"
    assert user_number(scoped, scope=scope) == wa_id


@given(numbers, numbers)
def test_user_ids_differ_by_business_and_number(one: str, other: str) -> None:
    mine = user_id(one, country="ID", scope="a")

    assert mine != user_id(one, country="ID", scope="b")
    assert (mine == user_id(other, country="ID", scope="a")) == (one == other)


@given(st.text(max_size=300) | st.text(max_size=80).map("wamid.".__add__))
def test_any_text_can_be_read(text: str) -> None:
    assert sent_sequence(text) is None or text.startswith("wamid.")
    party(text)
    user_number(text, scope="a")


def test_a_foreign_user_id_stays_foreign() -> None:
    assert user_number("US.13491208655302741918", scope="102290129340398") is None


def test_other_ids_are_stable_and_look_right() -> None:
    assert object_id("a") == object_id("a") != object_id("b")
    assert object_id("a").isdigit()
    assert trace_id(1, 1) != trace_id(1, 2)
    assert trace_id(1, 1).startswith("A")
