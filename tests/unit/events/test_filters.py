"""Filters ask one question each, of every kind of event, and combine."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.addresses import Group, Identity, Phone, UserId
from blazz.client import Client
from blazz.errors import InvalidAddress, InvalidValue
from blazz.events import (
    UNDATED,
    AccountReviewed,
    ButtonPressed,
    Delivered,
    Event,
    Failed,
    ImageReceived,
    MessageReceived,
    Pricing,
    Problem,
    ReactionReceived,
    Referral,
    RowPicked,
    TemplateButtonPressed,
    TextReceived,
    VideoReceived,
)
from blazz.events.choosing import check_filter, check_kinds
from blazz.events.filters import (
    Filter,
    answers,
    chosen,
    contains,
    failed_with,
    from_,
    from_ad,
    from_country,
    has_media,
    in_group,
    is_forwarded,
    is_reply,
    matches,
    priced_as,
)

BUDI = Identity(phone=Phone("+6281234567890"), user_id=UserId("ID.1"))
GROUP = Group("group-1")


def event(kind: type[Event], **fields: Any) -> Event:
    person: dict[str, Any] = {}
    if issubclass(kind, MessageReceived):
        person = {"message_id": "m", "sender": BUDI}
    elif issubclass(kind, Delivered | Failed):
        person = {"message_id": "m", "recipient": BUDI}
    return kind(**{"key": "k", "at": UNDATED} | person | fields)


TEXT = event(TextReceived, body="Berapa HARGA kopi?")
IMAGE = event(ImageReceived, caption="harga lama", chat=GROUP, forwarded=True)
BUTTON = event(ButtonPressed, button_id="order:11", title="Pesan", reply_to="q")
TEMPLATE = event(TemplateButtonPressed, button_id="stop", title="Berhenti")
ROW = event(RowPicked, row_id="express", title="Kilat")
REACTION = event(ReactionReceived, reacted_to="m", referral=Referral(source_type="ad"))
FAILED = event(Failed, errors=(Problem(code=131026),), group=GROUP)
DELIVERED = event(Delivered, pricing=Pricing(category="marketing"))
REVIEW = event(AccountReviewed, decision="APPROVED")
ALL = [TEXT, IMAGE, BUTTON, TEMPLATE, ROW, REACTION, FAILED, DELIVERED, REVIEW]


@pytest.mark.parametrize(
    ("where", "chosen_ones"),
    [
        (matches("harga"), [TEXT, IMAGE]),
        (matches(re.compile("harga")), [IMAGE]),
        (matches(r"^(pesan|kilat)$"), [BUTTON, ROW]),
        (contains("KOPI", "kilat"), [TEXT, ROW]),
        (from_("+62 812-3456-7890"), [e for e in ALL if e is not REVIEW]),
        (from_(UserId("ID.1"), "+4915112345678"), [e for e in ALL if e is not REVIEW]),
        (from_("+4915112345678"), []),
        (from_country("id"), [e for e in ALL if e is not REVIEW]),
        (from_country("BR", "DE"), []),
        (in_group(), [IMAGE, FAILED]),
        (in_group(GROUP), [IMAGE, FAILED]),
        (in_group(Group("group-2")), []),
        (in_group("group-1@g.us"), [IMAGE, FAILED]),
        (has_media(), [IMAGE]),
        (has_media(VideoReceived), []),
        (is_reply(), [BUTTON]),
        (answers("q", "r"), [BUTTON]),
        (answers("r"), []),
        (is_forwarded(), [IMAGE]),
        (from_ad(), [REACTION]),
        (chosen("stop", "express"), [TEMPLATE, ROW]),
        (chosen("order:*"), [BUTTON]),
        (failed_with(131026, 131049), [FAILED]),
        (failed_with(131049), []),
        (priced_as("marketing"), [DELIVERED]),
        (matches("harga") & in_group(), [IMAGE]),
        (chosen("stop") | has_media(), [IMAGE, TEMPLATE]),
        (~from_country("ID"), [REVIEW]),
    ],
    ids=lambda value: repr(value) if isinstance(value, Filter) else "",
)
def test_a_filter_chooses(where: Filter[Any], chosen_ones: list[Event]) -> None:
    assert [event for event in ALL if where(event)] == chosen_ones


@given(st.lists(st.booleans(), min_size=2, max_size=2))
def test_filters_combine_as_logic_does(values: list[bool]) -> None:
    one, other = (Filter[Event](lambda _, value=value: value) for value in values)

    assert (one & other)(TEXT) == (values[0] and values[1])
    assert (one | other)(TEXT) == (values[0] or values[1])
    assert (~one)(TEXT) == (not values[0])
    assert (~(one & other))(TEXT) == (~one | ~other)(TEXT)


def test_a_filter_says_what_it_asks() -> None:
    def urgent(event: Event) -> bool:
        return event.at is UNDATED

    where = matches("a|b") & ~in_group(GROUP) | Filter(urgent)

    assert repr(where) == "((matches('a|b') & ~in_group(group-1@g.us)) | urgent)"


def test_an_address_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InvalidAddress):
        from_("somebody")


def test_a_group_that_is_none_is_refused_at_once() -> None:
    with pytest.raises(InvalidAddress, match="a group"):
        in_group("+6281234567890")


@pytest.mark.parametrize("make", [contains, from_, from_country, answers, chosen, failed_with])
def test_a_choice_of_nothing_is_a_mistake(make: Callable[..., Filter[Event]]) -> None:
    with pytest.raises(InvalidValue, match=f"{make.__name__}.*at least one"):
        make()


@pytest.mark.parametrize("country", ["Indonesia", "+62", "I", "ÄÖ"])
def test_a_country_has_two_letters(country: str) -> None:
    with pytest.raises(InvalidValue, match="two letters"):
        from_country(country)


def test_what_no_event_can_have_is_a_mistake() -> None:
    with pytest.raises(InvalidValue, match=r"regular expression \(missing \), unterminated"):
        matches("(price")
    with pytest.raises(InvalidValue, match=r"kinds of files, .*; got .*TextReceived"):
        has_media(TextReceived)  # type: ignore[arg-type]
    with pytest.raises(InvalidValue, match="numbers, such as 131026; got '131026'"):
        failed_with("131026")  # type: ignore[arg-type]


def test_filters_are_combined_with_operators_and_other_filters_only() -> None:
    one, other = in_group(), matches("a")

    with pytest.raises(TypeError, match=r"with &, \| and ~, not with and, or and not"):
        _ = one and other
    with pytest.raises(TypeError, match="not with and, or and not"):
        _ = not one
    for mistaken in (TextReceived, lambda event: True, True, in_group):
        with pytest.raises(InvalidValue, match=re.escape("Filter(function) makes one")):
            one & mistaken  # type: ignore[operator]
        with pytest.raises(InvalidValue, match="combines with a filter"):
            one | mistaken  # type: ignore[operator]


async def _waits(event: Event) -> bool:
    return True


@pytest.mark.parametrize(
    ("test", "why"),
    [
        (_waits, "does not wait"),
        (in_group, "call this function"),
        (TextReceived, "a filter, or a function"),
        ("price", "a filter, or a function"),
        (None, "a filter, or a function"),
    ],
)
def test_what_cannot_be_a_filter_is_refused(test: Any, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        Filter(test)
    with pytest.raises(InvalidValue, match=f"where: .*{why}"):
        check_filter(test)


class Late:
    """A function of Python 3.14 whose annotations name what is there for type checkers alone."""

    @property
    def __annotations__(self) -> Any:
        raise NameError("name 'TextReceived' is not defined")

    __signature__ = __annotations__

    def __call__(self, *_: object) -> bool:
        return True


def test_annotations_that_nobody_can_read_are_no_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Of a function it looks at none; of what only behaves like one, it does.
    monkeypatch.setattr(inspect, "iscoroutinefunction", lambda _: False)
    check_filter(Late())
    Client(folder=tmp_path).on()(Late())  # type: ignore[type-var]


def test_what_is_no_kind_of_event_is_refused() -> None:
    check_kinds((TextReceived, Event))
    with pytest.raises(InvalidValue, match="classes of events"):
        check_kinds((Identity,))
    with pytest.raises(InvalidValue, match=re.escape("write @client.on(TextReceived)")):
        check_kinds((_waits,))
