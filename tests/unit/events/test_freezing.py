"""Values that are filled first and frozen after are the same as those made in the usual way."""

from __future__ import annotations

import dataclasses
import pickle
from collections.abc import Callable

import pytest

from blazz.addresses import Identity, Phone
from blazz.events import UNDATED, Delivered, Event, TextReceived
from blazz.events.freezing import filled_then_frozen

SOMEBODY = Identity(phone=Phone("+6281234567890"))
USUAL: list[Event | Identity] = [
    TextReceived(key="k", at=UNDATED, message_id="m", sender=SOMEBODY, body="halo"),
    Delivered(key="k", at=UNDATED, account="a", message_id="m", recipient=SOMEBODY),
    SOMEBODY,
]


def made(usual: Event | Identity) -> Event | Identity:
    fields = {field.name: getattr(usual, field.name) for field in dataclasses.fields(usual)}
    make: Callable[..., Event | Identity] = filled_then_frozen(type(usual))
    return make(**fields)


@pytest.mark.parametrize("usual", USUAL, ids=lambda usual: type(usual).__name__)
def test_it_is_the_same_value(usual: Event | Identity) -> None:
    value = made(usual)

    assert type(value) is type(usual)
    assert value == usual
    assert hash(value) == hash(usual)
    assert repr(value) == repr(usual)
    assert pickle.loads(pickle.dumps(value)) == usual
    assert dataclasses.replace(value) == usual


@pytest.mark.parametrize("usual", USUAL, ids=lambda usual: type(usual).__name__)
def test_it_is_frozen(usual: Event | Identity) -> None:
    value = made(usual)
    name = dataclasses.fields(value)[0].name

    with pytest.raises(dataclasses.FrozenInstanceError):
        setattr(value, name, "changed")
    with pytest.raises(dataclasses.FrozenInstanceError):
        delattr(value, name)
    assert not hasattr(value, "__dict__")


def test_it_asks_for_the_same_fields() -> None:
    make = filled_then_frozen(TextReceived)

    with pytest.raises(TypeError, match="body"):
        make(key="k", at=UNDATED, message_id="m", sender=SOMEBODY)  # type: ignore[call-arg]
    with pytest.raises(TypeError):
        make("k", UNDATED)  # type: ignore[call-arg]


def test_two_values_share_no_default() -> None:
    make = filled_then_frozen(TextReceived)
    one, other = (
        make(key="k", at=UNDATED, message_id="m", sender=SOMEBODY, body="halo") for _ in range(2)
    )

    assert one.raw is not other.raw
