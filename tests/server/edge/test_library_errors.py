"""The errors of the library as answers."""

from __future__ import annotations

import inspect

import pytest

from blazz import errors
from blazz_server.library_errors import answer_to

KINDS = [
    kind
    for name, kind in inspect.getmembers(errors, inspect.isclass)
    if issubclass(kind, errors.BlazzError)
]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_every_error_has_an_answer(kind: type[errors.BlazzError]) -> None:
    answer = answer_to(kind.__new__(kind, "what went wrong"))

    assert 400 <= answer.status <= 504
    assert (answer.status == 500) == (kind is errors.BlazzError)
    assert ("Retry-After" in (answer.headers or {})) or answer.status not in {429, 503}


def test_what_an_error_knows_goes_along() -> None:
    busy = answer_to(errors.Throttled("slow down", code=130429, retry_after=2.2))
    wrong = answer_to(errors.InvalidValue("Text.body", "at most 4096 characters", "x" * 5000))
    gone = answer_to(errors.OwnerUnreachable("two is away", instance="two", retry_after=9))
    maybe = answer_to(errors.OwnerUnreachable(instance="two", may_have_happened=True))
    ended = answer_to(errors.SessionEnded(state="logged_out", reason="by_phone"))

    assert (busy.status, busy.more["provider_code"], busy.headers) == (
        429,
        130429,
        {"Retry-After": "3"},
    )
    assert (wrong.status, wrong.more["field"]) == (422, "Text.body")
    assert (gone.status, gone.more["instance"], gone.more["retry_after"]) == (502, "two", 9)
    assert maybe.status == 504
    assert (ended.status, ended.code, ended.more["state"]) == (409, "session_ended", "logged_out")


def test_a_kind_of_the_provider_is_answered_as_the_kind_it_is() -> None:
    class TooManyOfThese(errors.Throttled):
        pass

    assert answer_to(TooManyOfThese()).code == "throttled"
