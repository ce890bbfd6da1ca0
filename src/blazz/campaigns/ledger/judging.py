"""What evidence makes of many recipients: those that are alike are judged once.

A batch of answers or status updates says the same of nearly all its rows: they were being sent, and
were accepted. What differs is the message's id, and which one it is changes no judgement.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from blazz.campaigns.delivery import Accepted, Delivery, Evidence, Reported, State, advance
from blazz.campaigns.ledger.records import Finding
from blazz.campaigns.retrying import RetryPolicy

_STATES = {state.value: state for state in State}
_ID = "an id"
"""Stands for any message id."""


class Judgement(NamedTuple):
    """What became of one campaign's rows.

    Attributes:
        before: What was known of each row, by its number; of its id, whether there is one.
        after: The rows that change, in the order of their numbers.
        ids: Those of them whose message id changes, and the new one.
    """

    before: Mapping[int, Delivery]
    after: Mapping[int, Delivery]
    ids: Mapping[int, str | None]


def judge(
    rows: Iterable[tuple[int, Sequence[Any]]],
    findings: Iterable[Finding],
    *,
    now: float,
    retries: RetryPolicy,
) -> Judgement:
    """Apply findings to rows of their campaign; those about other rows are passed over.

    Args:
        rows: What is known: numbers, and the fields of `Delivery`; of the id, whether there is one.
        findings: What was learnt, in the order in which it came.
        now: Seconds since the epoch.
        retries: How often and when to try again.

    Returns:
        What changes. Rows that are alike share one object.
    """
    cases = _Cases(now, retries)
    before = {seq: cases.delivery(values) for seq, values in rows}
    after: dict[int, Delivery] = {}
    ids: dict[int, str | None] = {}
    for _, seq, attempt, evidence in findings:
        it = after.get(seq) or before.get(seq)
        if it is None:
            continue
        kind, message_id = _kind(evidence)
        new = cases.judge(it, attempt, kind, evidence)
        if new is it:
            continue
        after[seq] = new
        if new.message_id is not it.message_id:
            ids[seq] = message_id if new.message_id else None
    return Judgement(before, dict(sorted(after.items())), ids)  # neighbours share a page


class _Cases:
    """Every case that came up so far; equal deliveries are one object."""

    def __init__(self, now: float, retries: RetryPolicy) -> None:
        self._now = now
        self._retries = retries
        self._read: dict[Sequence[Any], Delivery] = {}
        self._known: dict[Delivery, Delivery] = {}
        self._judged: dict[tuple[int, int, Hashable], Delivery] = {}

    def delivery(self, values: Sequence[Any]) -> Delivery:
        """What a row says."""
        known = self._read.get(values)
        if known is None:
            state, attempt, refusals, next_at, has_id, code, reason, sender = values
            message_id = _ID if has_id else None
            known = self._read[values] = self._one(
                Delivery(
                    _STATES[state], attempt, refusals, next_at, message_id, code, reason, sender
                )
            )
        return known

    def judge(self, it: Delivery, attempt: int, kind: Hashable, evidence: Evidence) -> Delivery:
        """What evidence of a kind makes of a delivery."""
        case = id(it), attempt, kind  # `_known` keeps it alive: nothing else gets its id
        new = self._judged.get(case)
        if new is None:
            new = self._judged[case] = self._one(
                advance(it, _any(evidence), attempt=attempt, now=self._now, retries=self._retries)
            )
        return new

    def _one(self, delivery: Delivery) -> Delivery:
        return self._known.setdefault(delivery, delivery)


def _kind(evidence: Evidence) -> tuple[Hashable, str | None]:
    """What evidence says apart from the message's id, and the id."""
    if type(evidence) is Accepted:  # this and the next are nearly all there is
        return (Accepted, evidence.sender, not evidence.message_id), evidence.message_id
    if type(evidence) is Reported:
        message_id = evidence.message_id
        return (evidence.status, evidence.code, evidence.reason, not message_id), message_id
    return evidence, None


def _any(evidence: Evidence) -> Evidence:
    """The same evidence about any message."""
    if isinstance(evidence, Accepted | Reported) and evidence.message_id:
        return replace(evidence, message_id=_ID)
    return evidence
