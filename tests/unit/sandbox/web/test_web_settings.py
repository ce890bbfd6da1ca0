"""Settings of the simulated WhatsApp Web: checked, changed, compared."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from blazz.errors import InvalidValue
from blazz.sandbox.web import Answers, WebSettings


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("qr_first", 0),
        ("qr_next", math.nan),
        ("keepalive", True),
        ("keepalive", "15"),
        ("send_delay", -1),
        ("qr_count", 0),
        ("qr_count", 1.5),
        ("history", -1),
        ("most_devices", True),
        ("largest_media", 0),
        ("version", "2.3000"),
        ("minimum_version", "new"),
        ("answers", "sometimes"),
        ("silent", 1),
        ("missing_modules", "WAWebCmd"),
        ("missing_modules", (1,)),
        ("no_such_setting", 1),
    ],
)
def test_a_wrong_setting_is_refused_by_name(name: str, value: object) -> None:
    with pytest.raises(InvalidValue, match=name):
        WebSettings().updated({name: value})


def test_settings_change_from_json() -> None:
    changed = WebSettings().updated({"answers": "lost", "missing_modules": ["WAWebCmd"]})
    assert changed.answers is Answers.LOST
    assert changed.missing_modules == ("WAWebCmd",)
    assert changed.as_json()["answers"] == "lost"


versions = st.tuples(*[st.integers(0, 9999)] * 3)


@given(versions, versions)
def test_versions_are_compared_as_numbers(one: tuple[Any, ...], other: tuple[Any, ...]) -> None:
    settings = WebSettings(minimum_version=".".join(map(str, one)))
    assert settings.is_outdated(".".join(map(str, other))) == (other < one)


def test_what_is_no_version_is_outdated_where_one_is_asked_for() -> None:
    assert not WebSettings().is_outdated("none")
    assert WebSettings(minimum_version="1.0.0").is_outdated("none")
