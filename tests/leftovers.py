"""Has what a test leaves open reported by that test, and not by whichever comes after it.

Files, sockets and processes that nobody closed are noticed when they are thrown away. Those in a
cycle are thrown away by the garbage collector, one day: another test would fail for it.
"""

from __future__ import annotations

import gc
from collections.abc import Generator

import pytest


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_setup() -> Generator[None]:
    """Leave what is there already to itself: to look at a test's own things takes no time."""
    gc.freeze()
    return (yield)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_teardown(item: pytest.Item) -> Generator[None]:
    """Throw away what the test has left, and fail it if something of that was open."""
    yield
    if isinstance(item, pytest.Function):
        item.funcargs.clear()  # they are over, and would be held until after this
    gc.collect()
    plugin = item.config.pluginmanager.get_plugin("unraisableexception")
    assert plugin is not None
    plugin.collect_unraisable(item.config)
