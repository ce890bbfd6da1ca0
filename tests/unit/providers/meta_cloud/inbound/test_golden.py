"""Every fixture means exactly the events that stand in `expected`, keys included."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import blazz.events
from blazz.events import Event
from blazz.providers.meta_cloud.inbound import parse
from tests.unit.providers.meta_cloud.inbound.fixtures import NAMES, body, items

PACKAGE = "tests.unit.providers.meta_cloud.inbound.expected"
EXPECTED: dict[str, list[Event]] = {
    name: events
    for module in sorted(Path(__file__).with_name("expected").glob("[a-z]*.py"))
    for name, events in importlib.import_module(f"{PACKAGE}.{module.stem}").EXPECTED.items()
}


def test_every_fixture_has_its_events_and_the_other_way_round() -> None:
    assert sorted(EXPECTED) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_fixture_means_these_events(name: str) -> None:
    updates = parse(body(name))

    assert [update.event() for update in updates] == EXPECTED[name]


@pytest.mark.parametrize("name", NAMES)
def test_an_update_agrees_with_its_event(name: str) -> None:
    for update in parse(body(name)):
        event = update.event()

        assert update.key == event.key
        assert update.account == event.account
        assert event.raw is update.item


@pytest.mark.parametrize("name", NAMES)
def test_every_item_is_an_update(name: str) -> None:
    updates = [update for update in parse(body(name)) if not update.key.startswith("usage:")]

    assert len(updates) == items(json.loads(body(name)))


@pytest.mark.parametrize("name", NAMES)
def test_only_what_nobody_knows_is_unknown(name: str) -> None:
    unknown = [
        type(update.event()).__name__
        for update in parse(body(name))
        if type(update.event()).__name__ == "UnknownUpdate"
    ]

    assert bool(unknown) == (name.startswith("unknown/") or name == "statuses/unknown")


def test_the_fixtures_show_every_kind_of_event() -> None:
    shown = {type(value).__name__ for events in EXPECTED.values() for value in _inside(events)}

    assert set(_kinds()) <= shown


def _kinds() -> Iterator[str]:
    """The events that are no base of another one, and those bases that are events themselves."""
    kinds = [
        kind
        for name in blazz.events.__all__
        if isinstance(kind := getattr(blazz.events, name), type) and issubclass(kind, Event)
    ]
    bases = {base for kind in kinds for base in kind.__mro__[1:]}
    made = {"AudioReceived", "ButtonPressed", "PreferenceChanged"}
    return (
        kind.__name__
        for kind in kinds
        if (kind not in bases or kind.__name__ in made) and not _is_elsewhere(kind)
    )


def _is_elsewhere(kind: type) -> bool:
    """Whether Meta sends no webhook about it: WhatsApp Web tells of it, or blazz does."""
    subject = kind.__module__.removeprefix("blazz.events.")
    return subject in {"polls", "presence", "sessions"} or kind.__name__ == "GroupAdminsChanged"


def _inside(value: Any) -> Iterator[Any]:
    if isinstance(value, list | tuple):
        for part in value:
            yield from _inside(part)
    elif dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from _inside(getattr(value, field.name))
