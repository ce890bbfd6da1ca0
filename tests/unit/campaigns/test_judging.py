"""Judging alike rows once says the same as judging each row by itself."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.delivery import (
    Accepted,
    Delivery,
    LeaseExpired,
    Lost,
    NeverLeft,
    RefusedBy,
    Reopened,
    Reported,
    Settled,
    SettleWindowOver,
    State,
    Withheld,
    advance,
)
from blazz.campaigns.ledger.judging import judge
from blazz.campaigns.ledger.records import Finding
from blazz.campaigns.retrying import RetryPolicy
from blazz.errors import Retry
from blazz.events.statuses import Status

NOW = 1000.0
RETRIES = RetryPolicy(most_refusals=3)
IDS = st.sampled_from([None, "wamid.1", "wamid.2"])
CODES = st.sampled_from([None, 131026])
REASONS = st.sampled_from([None, "busy"])
EVIDENCE = st.one_of(
    st.builds(Accepted, st.sampled_from(["wamid.3", "wamid.4"]), st.integers(0, 1)),
    st.builds(Reported, st.sampled_from(Status), IDS, CODES, REASONS),
    st.builds(RefusedBy, st.sampled_from(Retry), CODES, REASONS, counts=st.booleans()),
    st.builds(Withheld, st.sampled_from([None, NOW + 9]), st.just("quiet")),
    st.builds(Settled, st.booleans()),
    st.sampled_from([NeverLeft(), Lost("reset"), LeaseExpired(), SettleWindowOver(), Reopened()]),
)
DELIVERIES = st.builds(
    Delivery,
    state=st.sampled_from(State),
    attempt=st.integers(0, 2),
    refusals=st.integers(0, 2),
    next_at=st.sampled_from([0.0, NOW + 5]),
    message_id=IDS,
    code=CODES,
    reason=REASONS,
    sender=st.integers(0, 1),
)
FINDINGS = st.builds(Finding, st.just(1), st.integers(1, 6), st.integers(0, 2), EVIDENCE)


@given(st.dictionaries(st.integers(1, 5), DELIVERIES), st.lists(FINDINGS, max_size=12))
def test_alike_rows_are_judged_as_each_by_itself(
    known: dict[int, Delivery], findings: list[Finding]
) -> None:
    expected = dict(known)
    for _, seq, attempt, evidence in findings:
        if seq in expected:
            expected[seq] = advance(
                expected[seq], evidence, attempt=attempt, now=NOW, retries=RETRIES
            )

    rows = [
        (seq, (it.state.value, *it[1:4], it.message_id is not None, *it[5:]))
        for seq, it in known.items()
    ]
    judged = judge(rows, findings, now=NOW, retries=RETRIES)

    found = {
        seq: it._replace(message_id=judged.ids.get(seq, known[seq].message_id))
        for seq, it in {**judged.before, **judged.after}.items()
    }
    assert found == expected
    assert list(judged.after) == sorted(judged.after)
    assert set(judged.ids) <= set(judged.after)


def test_what_is_alike_is_one_object() -> None:
    rows = [(seq, ("sending", 1, 0, 0.0, None, None, None, 0)) for seq in (3, 1, 2)]
    findings = [Finding(1, seq, 1, Accepted(f"wamid.{seq}")) for seq in (2, 3, 1)]
    judged = judge(rows, findings, now=NOW, retries=RETRIES)
    assert len({id(it) for it in judged.after.values()}) == 1
    assert judged.ids == {1: "wamid.1", 2: "wamid.2", 3: "wamid.3"}
    assert judged.after[1]._replace(message_id=None).state is State.ACCEPTED


def test_evidence_that_differs_is_told_apart() -> None:
    rows = [(seq, ("sending", 1, 0, 0.0, None, None, None, 0)) for seq in (1, 2)]
    refusal = RefusedBy(Retry.NEVER, 131026, "undeliverable")
    findings = [Finding(1, 1, 1, refusal), Finding(1, 2, 1, replace(refusal, code=131049))]
    judged = judge(rows, findings, now=NOW, retries=RETRIES)
    assert [judged.after[seq].code for seq in (1, 2)] == [131026, 131049]
