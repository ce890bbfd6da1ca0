"""Statuses only move up, whatever their order; what is billed is told once."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import Identity, Phone, UserId
from blazz.events import (
    UNDATED,
    Delivered,
    Failed,
    Played,
    Pricing,
    Problem,
    Read,
    Sent,
    Status,
    StatusChanged,
    advance,
    billed,
)

BUDI = Identity(phone=Phone("+6281234567890"))
MARKETING = Pricing(category="marketing", type="regular", model="PMP", billable=True)

statuses = st.sampled_from(Status)


def final(seen: list[Status], start: Status | None = None) -> Status | None:
    return functools.reduce(advance, seen, start)


@given(st.lists(statuses, min_size=1), st.randoms(use_true_random=False))
def test_any_order_ends_in_the_same_status(seen: list[Status], random: Any) -> None:
    other = list(seen)
    random.shuffle(other)

    assert final(seen) == final(other)


@given(st.lists(statuses, min_size=1))
def test_a_status_that_comes_again_changes_nothing(seen: list[Status]) -> None:
    assert final(seen * 2) == final(seen)


@given(statuses, statuses)
def test_a_status_never_moves_down(current: Status, new: Status) -> None:
    order = [Status.SENT, Status.FAILED, Status.DELIVERED, Status.READ, Status.PLAYED]

    assert order.index(advance(current, new)) == max(order.index(current), order.index(new))


@given(statuses)
def test_the_first_status_counts(new: Status) -> None:
    assert advance(None, new) is new


@pytest.mark.parametrize("proof", [Status.DELIVERED, Status.READ, Status.PLAYED])
def test_failed_is_final_until_a_delivery_proves_otherwise(proof: Status) -> None:
    assert final([Status.SENT, Status.FAILED, Status.SENT]) is Status.FAILED
    assert final([Status.FAILED, proof, Status.FAILED]) is proof


def status(kind: type[StatusChanged], **fields: Any) -> StatusChanged:
    return kind(
        **{"key": "k", "at": UNDATED, "account": "n", "message_id": "m", "recipient": BUDI} | fields
    )


@pytest.mark.parametrize("kind", [Sent, Delivered, Read, Played, Failed])
def test_a_status_event_names_its_status(kind: type[StatusChanged]) -> None:
    assert status(kind).status is Status[kind.__name__.upper()]


def test_a_failure_names_its_first_error() -> None:
    failed = status(Failed, errors=(Problem(code=131026), Problem(code=1)))

    assert isinstance(failed, Failed)
    assert failed.code == 131026
    assert Failed(key="k", at=UNDATED, message_id="m", recipient=BUDI).code is None


@pytest.mark.parametrize(
    ("pricing", "free"),
    [
        (MARKETING, False),
        (Pricing(type="free_entry_point", billable=True), True),
        (Pricing(billable=False), True),
        (Pricing(billable=True), False),
        (Pricing(), False),
    ],
)
def test_what_is_free(pricing: Pricing, free: bool) -> None:
    assert pricing.free is free


def test_a_delivered_message_is_billed_once_whatever_tells_of_it() -> None:
    events = [billed(status(kind, pricing=MARKETING, token="t")) for kind in (Delivered, Read)]

    assert len({event.key for event in events if event is not None}) == 1
    assert events[0] is not None
    assert (events[0].category, events[0].country, events[0].token) == ("marketing", "ID", "t")


@pytest.mark.parametrize(
    ("kind", "pricing"),
    [
        (Sent, MARKETING),
        (Failed, MARKETING),
        (Delivered, None),
        (Delivered, Pricing(category="service", type="free_customer_service")),
    ],
)
def test_what_is_not_billed(kind: type[StatusChanged], pricing: Pricing | None) -> None:
    assert billed(status(kind, pricing=pricing)) is None


@pytest.mark.parametrize(
    ("person", "country"),
    [
        (Identity(user_id=UserId("BR.1"), phone=BUDI.phone), "BR"),
        (BUDI, "ID"),
        (Identity(), None),
    ],
)
def test_the_country_is_that_of_the_person(person: Identity, country: str | None) -> None:
    event = billed(status(Delivered, pricing=MARKETING, recipient=person))

    assert event is not None
    assert event.country == country
