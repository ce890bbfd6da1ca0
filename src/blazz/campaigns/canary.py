"""How the first few messages did, and whether the others may follow. Pure."""

from __future__ import annotations

import enum
from dataclasses import dataclass

from blazz.campaigns.ledger.records import Counts
from blazz.campaigns.options import Canary


class Verdict(enum.Enum):
    """What to do after a look at a canary."""

    WAIT = "wait"
    """Its messages are on their way, or their statuses are."""
    GO_ON = "go on"
    """It did well: the others follow."""
    ASK = "ask"
    """It did well, and somebody is to say that the others may follow."""
    HOLD = "hold"
    """Too many failed: the others are held back until somebody resumes the campaign."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict, and why, in words."""

    verdict: Verdict
    reason: str = ""


_WAIT = Judgement(Verdict.WAIT)


def judge(canary: Canary, counts: Counts, *, size: int, quiet_for: float) -> Judgement:
    """Judge a canary.

    Whoever was not written to, because of an opt-out or a cap, has failed as well: that is in the
    counts like any other failure.

    Args:
        canary: The rules.
        counts: How its messages stand; messages beyond it are still pending.
        size: How many messages it has.
        quiet_for: Seconds since anything about it changed.

    Example:
        >>> rules = Canary(share=0.1, most_failures=0.2, wait=5)
        >>> judge(rules, Counts(pending=90, read=7, failed=3), size=10, quiet_for=6).verdict
        <Verdict.HOLD: 'hold'>
    """
    done = counts.total - counts.open
    bad = counts.failed + counts.unknown
    told = f"canary: {bad} of {size} messages failed ({bad / size:.1%})"
    if bad > canary.most_failures * size:
        return Judgement(Verdict.HOLD, f"{told}, the limit is {canary.most_failures:.1%}")
    if done < size or counts.sending:
        return _WAIT
    settled = counts.read + bad == done
    if quiet_for < canary.wait and not settled:
        return _WAIT
    if canary.go_on:
        return Judgement(Verdict.GO_ON, told)
    return Judgement(Verdict.ASK, f"{told}; resume the campaign to go on")
