"""Runs tests in another order, `--shuffle SEED`: whatever relies on another test fails."""

from __future__ import annotations

import random
from pathlib import Path

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option; without it tests run in the order in which they are written."""
    parser.addoption("--shuffle", metavar="SEED", help="shuffle files, and the tests of each")


@pytest.hookimpl(tryfirst=True)  # pytest then brings those together that share what is costly
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Shuffle them, in all processes alike; files stay whole, for what their tests share."""
    seed = config.getoption("--shuffle")
    if seed is None:
        return
    chance = random.Random(seed)
    files: dict[Path, list[pytest.Item]] = {}
    for item in items:
        files.setdefault(item.path, []).append(item)
    paths = sorted(files)
    chance.shuffle(paths)
    for path in paths:
        chance.shuffle(files[path])
    items[:] = [item for path in paths for item in files[path]]
