"""Settings are checked when they are made, survive JSON, and name what is wrong."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.sandbox.magic import Story
from blazz.sandbox.settings import Settings

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=5,
)


def test_settings_survive_json() -> None:
    changes = {
        "throughput": None,
        "latency": [0.1, 0.2],
        "story": "reordered",
        "faults": {"closed": 0.25},
        "allowed_recipients": ["+62 812-3456-7890"],
        "window": "fail",
    }
    settings = Settings().updated(changes)

    again = Settings().updated(json.loads(json.dumps(settings.as_json())))

    assert again == settings
    assert again.story is Story.REORDERED
    assert again.allowed_recipients == {"6281234567890"}
    assert again.latency == (0.1, 0.2)


@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"throughputs": 1}, "Settings"),
        ({"throughput": 0}, "throughput"),
        ({"throughput": True}, "throughput"),
        ({"speed": 0}, "speed"),
        ({"jitter": 1.5}, "jitter"),
        ({"latency": [2, 1]}, "latency"),
        ({"latency": "slow"}, "latency"),
        ({"story": "fairy tale"}, "story"),
        ({"faults": {"fairy tale": 0.1}}, "faults"),
        ({"faults": {"closed": 0.6, "unavailable": 0.6}}, "faults"),
        ({"faults": 3}, "faults"),
        ({"window": "ajar"}, "window"),
        ({"batch_shape": "round"}, "batch_shape"),
        ({"pair_limit": 1}, "pair_limit"),
        ({"token": 5}, "token"),
        ({"read_after": float("nan")}, "read_after"),
        ({"template_review": "perhaps"}, "template_review"),
        ({"batch_size": 0.5}, "batch_size"),
    ],
)
def test_a_wrong_setting_is_named(changes: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidValue) as caught:
        Settings().updated(changes)

    assert named in caught.value.field


def test_an_unknown_setting_is_told_what_it_may_have_been() -> None:
    with pytest.raises(InvalidValue, match="such as throughput; got 'throughputs'"):
        Settings().updated({"throughputs": 1})
    with pytest.raises(InvalidValue, match=r"such as .*speed, story, .*; got 'colour'"):
        Settings().updated({"colour": 1})


@given(st.sampled_from(sorted(Settings().as_json())), json_values)
def test_any_json_is_taken_or_refused(name: str, value: Any) -> None:
    try:
        settings = Settings().updated({name: value})
    except InvalidValue:
        return
    assert isinstance(settings, Settings)


def test_a_token_is_not_shown() -> None:
    assert "s3cret" not in repr(Settings(token="s3cret"))
