"""How far a campaign is, and whether it is worth waiting for."""

from __future__ import annotations

from dataclasses import replace

import pytest

from blazz.campaigns.ledger.records import CampaignRow, CampaignState, Counts, Standing
from blazz.campaigns.progress import Meter, Outlook, Phase, outlook, progress_of

NOW = 1000.0
ROW = CampaignRow(
    workspace="w",
    id="c",
    session="s",
    message='{"type":"text","version":1,"body":"Halo"}',
    columns=(),
    state=CampaignState.RUNNING,
)
STANDING = Standing(
    row=ROW,
    counts=Counts(pending=5, accepted=5),
    busy=0,
    next_at=NOW,
    first_at=990.0,
    last_at=999.0,
)


@pytest.mark.parametrize(
    ("standing", "expected"),
    [
        (replace(STANDING), Outlook(Phase.SENDING, ended=False)),
        (replace(STANDING, busy=1, next_at=NOW + 500), Outlook(Phase.SENDING, ended=False)),
        (replace(STANDING, next_at=None), Outlook(Phase.SENDING, ended=False)),
        (replace(STANDING, next_at=NOW + 50), Outlook(Phase.WAITING, ended=False)),
        (replace(STANDING, next_at=NOW + 61), Outlook(Phase.WAITING, ended=True)),
        (replace(STANDING, counts=Counts(unknown=5)), Outlook(Phase.DONE, ended=True)),
        (
            replace(STANDING, row=replace(ROW, not_before=NOW + 9999)),
            Outlook(Phase.WAITING, ended=False),
        ),
        (
            replace(STANDING, row=replace(ROW, not_before=NOW + 9999, reason="a rest")),
            Outlook(Phase.WAITING, ended=True),
        ),
        (
            replace(STANDING, row=replace(ROW, not_before=NOW + 30, reason="a rest")),
            Outlook(Phase.WAITING, ended=False),
        ),
        *(
            (replace(STANDING, row=replace(ROW, state=state)), Outlook(phase, ended))
            for state, phase, ended in [
                (CampaignState.IMPORTING, Phase.IMPORTING, False),
                (CampaignState.READY, Phase.WAITING, False),
                (CampaignState.PAUSED, Phase.PAUSED, False),
                (CampaignState.HALTED, Phase.HALTED, True),
                (CampaignState.CANCELLED, Phase.CANCELLED, True),
            ]
        ),
    ],
)
def test_what_comes_next(standing: Standing, expected: Outlook) -> None:
    assert outlook(standing, now=NOW, patience=60) == expected


def test_a_meter_tells_the_rate_of_the_last_seconds() -> None:
    now = 0.0
    meter = Meter(lambda: now)
    assert meter.rate(100) == 0
    now = 1.0
    assert meter.rate(150) == 50
    for second in range(2, 20):
        now = float(second)
        rate = meter.rate(150 + 10 * (second - 1))
    assert rate == 10
    assert meter.rate(0) == 0, "a total that shrinks is no negative rate"


def test_progress_puts_it_together() -> None:
    progress = progress_of(STANDING, now=NOW, rate=2.0)
    assert (progress.phase, progress.share, progress.eta) == (Phase.SENDING, 0.5, 2.5)
    assert progress.elapsed == 10
    assert progress_of(STANDING, now=NOW, rate=0.0).eta is None
    done = replace(STANDING, counts=Counts(accepted=10))
    assert progress_of(done, now=5000.0, rate=2.0).elapsed == 9
    assert progress_of(done, now=5000.0, rate=2.0).eta is None
    fresh = Standing(
        row=replace(ROW, state=CampaignState.READY),
        counts=Counts(),
        busy=0,
        next_at=None,
        first_at=None,
        last_at=None,
    )
    assert progress_of(fresh, now=NOW, rate=0.0).elapsed == 0
    assert progress_of(fresh, now=NOW, rate=0.0).share == 0
    empty = replace(fresh, row=ROW)
    assert progress_of(empty, now=NOW, rate=0.0).share == 1, "an audience of rejects is done"
