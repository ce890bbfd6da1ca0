"""The error tree: complete in its drawing, picklable, and with messages of its own."""

from __future__ import annotations

import inspect
import pickle
import re

import pytest

from blazz import errors
from blazz.errors import BlazzError, InvalidValue, Refused, Retry

CLASSES = sorted(
    (
        kind
        for _, kind in inspect.getmembers(errors, inspect.isclass)
        if issubclass(kind, BlazzError)
    ),
    key=lambda kind: kind.__name__,
)
NEEDED = {
    "token": "v1.-.t",
    "status": 502,
    "body": "<html>",
    "message_id": "wamid.1",
    "owner": "host-1",
    "instance": "east-1",
    "retry_after": 7.0,
    "missing": ("MsgKey",),
    "code": "chat_not_found",
    "cursor": "7-1",
    "reason": "expired",
    "state": "banned",
}


def _make(kind: type[BlazzError]) -> BlazzError:
    if issubclass(kind, InvalidValue):
        return kind("Text.body", "at most 4096 characters", "x" * 5000)
    if kind is errors.MissingDependency:
        return errors.MissingDependency("pyreqwest", extra="fast")
    parameters = inspect.signature(kind).parameters.values()
    needed = {
        parameter.name: NEEDED[parameter.name]
        for parameter in parameters
        if parameter.kind is parameter.KEYWORD_ONLY and parameter.default is parameter.empty
    }
    return kind("it went wrong", **needed)


def _drawn() -> dict[str, str | None]:
    """Read the drawing of the tree: each name with its parent."""
    parents: dict[str, str | None] = {}
    path: list[str] = []
    for line in (errors.__doc__ or "").splitlines():
        match = re.match(r"    (?P<lines>(?:│   |    |├── |└── )*)(?P<name>[A-Z]\w+)", line)
        if match is None or (not match["lines"] and match["name"] != "BlazzError"):
            continue
        depth = len(match["lines"]) // 4
        path[depth:] = [match["name"]]
        parents[match["name"]] = path[depth - 1] if depth else None
    return parents


def test_the_drawing_shows_every_class_below_its_parent() -> None:
    actual = {
        kind.__name__: None if kind is BlazzError else kind.__bases__[0].__name__
        for kind in CLASSES
    }

    assert _drawn() == actual


def test_the_drawing_names_the_builtin_parents() -> None:
    for kind in CLASSES:
        for builtin in (ValueError, TimeoutError):
            if builtin in kind.__bases__:
                assert f"{kind.__name__} (also {builtin.__name__})" in (errors.__doc__ or "")


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_an_error_crosses_process_borders_whole(kind: type[BlazzError]) -> None:
    error = _make(kind)

    again = pickle.loads(pickle.dumps(error))

    assert type(again) is kind
    assert str(again) == str(error)
    assert again.__dict__ == error.__dict__


@pytest.mark.parametrize("kind", CLASSES, ids=lambda kind: kind.__name__)
def test_the_docstring_is_a_sentence(kind: type[BlazzError]) -> None:
    first = (kind.__doc__ or "").partition("\n")[0]

    assert "__doc__" in vars(kind)
    assert first.endswith((".", ";", ":"))


def test_the_docstring_is_the_default_message() -> None:
    assert str(errors.SessionClosed()) == "The session or its client is not open."
    assert str(errors.SessionClosed("gone")) == "gone"
    assert str(errors.DeliveryUnknown(token="t")).startswith("The request left, but no answer came")


def test_a_broken_limit_names_field_limit_and_value() -> None:
    error = InvalidValue("Text.body", "at most 4096 characters", "x" * 5000)

    assert str(error) == f"Text.body: at most 4096 characters; got '{'x' * 76}..."
    assert (error.field, error.limit, error.value) == (
        "Text.body",
        "at most 4096 characters",
        "x" * 5000,
    )


def test_an_unreadable_answer_keeps_its_beginning() -> None:
    error = errors.UnreadableAnswer("not JSON", status=502, body="x" * 500)

    assert (error.status, error.body) == (502, "x" * 200)


def test_a_refusal_carries_what_the_provider_said() -> None:
    error = errors.Throttled("slow down", code=130429, retry_after=2.5)

    assert (error.code, error.retry_after, error.retry) == (130429, 2.5, Retry.BACKOFF)
    assert isinstance(error, Refused)


def test_every_kind_of_refusal_says_when_to_retry() -> None:
    assert {kind.__name__: kind.retry for kind in Refused.__subclasses__() if _ours(kind)} == {
        "NotAuthorized": Retry.CREDENTIALS,
        "Rejected": Retry.NEVER,
        "Restricted": Retry.OPERATOR,
        "Throttled": Retry.BACKOFF,
        "Unavailable": Retry.BACKOFF,
        "Undeliverable": Retry.NEVER,
    }


def _ours(kind: type) -> bool:
    return kind.__module__.startswith(f"{errors.__name__}.")


def test_standard_handlers_catch_ours() -> None:
    with pytest.raises(ValueError, match="port"):
        raise InvalidValue("port", "0 to 65535", -1)
    with pytest.raises(TimeoutError):
        raise errors.Timeout
