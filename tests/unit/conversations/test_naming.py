"""A person is found under every name that WhatsApp may use for them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import Group, Identity, Lid, Phone, UserId
from blazz.conversations.naming import names_of


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+5511987654321", "+551187654321"),  # Brazil: a mobile number with and without its 9
        ("+5215512345678", "+525512345678"),  # Mexico: with and without its 1
        ("+5491123456789", "+541123456789"),  # Argentina: with and without its 9
    ],
)
def test_a_number_has_the_two_spellings_of_its_country(one: str, other: str) -> None:
    assert set(names_of(Phone(one))) == {one, other}
    assert set(names_of(Phone(other))) == {one, other}


@pytest.mark.parametrize("number", ["+6281234567890", "+551133334444", "+15551234567"])
def test_most_numbers_have_one(number: str) -> None:
    assert list(names_of(Phone(number))) == [number]


@given(st.sampled_from(["+55", "+52", "+54"]), st.integers(10**9, 10**11 - 1))
def test_spellings_lead_back_to_each_other(country: str, number: int) -> None:
    names = names_of(Phone(f"{country}{number}"))

    for name in names:
        assert set(names_of(Phone(name))) == set(names)


def test_an_identity_has_the_names_of_all_its_parts() -> None:
    person = Identity(
        phone=Phone("+6281234567890"),
        user_id=UserId("ID.1"),
        parent_user_id=UserId("ID.ENT.2"),
        lid=Lid("123"),
        username="budi",
    )

    assert list(names_of(person)) == ["+6281234567890", "ID.1", "ID.ENT.2", "123@lid"]
    assert list(names_of(Identity(name="Nobody"))) == []
    assert list(names_of(Group("group-1"))) == ["group-1@g.us"]
