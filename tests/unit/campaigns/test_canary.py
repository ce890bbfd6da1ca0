"""When the others may follow a canary."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.canary import Verdict, judge
from blazz.campaigns.ledger.records import Counts
from blazz.campaigns.options import Canary
from blazz.errors import InvalidValue

RULES = Canary(share=0.1, most_failures=0.2, wait=5.0)


def verdict(counts: Counts, *, quiet_for: float = 10.0, rules: Canary = RULES) -> Verdict:
    return judge(rules, counts, size=10, quiet_for=quiet_for).verdict


@pytest.mark.parametrize(
    ("counts", "quiet_for", "expected"),
    [
        (Counts(pending=100), 10.0, Verdict.WAIT),
        (Counts(pending=91, accepted=9), 10.0, Verdict.WAIT),
        (Counts(pending=90, sending=1, accepted=9), 10.0, Verdict.WAIT),
        (Counts(pending=90, accepted=10), 1.0, Verdict.WAIT),
        (Counts(pending=90, accepted=10), 5.0, Verdict.GO_ON),
        (Counts(pending=90, read=10), 0.0, Verdict.GO_ON),
        (Counts(pending=90, read=8, failed=2), 0.0, Verdict.GO_ON),
        (Counts(pending=90, read=7, failed=2, unknown=1), 0.0, Verdict.HOLD),
        (Counts(pending=96, accepted=1, failed=3), 0.0, Verdict.HOLD),
    ],
)
def test_a_canary_is_judged_by_its_failures(
    counts: Counts, quiet_for: float, expected: Verdict
) -> None:
    assert verdict(counts, quiet_for=quiet_for) is expected


def test_a_person_may_have_to_say_that_the_others_follow() -> None:
    rules = Canary(share=0.1, go_on=False)
    assert verdict(Counts(pending=90, read=10), rules=rules) is Verdict.ASK


@given(
    share=st.floats(0.0001, 0.9999),
    audience=st.integers(1, 10_000_000),
)
def test_a_canary_is_no_smaller_than_its_share_and_never_nobody(
    share: float, audience: int
) -> None:
    size = Canary(share=share).size(audience=audience)
    assert 1 <= size <= audience
    assert size - 1 <= audience * share <= size + 1e-3


@given(failed=st.integers(0, 10), unknown=st.integers(0, 10), quiet=st.floats(0, 100))
def test_the_others_never_follow_when_too_many_failed(
    failed: int, unknown: int, quiet: float
) -> None:
    good = max(0, 10 - failed - unknown)
    counts = Counts(pending=90, read=good, failed=failed, unknown=unknown)
    found = verdict(counts, quiet_for=quiet)
    assert (found is Verdict.HOLD) == (failed + unknown > 2)


@pytest.mark.parametrize("wrong", [{"share": 0}, {"share": 1}, {"most_failures": 1}, {"wait": -1}])
def test_values_out_of_range_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidValue, match=f"Canary.{next(iter(wrong))}"):
        Canary(**wrong)  # type: ignore[arg-type]
