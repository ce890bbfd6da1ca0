"""The blocking face has the same names, parameters and results as the asynchronous one."""

from __future__ import annotations

import inspect
import typing
from collections.abc import AsyncGenerator, AsyncIterator, Iterator
from typing import Any

import pytest

import blazz
from blazz import sync
from blazz.conversations.waiting import TrackedReceipt

PAIRS = [
    (blazz.Client, sync.Client),
    (blazz.Session, sync.Session),
    (blazz.Campaign, sync.Campaign),
    (TrackedReceipt, sync.Receipt),
]
BLOCKING = {
    blazz.Session: sync.Session,
    blazz.Campaign: sync.Campaign,
    TrackedReceipt: sync.Receipt,
}
# A web framework without async hands a request over whole; there is no ASGI application to give.
INSTEAD = {"webhooks": "handle_webhook"}
# Who follows the bus waits on it for ever: that is for a loop of its own.
ASYNCHRONOUS_ONLY = {"bus"}


def _methods() -> list[Any]:
    return [
        pytest.param(asynchronous, blocking, name, id=f"{asynchronous.__name__}.{name}")
        for asynchronous, blocking in PAIRS
        for name, member in inspect.getmembers(asynchronous)
        if not name.startswith("_")
        and (inspect.isfunction(member) or isinstance(member, property))
        and name not in {*INSTEAD, *ASYNCHRONOUS_ONLY}
    ]


@pytest.mark.parametrize(("asynchronous", "blocking", "name"), _methods())
def test_a_method_has_its_counterpart(asynchronous: type, blocking: type, name: str) -> None:
    original, ours = getattr(asynchronous, name), getattr(blocking, name)
    if isinstance(original, property):
        assert isinstance(ours, property)
        return

    assert not inspect.iscoroutinefunction(ours)
    theirs = inspect.signature(original)
    assert list(inspect.signature(ours).parameters) == list(theirs.parameters)
    for parameter in theirs.parameters.values():
        same = inspect.signature(ours).parameters[parameter.name]
        assert (same.default, same.kind) == (parameter.default, parameter.kind)
    assert _plain(_result(ours)) == _plain(_blocking(_result(original)))


@pytest.mark.parametrize(("name", "counterpart"), INSTEAD.items())
def test_what_cannot_be_the_same_has_a_counterpart(name: str, counterpart: str) -> None:
    assert hasattr(blazz.Client, name)
    assert hasattr(sync.Client, counterpart)


def _result(method: Any) -> Any:
    hints = typing.get_type_hints(method)
    return hints["return"]


def _blocking(kind: Any) -> Any:
    """What a blocking method gives where the original gives `kind`."""
    if typing.get_origin(kind) in {AsyncIterator, AsyncGenerator}:
        (item, *_) = typing.get_args(kind)
        return Iterator[item]
    if typing.get_origin(kind) is list:
        (item,) = typing.get_args(kind)
        return list[BLOCKING.get(item, item)]  # type: ignore[misc]
    return BLOCKING.get(kind, kind)


def _plain(kind: Any) -> str:
    """A type in words: each side has type variables of its own."""
    return str(kind)
