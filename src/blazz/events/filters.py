"""Small conditions on events, to combine with `&`, `|` and `~`.

They are given as `where=` to `client.on` and `session.events`, together with the kind of event::

    @client.on(MessageReceived, where=matches(r"price|cost") & ~in_group())

A filter asks the same question of every kind of event: where the question makes no sense, the
answer is no.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Generic, TypeVar, overload

from blazz import addresses
from blazz.addresses import Address, Group, Identity, Phone, UserId
from blazz.errors import InvalidAddress, InvalidValue
from blazz.events.base import Event
from blazz.events.choosing import check_filter
from blazz.events.media import MediaReceived
from blazz.events.messages import MessageEvent, MessageReceived
from blazz.events.replies import ButtonPressed, RowPicked
from blazz.events.statuses import StatusChanged

__all__ = [
    "Filter",
    "answers",
    "chosen",
    "contains",
    "failed_with",
    "from_",
    "from_ad",
    "from_country",
    "has_media",
    "in_group",
    "is_forwarded",
    "is_reply",
    "matches",
    "priced_as",
]

E = TypeVar("E", bound=Event)
E_contra = TypeVar("E_contra", bound=Event, contravariant=True)


class Filter(Generic[E_contra]):
    """A condition on events, made from a function of one event.

    Example:
        >>> long = Filter(lambda event: len(event.text or "") > 500, "long")
        >>> long & ~in_group()
        (long & ~in_group())
    """

    __slots__ = ("_name", "_test")

    def __init__(self, test: Callable[[E_contra], bool], name: str | None = None) -> None:
        """Make a filter.

        Args:
            test: The condition; it must not change anything and must not wait.
            name: What `repr` shows; the function's name by default.

        Raises:
            InvalidValue: It is no function of an event, or one that waits.
        """
        check_filter(test, field="Filter.test")
        self._test = test
        self._name = name or str(getattr(test, "__name__", test))

    def __call__(self, event: E_contra) -> bool:
        """Tell whether the event meets the condition."""
        return bool(self._test(event))

    @overload
    def __and__(self, other: Filter[E_contra]) -> Filter[E_contra]: ...
    @overload
    def __and__(self: Filter[Event], other: Filter[E]) -> Filter[E]: ...
    def __and__(self, other: Filter[Any]) -> Filter[Any]:
        """Both; the result asks about the narrower kind of event."""
        _check_other(other)
        return Filter(lambda event: self(event) and other(event), f"({self!r} & {other!r})")

    @overload
    def __or__(self, other: Filter[E_contra]) -> Filter[E_contra]: ...
    @overload
    def __or__(self: Filter[Event], other: Filter[E]) -> Filter[E]: ...
    def __or__(self, other: Filter[Any]) -> Filter[Any]:
        """Either; the result asks about the narrower kind of event."""
        _check_other(other)
        return Filter(lambda event: self(event) or other(event), f"({self!r} | {other!r})")

    def __invert__(self) -> Filter[E_contra]:
        """Not this."""
        return Filter(lambda event: not self(event), f"~{self!r}")

    def __bool__(self) -> bool:
        """Refuse to be true or false: `and`, `or` and `not` would drop a filter without a word.

        Raises:
            TypeError: Always.
        """
        raise TypeError(f"combine filters with &, | and ~, not with and, or and not: {self!r}")

    def __repr__(self) -> str:
        return self._name


def _check_other(other: object) -> None:
    if not isinstance(other, Filter):
        raise InvalidValue("filter", "combines with a filter; Filter(function) makes one", other)


def _check_some(field: str, values: tuple[object, ...]) -> None:
    """Refuse a choice of nothing: such a filter would never let anything through."""
    if not values or "" in values:
        raise InvalidValue(field, "at least one, and none that is empty", values)


def _check_files(kinds: tuple[object, ...]) -> None:
    for kind in kinds:
        if not (isinstance(kind, type) and issubclass(kind, MediaReceived)):
            raise InvalidValue("has_media.kinds", "kinds of files, such as ImageReceived", kind)


def matches(pattern: str | re.Pattern[str]) -> Filter[Event]:
    """What the person wrote or chose contains a regular expression; letter case does not matter.

    The text is that of `MessageReceived.text`. A compiled pattern keeps its own flags.

    Raises:
        InvalidValue: It is no regular expression.
    """
    try:
        compiled = re.compile(pattern, re.IGNORECASE) if isinstance(pattern, str) else pattern
    except re.error as error:
        raise InvalidValue("matches.pattern", f"a regular expression ({error})", pattern) from None
    return Filter(
        lambda event: compiled.search(_text(event)) is not None, f"matches({compiled.pattern!r})"
    )


def contains(*words: str) -> Filter[Event]:
    """What the person wrote or chose has one of these texts in it; letter case does not matter.

    Raises:
        InvalidValue: There is no text, or an empty one.
    """
    _check_some("contains.words", words)
    folded = tuple(word.casefold() for word in words)
    return Filter(
        lambda event: any(word in _text(event).casefold() for word in folded),
        f"contains({', '.join(map(repr, words))})",
    )


def from_(*senders: str | Address) -> Filter[Event]:
    """It comes from one of these people: the sender of a message, the recipient of a status.

    Raises:
        InvalidAddress: One of them is not an address.
        InvalidValue: There is none.
    """
    _check_some("from_.senders", senders)
    wanted = frozenset(addresses.parse(sender) for sender in senders)
    return Filter(
        lambda event: not wanted.isdisjoint(_addresses(_person(event))),
        f"from_({', '.join(map(str, senders))})",
    )


def from_country(*countries: str) -> Filter[Event]:
    """The person's number or user id is of one of these countries (ISO 3166, such as `ID`).

    Raises:
        InvalidValue: There is none, or one is not written with two letters.
    """
    _check_some("from_country.countries", countries)
    wanted = frozenset(country.upper() for country in countries)
    for country in wanted:
        if not (len(country) == 2 and country.isascii() and country.isalpha()):
            raise InvalidValue("from_country.countries", "two letters, such as ID", country)
    return Filter(
        lambda event: not wanted.isdisjoint(_regions(_person(event))),
        f"from_country({', '.join(sorted(wanted))})",
    )


def in_group(*groups: str | Group) -> Filter[Event]:
    """It happened in one of these groups; without groups: in any.

    Raises:
        InvalidAddress: One of them is not a group.
    """
    wanted = frozenset(addresses.parse(group) for group in groups)
    for group in wanted:
        if not isinstance(group, Group):
            raise InvalidAddress("in_group.groups", "a group, such as 120363021@g.us", group)

    def test(event: Event) -> bool:
        group = _group(event)
        return group is not None and (not wanted or group in wanted)

    return Filter(test, f"in_group({', '.join(map(str, groups))})")


def has_media(*kinds: type[MediaReceived]) -> Filter[Event]:
    """The message has a file; with kinds: one of these, such as `ImageReceived`.

    Raises:
        InvalidValue: One of them is no kind of file.
    """
    _check_files(kinds)
    wanted = kinds or (MediaReceived,)
    return Filter(
        lambda event: isinstance(event, wanted),
        f"has_media({', '.join(kind.__name__ for kind in kinds)})",
    )


def is_reply() -> Filter[Event]:
    """The message answers another one."""
    return Filter(
        lambda event: isinstance(event, MessageReceived) and event.reply_to is not None,
        "is_reply()",
    )


def answers(*message_ids: str) -> Filter[Event]:
    """The message answers one of these messages.

    Raises:
        InvalidValue: There is none.
    """
    _check_some("answers.message_ids", message_ids)
    wanted = frozenset(message_ids)
    return Filter(
        lambda event: isinstance(event, MessageReceived) and event.reply_to in wanted,
        f"answers({', '.join(map(repr, message_ids))})",
    )


def is_forwarded() -> Filter[Event]:
    """The message was forwarded."""
    return Filter(
        lambda event: (
            isinstance(event, MessageReceived) and (event.forwarded or event.frequently_forwarded)
        ),
        "is_forwarded()",
    )


def from_ad() -> Filter[Event]:
    """An advertisement or a post brought the person here."""
    return Filter(
        lambda event: isinstance(event, MessageReceived) and event.referral is not None,
        "from_ad()",
    )


def chosen(*ids: str) -> Filter[Event]:
    """A button or a row with one of these ids was chosen; an id that ends in `*` is a beginning.

    Raises:
        InvalidValue: There is none.
    """
    _check_some("chosen.ids", ids)
    exact = frozenset(name for name in ids if not name.endswith("*"))
    beginnings = tuple(name[:-1] for name in ids if name.endswith("*"))

    def test(event: Event) -> bool:
        if isinstance(event, ButtonPressed):
            name = event.button_id
        elif isinstance(event, RowPicked):
            name = event.row_id
        else:
            return False
        return name in exact or name.startswith(beginnings)

    return Filter(test, f"chosen({', '.join(map(repr, ids))})")


def failed_with(*codes: int) -> Filter[Event]:
    """The message failed with one of these error codes, such as 131026.

    Raises:
        InvalidValue: There is none, or one is no number.
    """
    _check_some("failed_with.codes", codes)
    for code in codes:
        if not isinstance(code, int):
            raise InvalidValue("failed_with.codes", "numbers, such as 131026", code)
    wanted = frozenset(codes)
    return Filter(
        lambda event: (
            isinstance(event, StatusChanged)
            and any(problem.code in wanted for problem in event.errors)
        ),
        f"failed_with({', '.join(map(str, codes))})",
    )


def priced_as(*categories: str) -> Filter[Event]:
    """The status names one of these price categories, such as `marketing`.

    Raises:
        InvalidValue: There is none.
    """
    _check_some("priced_as.categories", categories)
    wanted = frozenset(categories)
    return Filter(
        lambda event: (
            isinstance(event, StatusChanged)
            and event.pricing is not None
            and event.pricing.category in wanted
        ),
        f"priced_as({', '.join(map(repr, categories))})",
    )


def _text(event: Event) -> str:
    return (event.text or "") if isinstance(event, MessageReceived) else ""


def _person(event: Event) -> Identity | None:
    """Whom an event is about, by the names that events have for it."""
    for name in ("sender", "recipient", "person", "payer"):
        person = getattr(event, name, None)
        if isinstance(person, Identity):
            return person
    return None


def _addresses(person: Identity | None) -> frozenset[Address]:
    if person is None:
        return frozenset()
    known = (person.phone, person.user_id, person.parent_user_id, person.lid)
    return frozenset(address for address in known if address is not None)


def _regions(person: Identity | None) -> frozenset[str | None]:
    return frozenset(
        address.region for address in _addresses(person) if isinstance(address, Phone | UserId)
    )


def _group(event: Event) -> Group | None:
    if isinstance(event, MessageEvent):
        return event.chat
    group = getattr(event, "group", None)
    return group if isinstance(group, Group) else None
