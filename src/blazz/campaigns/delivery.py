"""The life of one recipient's message: what each piece of evidence makes of it.

`advance` is pure: given a delivery and evidence, it returns the new delivery, or the same object
if nothing changes. Evidence may come late, twice and in any order; the rules keep three promises:

* A message is sent again only on proof that its last attempt left nothing behind, or where the
  campaign's policy accepts the risk (`SettleWindowOver`).
* States only move up: unknown < accepted < sent < delivered < read.
* `failed` is final unless a delivery proves otherwise, or somebody asks for another try.

::

    pending ─> sending ─> accepted ─> sent ─> delivered ─> read
       ^        │  │         │         │          ^
       ├────────┘  v         v         v          │
       │        unknown     failed <────          │
       └───────────┴── evidence settles it ───────┘
"""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Final, NamedTuple, TypeAlias

from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import Retry
from blazz.events.statuses import Status


class State(enum.StrEnum):
    """Where a recipient's message is."""

    # That of enum.Enum is written in Python; ledgers look states up several times for each row.
    __hash__ = str.__hash__

    PENDING = "pending"
    """It waits for its turn, or for its next attempt."""
    SENDING = "sending"
    """Written down as about to leave; it may or may not have left."""
    UNKNOWN = "unknown"
    """It left or may have left, and no answer came."""
    ACCEPTED = "accepted"
    """The provider took it over."""
    SENT = "sent"
    """It left WhatsApp's servers."""
    DELIVERED = "delivered"
    """It reached the person's phone."""
    READ = "read"
    """The person saw it, or listened to it."""
    FAILED = "failed"
    """It will not arrive."""


class Delivery(NamedTuple):
    """What the ledger knows of one recipient's message.

    A tuple, because ledgers make two of them for each piece of evidence: a frozen dataclass takes
    four times as long.

    Attributes:
        state: Where it is.
        attempt: The number of the last attempt, from 1; 0 before the first.
        refusals: How many refusals counted against it.
        next_at: While pending: not before this time, in seconds since the epoch.
        message_id: The provider's id of the message, once known.
        code: The provider's number for the last error.
        reason: The last error in words.
        sender: Which of the campaign's numbers took it over, by its place among them.
    """

    state: State
    attempt: int
    refusals: int = 0
    next_at: float = 0.0
    message_id: str | None = None
    code: int | None = None
    reason: str | None = None
    sender: int = 0


@dataclass(frozen=True, slots=True)
class Accepted:
    """The provider took the message over, through one of the campaign's numbers."""

    message_id: str
    sender: int = 0


@dataclass(frozen=True, slots=True)
class RefusedBy:
    """The provider said no: nothing was sent.

    Attributes:
        retry: When the same request may succeed.
        code: The provider's number for the error.
        reason: The error in words.
        retry_after: The seconds that the provider asked to wait.
        counts: Whether it counts against the recipient; throttling does not.
        wrong: The request itself is wrong, and so, most likely, are the others.
    """

    retry: Retry
    code: int | None = None
    reason: str | None = None
    retry_after: float | None = None
    counts: bool = True
    wrong: bool = False


@dataclass(frozen=True, slots=True)
class NeverLeft:
    """It certainly did not leave, which is not the recipient's fault: no connection, shut down."""

    reason: str | None = None
    delay: float = 0.0


@dataclass(frozen=True, slots=True)
class Withheld:
    """It was not sent, and on purpose: quiet hours, a cap on messages, a person who opted out.

    Attributes:
        until: When it may be sent after all, in seconds since the epoch; None: it will not be.
        reason: Why, in words.
    """

    until: float | None
    reason: str


@dataclass(frozen=True, slots=True)
class Lost:
    """The request left, but no answer came."""

    reason: str | None = None


@dataclass(frozen=True, slots=True)
class LeaseExpired:
    """Whoever was sending it is gone."""


@dataclass(frozen=True, slots=True)
class Reported:
    """A status update of the provider's."""

    status: Status
    message_id: str | None = None
    code: int | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """The provider looked the attempt up: it was sent, or it was not."""

    sent: bool


@dataclass(frozen=True, slots=True)
class SettleWindowOver:
    """No evidence came within the settle window, and the policy is to try again."""


@dataclass(frozen=True, slots=True)
class Reopened:
    """Somebody wants a failed message to be tried again."""


Evidence: TypeAlias = (
    Accepted
    | RefusedBy
    | NeverLeft
    | Withheld
    | Lost
    | LeaseExpired
    | Reported
    | Settled
    | SettleWindowOver
    | Reopened
)

_HEIGHT: Final = {
    State.PENDING: 0,
    State.SENDING: 0,
    State.UNKNOWN: 0,
    State.ACCEPTED: 1,
    State.SENT: 2,
    State.DELIVERED: 3,
    State.READ: 4,
}
_REPORTED: Final = {
    Status.SENT: State.SENT,
    Status.DELIVERED: State.DELIVERED,
    Status.READ: State.READ,
    Status.PLAYED: State.READ,
}
_UNANSWERED: Final = frozenset({State.SENDING, State.UNKNOWN})
_NOT_GONE: Final = frozenset({State.PENDING, State.SENDING})
_ARRIVED: Final = frozenset({State.DELIVERED, State.READ})


def advance(
    delivery: Delivery, evidence: Evidence, *, attempt: int, now: float, retries: RetryPolicy
) -> Delivery:
    """Apply one piece of evidence.

    Args:
        delivery: What is known so far.
        evidence: What was learnt.
        attempt: The attempt that the evidence is about.
        now: Seconds since the epoch.
        retries: How often and when to try again.

    Returns:
        The new delivery; the same object if the evidence changes nothing.

    Example:
        >>> sending = Delivery(State.SENDING, attempt=1)
        >>> advance(sending, Accepted("wamid.1"), attempt=1, now=0, retries=RetryPolicy()).state
        <State.ACCEPTED: 'accepted'>
    """
    match evidence:
        case Accepted(message_id, sender):
            return _raise_to(delivery, State.ACCEPTED, message_id, sender)
        case Settled(sent=True):
            return _raise_to(delivery, State.ACCEPTED, None)
        case Reported(Status.FAILED):
            return _fail_later(delivery, evidence, attempt)
        case Reported(status, message_id):
            return _raise_to(delivery, _REPORTED[status], message_id)
        case LeaseExpired():
            return _lose(delivery, "the process that was sending it ended")
    # What is left speaks of one attempt alone: it says nothing of a newer one.
    return _conclude(delivery, evidence, now, retries) if attempt == delivery.attempt else delivery


def _conclude(
    delivery: Delivery,
    evidence: RefusedBy | NeverLeft | Withheld | Lost | Settled | SettleWindowOver | Reopened,
    now: float,
    retries: RetryPolicy,
) -> Delivery:
    """What became of the last attempt, while that is still an open question."""
    open_question = delivery.state in _UNANSWERED
    after = delivery
    match evidence:
        case RefusedBy() if open_question:
            after = _refuse(delivery, evidence, now, retries)
        case NeverLeft(reason, delay) if open_question:
            after = _wait(delivery, now + delay, reason=reason)
        case Withheld(until, reason) if delivery.state in _NOT_GONE:
            after = _withhold(delivery, until, reason)
        case Settled() if open_question:
            after = _wait(delivery, now)
        case SettleWindowOver() if delivery.state is State.UNKNOWN:
            after = _wait(delivery, now)
        case Reopened() if delivery.state is State.FAILED:
            after = Delivery(State.PENDING, delivery.attempt, 0, now, sender=delivery.sender)
        case Lost(reason):
            after = _lose(delivery, reason)
    return after


def _raise_to(
    delivery: Delivery, state: State, message_id: str | None, sender: int | None = None
) -> Delivery:
    """Move up on proof that a message exists; a message that failed needs proof of arrival."""
    by = delivery.sender if sender is None else sender
    known = delivery.message_id or message_id
    failed = delivery.state is State.FAILED
    if (failed and state not in _ARRIVED) or (
        not failed and _HEIGHT[state] <= _HEIGHT[delivery.state]
    ):
        if known == delivery.message_id and by == delivery.sender:
            return delivery
        state = delivery.state
    keeps_error = state is State.FAILED
    return Delivery(
        state,
        delivery.attempt,
        delivery.refusals,
        0.0,
        known,
        delivery.code if keeps_error else None,
        delivery.reason if keeps_error else None,
        by,
    )


def _fail_later(delivery: Delivery, report: Reported, attempt: int) -> Delivery:
    """The provider accepted it and reports now that it failed."""
    if attempt < delivery.attempt or delivery.state in _ARRIVED or delivery.state is State.FAILED:
        return delivery
    return Delivery(
        State.FAILED,
        delivery.attempt,
        delivery.refusals,
        0.0,
        delivery.message_id or report.message_id,
        report.code,
        report.reason,
        delivery.sender,
    )


def _lose(delivery: Delivery, reason: str | None) -> Delivery:
    if delivery.state is not State.SENDING:
        return delivery
    return Delivery(
        State.UNKNOWN,
        delivery.attempt,
        delivery.refusals,
        0.0,
        delivery.message_id,
        None,
        reason,
        delivery.sender,
    )


def _refuse(delivery: Delivery, refusal: RefusedBy, now: float, retries: RetryPolicy) -> Delivery:
    refusals = delivery.refusals + refusal.counts
    pause = retries.pause(
        refusal.retry,
        refusals=delivery.refusals,
        counts=refusal.counts,
        retry_after=refusal.retry_after,
    )
    return Delivery(
        State.FAILED if pause is None else State.PENDING,
        delivery.attempt,
        refusals,
        0.0 if pause is None else now + pause,
        delivery.message_id,
        refusal.code,
        refusal.reason,
        delivery.sender,
    )


def _withhold(delivery: Delivery, until: float | None, reason: str) -> Delivery:
    withheld = Delivery(
        State.FAILED if until is None else State.PENDING,
        delivery.attempt,
        delivery.refusals,
        until or 0.0,
        delivery.message_id,
        None,
        reason,
        delivery.sender,
    )
    return delivery if withheld == delivery else withheld


def _wait(delivery: Delivery, until: float, *, reason: str | None = None) -> Delivery:
    """Back to the queue: nothing of the last attempt is out there, or the policy risks it."""
    return Delivery(
        State.PENDING,
        delivery.attempt,
        delivery.refusals,
        until,
        delivery.message_id,
        None,
        reason,
        delivery.sender,
    )
