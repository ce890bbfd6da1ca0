"""Which number sends, and who takes over."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.ledger.records import CampaignRow
from blazz.campaigns.options import CampaignOptions, Numbers, Share
from blazz.campaigns.pacing import Pace, Stop
from blazz.campaigns.routing import Routes, choose, gives_way
from tests.unit.campaigns.senders import FakeSender

loads = st.lists(st.just(math.inf) | st.integers(0, 9).map(float), min_size=2, max_size=5)


@given(loads, st.integers(0, 4), st.sampled_from(Share), st.booleans())
def test_only_a_number_that_can_send_is_chosen(
    given_loads: list[float], lane: int, share: Share, failover: bool
) -> None:
    sessions = tuple(f"s{n}" for n in range(len(given_loads)))
    options = CampaignOptions(sessions=sessions, numbers=Numbers(share=share, failover=failover))
    place = choose(options, lane=lane, loads=given_loads)
    able = [n for n, load in enumerate(given_loads) if load != math.inf]
    strict = share is Share.RECIPIENTS and not failover and lane < len(given_loads)
    if place is None:
        assert lane not in able if strict else not able
    else:
        assert place in able
        if share is Share.RECIPIENTS and lane in able:
            assert place == lane
        if share is Share.CHUNKS:
            assert given_loads[place] == min(given_loads)


def test_numbers_take_over_until_none_is_left_and_come_back() -> None:
    now = [1000.0]
    senders = {"a": FakeSender(), "b": FakeSender()}
    options = CampaignOptions(sessions=("a", "b"))
    row = CampaignRow(
        workspace="acme", id="promo", session="a", message="", columns=(),
        number=7, options=options.to_json(),
    )  # fmt: skip
    routes = Routes(
        lambda _row, session: senders.get(session),
        load=lambda _workspace, _session: 0,
        clock=lambda: now[0],
    )

    first = routes.pick(row, options, 0)
    assert first is not None
    assert first.session == "a"
    assert routes.take_out(row, options, "a", Stop("throttled", 1060.0))
    second = routes.pick(row, options, 0)
    assert second is not None
    assert (second.session, second.place) == ("b", 1)
    now[0] = 1061.0
    again = routes.pick(row, options, 0)
    assert again is not None
    assert again.session == "a"

    assert routes.take_out(row, options, "a", Stop("blocked"))
    assert not routes.take_out(row, options, "b", Stop("blocked")), "nobody is left"
    assert routes.pick(row, options, 0) is not None, "all are tried again after the halt"
    alone = CampaignOptions(sessions=("a", "b"), numbers=Numbers(failover=False))
    assert not routes.take_out(row, alone, "a", Stop("blocked"))


def test_a_number_without_answers_gives_way_after_a_while() -> None:
    assert gives_way(Pace(trouble=2), now=0.0) is None
    assert gives_way(Pace(trouble=3), now=0.0) is not None
