"""What all tests share: servers, the chaos budget, and Hypothesis without a clock."""

from __future__ import annotations

import gc
import os
from collections.abc import Generator
from typing import Any

import hypothesis
import pytest

pytest_plugins = [
    "tests.leftovers",
    "tests.servers.postgres",
    "tests.servers.prometheus",
    "tests.servers.quick_python",
    "tests.servers.redis",
    "tests.servers.s3",
    "tests.shuffling",
]

# A deadline would be a timing assertion, and so would the check for slow strategies: on a busy
# machine they fail and prove nothing. CI tries the same examples each time, you try new ones.
# `nox -s tests -- --hypothesis-profile thorough` tries many more.
hypothesis.settings.register_profile(
    "blazz",
    max_examples=50,
    deadline=None,
    derandomize="CI" in os.environ,
    suppress_health_check=[hypothesis.HealthCheck.too_slow],
)
hypothesis.settings.register_profile(
    "thorough", hypothesis.settings.get_profile("blazz"), max_examples=2000, derandomize=False
)
hypothesis.settings.load_profile("blazz")


# What takes longest begins first: at the end, all others would wait for it alone.
LONGEST = (
    "docs/test_site.py",
    "docs/test_pages.py::test_the_code_of_a_page_runs[docs/campaigns-scale.md]",
    "web_provider/test_web_promises.py",
    "cli/test_kill.py",
    "chaos/test_campaign_chaos.py",
    "server/hosting/test_failover.py::test_a_killed_instance_is_replaced_while_messages_flow",
    "server/dashboard/test_pages.py::test_axe_finds_nothing",
    "server/test_any_input.py",
)

# Ten thousand tests are a million objects that stay: to look through them for garbage, while they
# are found and ever again afterwards, takes long and finds none.
gc.disable()


def pytest_collection_finish() -> None:
    """Look for garbage from now on, but not among the tests."""
    gc.freeze()
    gc.enable()


@pytest.hookimpl(trylast=True)
def pytest_configure(config: pytest.Config) -> None:
    """Keep second tries within each process that runs tests.

    pytest-rerunfailures tells the first process of every test, and waits 40 ms for its answer, so
    that a test whose process has died could run again elsewhere. Such a test fails here.
    """
    if hasattr(config, "workerinput") and hasattr(config, "failures_db"):
        from pytest_rerunfailures import StatusDB

        config.failures_db.sock.close()
        config.failures_db = StatusDB()


@pytest.hookimpl(wrapper=True)
def pytest_report_to_serializable() -> Generator[None, Any, Any]:
    """Let each report reach the process that counts them.

    Tests draw halves of surrogate pairs and log them. They are no UTF-8, and one such line in a
    report would end the whole run.
    """
    return _encodable((yield))


def _encodable(value: Any) -> Any:
    if isinstance(value, str):
        return value.encode("utf-8", "backslashreplace").decode()
    if isinstance(value, dict):
        return {name: _encodable(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(map(_encodable, value))
    return value


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the options of this project."""
    parser.addoption(
        "--chaos-minutes",
        type=float,
        default=None,
        help="how long each chaos test goes on; by default it ends after a few rounds",
    )
    parser.addoption(
        "--rows",
        type=int,
        default=25_000,
        help="how many rows the largest audience of bad input has; 1000000 for a full run",
    )


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave the long tests to `nox -s chaos`, and begin with what is longest of the others."""
    items.sort(key=lambda item: not any(name in item.nodeid for name in LONGEST))
    if config.getoption("--chaos-minutes") is None:
        long = [item for item in items if item.get_closest_marker("long")]
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if item not in set(long)]


@pytest.fixture
def chaos_seconds(request: pytest.FixtureRequest) -> float | None:
    """How long a chaos test is asked to go on; None: only its few rounds."""
    minutes: float | None = request.config.getoption("--chaos-minutes")
    return None if minutes is None else minutes * 60
