"""What all messages have in common: frozen to the core, typed at the door, known to providers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from typing import Any

import pytest

from blazz import messages
from blazz.errors import InvalidValue
from blazz.messages import (
    Button,
    Buttons,
    ContactCard,
    ContactName,
    ContactPhone,
    Contacts,
    Message,
    OpenFlow,
    Template,
    Text,
)
from blazz.messages.codec import from_json, to_json
from blazz.messages.frozen import FrozenMapping, freeze, thaw
from blazz.providers.base import Capability
from tests.unit.messages.examples import EXAMPLES


def _parts(value: Any) -> Iterator[Any]:
    """A message and everything it is made of."""
    if dataclasses.is_dataclass(value):
        yield value
        for field in dataclasses.fields(value):
            yield from _parts(getattr(value, field.name))
    elif isinstance(value, tuple):
        for item in value:
            yield from _parts(item)


PARTS = {type(part): part for message in EXAMPLES.values() for part in _parts(message)}
FIELDS = [
    pytest.param(part, field.name, id=f"{kind.__name__}.{field.name}")
    for kind, part in PARTS.items()
    for field in dataclasses.fields(part)
]


def test_the_examples_cover_every_class() -> None:
    exported = {
        value for name in messages.__all__ if isinstance(value := getattr(messages, name), type)
    }

    assert exported - set(PARTS) == {Message, messages.Media}


@pytest.mark.parametrize(("part", "field"), FIELDS)
def test_a_field_of_another_type_is_refused_by_name(part: Any, field: str) -> None:
    of_no_field = [object(), 7j, {"a": object()}, [object()]]
    is_bytes = type(part) is messages.Upload and field == "content"
    for wrong in of_no_field if is_bytes else [*of_no_field, b"x"]:
        with pytest.raises(InvalidValue) as caught:
            dataclasses.replace(part, **{field: wrong})

        assert type(part).__name__ in caught.value.field or caught.value.field.startswith("Contact")


@pytest.mark.parametrize(("part", "field"), FIELDS)
def test_a_field_cannot_be_changed(part: Any, field: str) -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(part, field, None)
    assert not hasattr(part, "__dict__")
    hash(part)


def test_a_message_keeps_no_hold_on_the_callers_lists() -> None:
    buttons, body, data = [Button("a", "A")], {"a": "1"}, {"list": [1]}
    message = Buttons("?", buttons)
    template = Template("promo", language="id", body=body, buttons=[OpenFlow(data=data)])

    buttons.append(Button("b", "B"))
    body["b"] = "2"
    data["list"].append(2)

    assert message.buttons == (Button("a", "A"),)
    assert template.body == {"a": "1"}
    assert template.buttons[0] == OpenFlow(data={"list": [1]})


def test_a_generator_is_a_list_too() -> None:
    assert Buttons("?", (Button(n, n) for n in "ab")).buttons == (
        Button("a", "a"),
        Button("b", "b"),
    )  # type: ignore[arg-type]


@pytest.mark.parametrize("kind", [kind for kind in PARTS if issubclass(kind, Message)])
def test_each_message_names_a_capability(kind: type[Message]) -> None:
    assert Capability(kind.capability) in Capability


def test_the_exported_names_are_sorted() -> None:
    assert messages.__all__ == sorted(messages.__all__)


def test_no_parameters_are_the_same_by_position_and_name() -> None:
    assert Template("promo", language="id", body={}) == Template("promo", language="id")


def test_plain_text_stands_for_simple_contact_parts() -> None:
    short = ContactCard(
        "Budi", phones=["+62 812"], emails=["b@x.example"], urls=["https://x.example"]
    )

    assert short.name == ContactName("Budi")
    assert short.phones == (ContactPhone("+62 812"),)
    assert from_json(to_json(Contacts([short]))) == Contacts([short])


def test_large_content_is_not_printed() -> None:
    upload = messages.Upload(b"x" * 1_000_000, "image/png", "a.png")

    assert len(repr(upload)) < 100


def test_a_frozen_mapping_is_a_mapping() -> None:
    mapping = FrozenMapping({"a": 1, "b": 2})

    assert mapping == {"b": 2, "a": 1}
    assert hash(mapping) == hash(FrozenMapping({"b": 2, "a": 1}))
    assert repr(mapping) == "{'a': 1, 'b': 2}"
    assert list(mapping) == ["a", "b"]
    with pytest.raises(AttributeError):
        mapping.c = 3  # type: ignore[attr-defined]


def test_thawing_gives_back_what_was_frozen() -> None:
    value = {"a": [1, {"b": None}], "c": "d"}

    assert thaw(freeze("data", value)) == value
    assert type(thaw(freeze("data", value))) is dict


def test_text_is_found_in_a_message() -> None:
    assert Text("Halo") == Text(body="Halo", preview_url=True)
