"""Playwright's driver where it does not do what it should."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import anyio
import pytest

from blazz.errors.web import BrowserFailed
from blazz.providers.web.driver import Driver


class Hanging:
    """A driver that starts and never tells so."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._started = False

    async def start(self) -> object:
        self._started = True
        return await anyio.sleep_forever()

    def pids(self) -> set[int]:
        return {self._process.pid} if self._started else set()


@pytest.fixture
def process() -> Iterator[subprocess.Popen[bytes]]:
    """A process that does nothing for long."""
    with subprocess.Popen(["sleep", "600"]) as process:
        yield process
        process.kill()


async def test_one_that_hangs_as_it_starts_is_ended(
    monkeypatch: pytest.MonkeyPatch, process: subprocess.Popen[bytes]
) -> None:
    hanging = Hanging(process)
    monkeypatch.setattr("playwright.async_api.async_playwright", lambda: hanging)
    monkeypatch.setattr("blazz.providers.web.driver.drivers", hanging.pids)
    monkeypatch.setattr("blazz.providers.web.driver._START_SECONDS", 0.1)

    with pytest.raises(BrowserFailed, match=r"did not start: it took over 0\.1 s"):
        await Driver().take()
    assert process.poll() is not None
