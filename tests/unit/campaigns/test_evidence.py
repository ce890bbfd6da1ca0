"""What an error proves about the message that it was raised for."""

from __future__ import annotations

import pytest

from blazz.campaigns.delivery import Evidence, Lost, NeverLeft, RefusedBy
from blazz.campaigns.evidence import evidence_from, is_expected
from blazz.errors import (
    ConfigurationError,
    ConnectionFailed,
    DeliveryUnknown,
    InvalidValue,
    NotAuthorized,
    NotSupported,
    OwnershipLost,
    Rejected,
    Restricted,
    Retry,
    SessionClosed,
    SessionEnded,
    Suppressed,
    Throttled,
    Timeout,
    Unavailable,
    Undeliverable,
    UnreadableAnswer,
    WindowClosed,
)


class PairLimit(Throttled):
    """Too much to one recipient."""

    retry = Retry.PAIR


class Maintenance(Throttled):
    """Come back later."""

    retry = Retry.LATER


class Forbidden(NotAuthorized):
    """Not allowed, now and always."""

    retry = Retry.NEVER


class Locked(Restricted):
    """The account is locked for good."""

    retry = Retry.NEVER


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (Undeliverable("no", code=131026), RefusedBy(Retry.NEVER, 131026, "no")),
        (
            Throttled("slow", code=130429, retry_after=3.0),
            RefusedBy(Retry.BACKOFF, 130429, "slow", 3.0, counts=False),
        ),
        (PairLimit("pair", code=131056), RefusedBy(Retry.PAIR, 131056, "pair")),
        (Maintenance("later"), RefusedBy(Retry.LATER, None, "later", counts=False)),
        (NotAuthorized("who", code=190), RefusedBy(Retry.CREDENTIALS, 190, "who", counts=False)),
        (Forbidden("may not", code=10), RefusedBy(Retry.OPERATOR, 10, "may not", counts=False)),
        (Locked("locked", code=131031), RefusedBy(Retry.OPERATOR, 131031, "locked", counts=False)),
        (Unavailable("down", code=131016), RefusedBy(Retry.BACKOFF, 131016, "down")),
        (Rejected("what?", code=132001), RefusedBy(Retry.NEVER, 132001, "what?", wrong=True)),
        (ConnectionFailed("refused"), NeverLeft("refused", 1.0)),
        (ConfigurationError("bad"), RefusedBy(Retry.OPERATOR, None, "bad", counts=False)),
        (SessionClosed("shut"), RefusedBy(Retry.OPERATOR, None, "shut", counts=False)),
        (
            SessionEnded("left", state="logged_out", reason="logged_out"),
            RefusedBy(Retry.OPERATOR, None, "left", counts=False),
        ),
        (OwnershipLost("elsewhere"), NeverLeft("elsewhere", 1.0)),
        (WindowClosed("24 h"), RefusedBy(Retry.NEVER, None, "24 h")),
        (Suppressed("stop"), RefusedBy(Retry.NEVER, None, "stop")),
        (NotSupported("poll"), RefusedBy(Retry.NEVER, None, "poll")),
        (
            InvalidValue("Text.body", "too long", "x"),
            RefusedBy(Retry.NEVER, None, "Text.body: too long; got 'x'"),
        ),
        (
            UnreadableAnswer("a page", status=407, body="<html>"),
            RefusedBy(Retry.BACKOFF, 407, "a page"),
        ),
        (UnreadableAnswer("a page", status=502, body="<html>"), Lost("a page")),
        (UnreadableAnswer("a page", status=200, body=""), Lost("a page")),
        (DeliveryUnknown("timeout", token="t"), Lost("timeout")),
        (Timeout("late"), Lost("late")),
        (TimeoutError(), Lost("TimeoutError")),
        (KeyError("x"), Lost("KeyError: 'x'")),
    ],
)
def test_an_error_is_taken_for_what_it_proves(error: Exception, expected: Evidence) -> None:
    assert evidence_from(error) == expected


def test_reasons_are_cut_to_a_length_that_a_ledger_of_millions_can_bear() -> None:
    evidence = evidence_from(Undeliverable("x" * 1000))
    assert isinstance(evidence, RefusedBy)
    assert evidence.reason == "x" * 300


def test_faults_of_the_sender_are_told_from_errors_that_it_may_raise() -> None:
    assert is_expected(Undeliverable())
    assert is_expected(TimeoutError())
    assert not is_expected(KeyError("x"))
