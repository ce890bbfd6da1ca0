"""A campaign's options: their limits, their contradictions, and what the ledger keeps of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.campaigns.options import (
    CampaignOptions,
    Canary,
    FrequencyCap,
    Numbers,
    OptOuts,
    OverCap,
    SendHours,
    Share,
    Tier,
)
from blazz.campaigns.spec import CampaignSpec
from blazz.errors import ConfigurationError, InvalidValue
from blazz.messages import Text

START = datetime(2026, 11, 22, 9, tzinfo=UTC)

hours = st.builds(
    SendHours,
    quiet=st.sampled_from(["21:00-08:00", ("sat-sun 00:00-24:00", "22:00-07:00")]),
    open=st.sampled_from([(), "mon-fri 09:00-18:00"]),
    zone=st.sampled_from([None, "Asia/Jakarta"]),
    fallback=st.sampled_from(["UTC", "Europe/Berlin"]),
)
options = st.builds(
    CampaignOptions,
    hours=st.none() | hours,
    canary=st.none()
    | st.builds(Canary, share=st.floats(0.01, 0.9), go_on=st.booleans(), wait=st.floats(0, 100)),
    cap=st.none()
    | st.builds(
        FrequencyCap,
        messages=st.integers(1, 9),
        days=st.floats(0.1, 30),
        then=st.sampled_from(OverCap),
    ),
    tier=st.none() | st.builds(Tier, people=st.sampled_from([250, 2000])),
    numbers=st.builds(Numbers, share=st.sampled_from(Share), failover=st.booleans()),
    sessions=st.sampled_from([(), ("a", "b")]),
    opt_outs=st.sampled_from(OptOuts),
    end_at=st.none() | st.floats(1, 2e9),
)


@given(options)
def test_options_come_back_from_the_ledger(given_options: CampaignOptions) -> None:
    assert CampaignOptions.from_json(given_options.to_json()) == given_options


def test_options_of_a_newer_version_are_refused_not_ignored() -> None:
    with pytest.raises(InvalidValue, match="weather"):
        CampaignOptions.from_json('{"weather":"dry"}')


def test_what_is_usual_takes_no_room() -> None:
    assert CampaignOptions().to_json() == "{}"


@pytest.mark.parametrize(
    ("make", "told"),
    [
        (SendHours, "needs quiet= or open= hours"),
        (lambda: SendHours(quiet="9 to 5"), "hours such as"),
        (lambda: SendHours(quiet="21:00-08:00", zone="Asia/Atlantis"), "SendHours.zone"),
        (lambda: SendHours(quiet="21:00-08:00", fallback="Nowhere"), "SendHours.fallback"),
        (lambda: SendHours(open="09:00-10:00", quiet="08:00-12:00"), "must leave some time"),
        (lambda: SendHours(quiet=["00:00-12:00", "12:00-24:00"]), "must leave some time"),
        (lambda: FrequencyCap(messages=0), "FrequencyCap.messages"),
        (lambda: FrequencyCap(days=0), "FrequencyCap.days"),
        (lambda: FrequencyCap(scope=""), "FrequencyCap.scope"),
        (lambda: CampaignOptions(sessions=("a", "a")), "each session once"),
    ],
)
def test_values_that_break_a_limit_are_refused(make: Any, told: str) -> None:
    with pytest.raises(InvalidValue, match=told):
        make()


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"start_at": START, "end_at": START}, "is not after start_at"),
        ({"numbers": Numbers()}, "for several sessions"),
        ({"sessions": ("other", "default")}, "session= is the first"),
        ({"sessions": ("default",)}, "needs several"),
        (
            {
                "start_at": START,
                "end_at": START + timedelta(seconds=60),
                "canary": Canary(wait=60),
            },
            "ends before its canary is judged",
        ),
        (
            {
                "start_at": START,
                "end_at": START + timedelta(hours=1),
                "hours": SendHours(open="03:00-04:00", zone="Europe/Berlin"),
            },
            "leave no time between",
        ),
    ],
)
def test_settings_that_contradict_each_other_are_refused(
    settings: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        CampaignSpec(id="promo", message=Text("Halo"), **settings)


def test_settings_that_fit_are_taken() -> None:
    spec = CampaignSpec(
        id="promo",
        message=Text("Halo"),
        start_at=START,
        end_at=START + timedelta(days=1),
        hours=SendHours(open="03:00-04:00"),
        canary=Canary(),
        sessions=("default", "other"),
        numbers=Numbers(share=Share.RECIPIENTS),
    )
    assert CampaignSpec.from_row(spec.to_row()) == spec


def test_a_time_needs_a_zone() -> None:
    with pytest.raises(InvalidValue, match="end_at"):
        CampaignSpec(id="promo", message=Text("Halo"), end_at=datetime(2026, 1, 1))  # noqa: DTZ001
