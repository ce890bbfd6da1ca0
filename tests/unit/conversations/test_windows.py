"""The window is open for less than 24 hours after the person's last message."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from blazz.conversations.windows import Window, WindowState

WROTE = datetime(2026, 1, 1, 12, tzinfo=UTC)
DAY = timedelta(hours=24)
INSTANT = timedelta(microseconds=1)


@pytest.mark.parametrize(
    ("after", "state", "remaining"),
    [
        (timedelta(0), WindowState.OPEN, DAY),
        (DAY - INSTANT, WindowState.OPEN, INSTANT),
        (DAY, WindowState.CLOSED, timedelta(0)),
        (DAY + INSTANT, WindowState.CLOSED, timedelta(0)),
        (-timedelta(minutes=1), WindowState.OPEN, DAY + timedelta(minutes=1)),  # a slow clock here
    ],
)
def test_it_closes_at_24_hours(after: timedelta, state: WindowState, remaining: timedelta) -> None:
    window = Window(WROTE, now=WROTE + after)

    assert (window.state, window.remaining, window.closes_at) == (state, remaining, WROTE + DAY)


def test_of_whoever_never_wrote_nothing_is_known() -> None:
    window = Window(None, now=WROTE)

    assert (window.state, window.remaining) == (WindowState.UNKNOWN, timedelta(0))
    assert window.closes_at is None
