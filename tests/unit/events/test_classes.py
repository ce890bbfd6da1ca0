"""Every event is a frozen value: compared by what it says, hashed, and sent across processes."""

from __future__ import annotations

import dataclasses
import importlib
import inspect
import pickle
from collections.abc import Iterator
from pathlib import Path

import pytest

import blazz.events
from blazz.events import Event, MessageReceived
from tests.unit.providers.meta_cloud.inbound.test_golden import EXPECTED

FOLDER = Path(blazz.events.__file__).parent
EVENTS = [event for events in EXPECTED.values() for event in events]


def classes() -> Iterator[type]:
    """Every class that the modules of events define."""
    for path in sorted(FOLDER.glob("[a-z]*.py")):
        module = importlib.import_module(f"blazz.events.{path.stem}")
        for _, kind in inspect.getmembers(module, inspect.isclass):
            if kind.__module__ == module.__name__:
                yield kind


VALUES = [kind for kind in classes() if dataclasses.is_dataclass(kind)]


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_a_value_is_frozen_slotted_and_named(kind: type) -> None:
    parameters = inspect.signature(kind).parameters.values()

    assert kind.__dataclass_params__.frozen  # type: ignore[attr-defined]
    assert "__slots__" in vars(kind)
    assert all(parameter.kind is parameter.KEYWORD_ONLY for parameter in parameters)
    assert kind.__doc__
    assert not kind.__doc__.startswith(f"{kind.__name__}(")


@pytest.mark.parametrize("kind", VALUES, ids=lambda kind: kind.__name__)
def test_every_field_is_explained(kind: type) -> None:
    """Those that need it: a field whose name and class say it all may go without."""
    documented = inspect.getdoc(kind) or ""  # cleaned: compilers since 3.13 leave out the margin

    for name in inspect.get_annotations(kind):
        assert f"    {name}: " in documented or "Attributes:" not in documented, name


def test_every_class_can_be_imported_from_the_package() -> None:
    assert [
        kind.__name__
        for kind in classes()
        if kind.__module__ != "blazz.events.filters" and not hasattr(blazz.events, kind.__name__)
    ] == []


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.key[:60])
def test_an_event_is_a_value(event: Event) -> None:
    copy = pickle.loads(pickle.dumps(event))

    assert copy == event
    assert hash(copy) == hash(event)
    assert dataclasses.replace(event, raw={"more": 1}) == event
    with pytest.raises(dataclasses.FrozenInstanceError):
        event.key = "other"  # type: ignore[misc]


@pytest.mark.parametrize("event", EVENTS, ids=lambda event: event.key[:60])
def test_a_message_has_a_text_or_none_and_an_address(event: Event) -> None:
    if isinstance(event, MessageReceived):
        assert event.text is None or event.text
        assert event.address in (event.chat, event.sender.phone, event.sender.user_id)
