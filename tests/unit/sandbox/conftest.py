"""Sandboxes without a server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest

from tests.unit.sandbox.worlds import Town

MakeTown = Callable[..., Town]


@pytest.fixture
def make_town() -> Iterator[MakeTown]:
    """Makes sandboxes with the given settings."""
    with ExitStack() as stack:

        def make(**settings: Any) -> Town:
            return stack.enter_context(closing(Town(**settings)))

        yield make


@pytest.fixture
def town(make_town: MakeTown) -> Town:
    """A sandbox with its default settings, without jitter."""
    return make_town()
