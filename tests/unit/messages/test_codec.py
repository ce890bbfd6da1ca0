"""Messages survive being written as JSON; what is no message is refused with a clear error."""

from __future__ import annotations

import json
import pickle
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.messages import Button, Buttons, Image, Message, Template, Text
from blazz.messages.codec import from_json, to_json
from tests.unit.messages.examples import EXAMPLES
from tests.unit.messages.strategies import messages


@pytest.mark.parametrize("name", EXAMPLES)
def test_an_example_is_read_back(name: str) -> None:
    message = EXAMPLES[name]

    again = from_json(to_json(message))

    assert again == message
    assert type(again) is type(message)
    assert hash(again) == hash(message)
    assert pickle.loads(pickle.dumps(message)) == message


@given(messages())
def test_every_message_is_read_back(message: Message) -> None:
    text = to_json(message)

    assert from_json(text) == message
    assert from_json(text.encode()) == message
    assert to_json(from_json(text)) == text
    assert len({message, from_json(text)}) == 1


def test_the_form_is_small_and_tagged() -> None:
    message = Template("promo", language="id", body=["Budi"])

    assert json.loads(to_json(message)) == {
        "type": "template",
        "version": 1,
        "name": "promo",
        "language": "id",
        "body": ["Budi"],
    }


def test_the_order_of_named_parameters_does_not_matter() -> None:
    one = Template("promo", language="id", body={"a": "1", "b": "2"})
    other = Template("promo", language="id", body={"b": "2", "a": "1"})

    assert one == other
    assert to_json(one) == to_json(other)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "must be JSON"),
        ("{", "must be JSON"),
        ("[]", "must be a JSON object"),
        ("7", "must be a JSON object"),
        ("null", "must be a JSON object"),
        ("{}", "type: is none that blazz knows; got None"),
        ('{"type":"fax"}', "type: is none that blazz knows; got 'fax'"),
        ('{"type":["text"]}', "type: is none that blazz knows"),
        ('{"type":"text","version":2,"body":"x"}', "version: this blazz reads version 1; got 2"),
        ('{"type":"text"}', "text: cannot be read"),
        ('{"type":"text","body":"x","colour":"red"}', "colour"),
        ('{"type":"text","body":{"type":"date","date":"tomorrow"}}', "date: cannot be read"),
        ('{"type":"upload","content":{"type":"bytes","base64":"?"}}', "bytes: cannot be read"),
        ('{"type":"text","body":7}', "Text.body: must be text"),
        ('{"type":"text","body":""}', "Text.body: must not be empty"),
        ('{"type":"button","id":"a","title":"A"}', "type: must be the type of a message"),
        ('{"type":"location","latitude":NaN,"longitude":0}', "Location.latitude"),
        ("[" * 100_000, "must be JSON"),
        ('{"type":"text","body":' + "[" * 900 + "]" * 900 + "}", "message|Text.body"),
    ],
)
def test_what_cannot_be_read_says_why(text: str, why: str) -> None:
    with pytest.raises(InvalidValue, match=why):
        from_json(text)


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["body", "x"]), inner),
    max_leaves=8,
)


@given(
    st.sampled_from(
        sorted({json.loads(to_json(message))["type"] for message in EXAMPLES.values()})
    ),
    st.dictionaries(
        st.sampled_from(["body", "source", "buttons", "header", "name", "cards", "version"]), values
    ),
)
def test_any_json_is_a_message_or_refused(kind: str, fields: dict[str, Any]) -> None:
    try:
        message = from_json(json.dumps({"type": kind, **fields}))
    except InvalidValue:
        return
    assert from_json(to_json(message)) == message


def test_only_the_messages_of_blazz_are_written() -> None:
    class Poll(Text):
        """A message of someone else."""

    with pytest.raises(InvalidValue, match="one of the messages of blazz"):
        to_json(Poll("Which day?"))

    class Cat(Image):
        """Media of someone else."""

    with pytest.raises(InvalidValue, match="made of the parts of blazz"):
        to_json(Buttons("?", [Button("a", "A")], header=Cat("https://x.example/cat.jpg")))
    with pytest.raises(InvalidValue, match="must be Message"):
        to_json(Button("a", "A"))  # type: ignore[arg-type]
