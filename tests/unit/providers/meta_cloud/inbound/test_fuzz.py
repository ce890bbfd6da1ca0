"""Whatever a signed body holds: nothing raises, nothing is lost, and keys name what updates are."""

from __future__ import annotations

import dataclasses
import json
import random
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from blazz.errors import WebhookError
from blazz.events import Event, UnknownUpdate
from blazz.providers.meta_cloud.inbound import CloudUpdate, parse
from tests.unit.providers.meta_cloud.inbound.fixtures import NAMES, body, items
from tests.unit.providers.meta_cloud.inbound.strategies import (
    EXAMPLES,
    FIXTURES,
    anything,
    batches_of_anything,
    broken_batches,
    mangled_bodies,
)

batches = st.one_of(broken_batches(), batches_of_anything, st.sampled_from(EXAMPLES))


def parsed(batch: Any) -> Sequence[CloudUpdate]:
    return parse(json.dumps(batch).encode())


@settings(max_examples=500)
@given(batches)
def test_every_item_is_an_update_and_no_event_raises(batch: Any) -> None:
    updates = parsed(batch)

    own = [update for update in updates if not update.key.startswith("usage:")]
    assert len(own) == items(batch)
    for update in updates:
        event = update.event()
        assert isinstance(event, Event)
        assert event.key == update.key
        assert event.account == update.account
        assert event.at.tzinfo is not None
        repr(event)
        hash(event)
        for text in texts(event):
            assert b"\0" not in text.encode()
        # The reader's safety net is never needed: every odd value is expected somewhere.
        assert not (isinstance(event, UnknownUpdate) and "could not be read" in event.reason)


@settings(max_examples=200)
@given(mangled_bodies())
def test_a_body_is_refused_or_read_to_its_end(body: bytes) -> None:
    try:
        updates = parse(body)
    except WebhookError:
        return  # the inbox keeps it whole
    assert all(isinstance(update.event(), Event) for update in updates)


@settings(max_examples=150)
@given(batches)
def test_keys_and_conversations_can_be_stored(batch: Any) -> None:
    for update in parsed(batch):
        for name in (update.key, update.conversation, update.account):
            assert name is None or (name.isprintable() and len(name) < 2000)
            assert name is None or name.encode()


@settings(max_examples=150)
@given(batches)
def test_parsing_depends_on_the_body_alone(batch: Any) -> None:
    first, second = parsed(batch), parsed(batch)

    assert outlines(first) == outlines(second)
    assert [update.event() for update in first] == [update.event() for update in second]


@settings(max_examples=150)
@given(batches, st.randoms(use_true_random=False))
def test_keys_outlive_another_spelling(batch: Any, random: random.Random) -> None:
    """Spaces, escapes and the order of names are not what an update is."""
    again = json.dumps(shuffled(batch, random), indent=1, separators=(" ,", " : "))

    assert sorted(outlines(parsed(batch))) == sorted(outlines(parse(again.encode())))


@settings(max_examples=150)
@given(st.sampled_from(NAMES), anything)
def test_another_update_has_another_key(name: str, odd: Any) -> None:
    """What has no id of its own is known by all of it."""
    batch = json.loads(body(name))
    for update in parsed(batch):
        # What is wrapped to be kept (a part of a change) is no object of the batch itself.
        if update.key.split(":", maxsplit=1)[0] not in {*WITH_IDS, "unknown"}:
            changed = parsed(with_a_new_part(batch, update.item, odd))

            assert update.key not in {update.key for update in changed}


def test_the_same_update_of_two_accounts_has_two_keys() -> None:
    for fixture in FIXTURES:
        ours = {update.key for update in parsed(fixture)}
        text = json.dumps(fixture)
        for account in ("110000000000001", "110000000000009", "220000000000002"):
            text = text.replace(account, f"9{account[1:]}")
        text = text.replace('"id": "220000000000003"', '"id": "920000000000003"')
        text = text.replace('"id": "151000000000015"', '"id": "951000000000015"')
        text = text.replace('"id": "660000000000006"', '"id": "960000000000006"')
        text = text.replace('"waba_id": "220000000000009"', '"waba_id": "920000000000009"')
        theirs = {update.key for update in parse(text.encode())}

        assert not ours & theirs


@pytest.mark.parametrize("name", NAMES)
def test_two_copies_of_a_batch_are_the_same_updates(name: str) -> None:
    batch = json.loads(body(name))
    doubled = {**batch, "entry": batch["entry"] * 2}

    assert outlines(parsed(doubled)) == outlines(parsed(batch)) * 2


def texts(value: Any) -> Iterator[str]:
    """Every text of an event; `raw` alone is given as it came."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, tuple | list):
        for part in value:
            yield from texts(part)
    elif isinstance(value, dict):
        yield from texts([*value, *value.values()])
    elif dataclasses.is_dataclass(value):
        for field in dataclasses.fields(value):
            if field.name != "raw":
                yield from texts(getattr(value, field.name))


WITH_IDS = {
    "message",
    "status",
    "usage",
    "call",
    "echo",
    "history",
    "edit",
    "revoke",
    "conversion",
    "standby",
}


def with_a_new_part(node: Any, item: Any, odd: Any) -> Any:
    """The same JSON with something new in each object that equals the item."""
    if isinstance(node, list):
        return [with_a_new_part(part, item, odd) for part in node]
    if not isinstance(node, dict):
        return node
    parts = {name: with_a_new_part(part, item, odd) for name, part in node.items()}
    return {**parts, "a new part": odd} if node == item else parts


def outlines(updates: Sequence[CloudUpdate]) -> list[tuple[str, str, str]]:
    return [(update.key, update.account or "", update.conversation or "") for update in updates]


def shuffled(node: Any, random: random.Random) -> Any:
    """The same JSON with the names of each object in another order."""
    if isinstance(node, list):
        return [shuffled(part, random) for part in node]
    if isinstance(node, dict):
        names = list(node)
        random.shuffle(names)
        return {name: shuffled(node[name], random) for name in names}
    return node
