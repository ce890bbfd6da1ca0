"""How the life of a session goes on when something about its browser goes wrong; without one."""

from __future__ import annotations

import dataclasses
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import anyio
import pytest

from blazz import InvalidValue, Phone, SessionState, SessionStateChanged, StateReason
from blazz.errors import DiskFailed, IncompatibleBrowser, StoreUnavailable
from blazz.errors.web import BrowserDied, BrowserFailed, PageHung, PageNotLoaded
from blazz.providers.base import ProviderContext
from blazz.providers.lifecycle import Backoff, Signal
from blazz.providers.web.life import Life
from blazz.providers.web.watching import LifeSettings

SHOP, BUDI = "6281100000001", "6281200000002"
QUICK = LifeSettings(backoff=Backoff(first=0.001, longest=0.002))


def page_state(info: str = "NORMAL", *, who: str | None = SHOP) -> dict[str, Any]:
    """What the page says of itself: connected, or showing a code."""
    if who is None:
        return {"authenticated": False, "mode": "QR"}
    me = {"phone": f"{who}@c.us", "lid": None}
    return {"authenticated": True, "mode": "MAIN", "info": info, "full": True, "me": me}


class FakeBrowser:
    """A browser with its page, as far as a life looks at it.

    Attributes:
        says: The page's state when it is first asked.
        outgrown: It uses too much memory.
        killed: It was ended at once.
        calls: How many calls of the page's functions are under way.
        asked: The functions that were called.
        ended: How it was ended: whether its login is kept.
    """

    def __init__(self, says: dict[str, Any]) -> None:
        self.says = says
        self.outgrown = False
        self.calls = 0
        self.asked: list[str] = []
        self.ended: list[bool] = []
        self.failure: Exception | None = None
        self.killed = False
        self._failed = anyio.Event()
        self.browser = SimpleNamespace(has_outgrown=lambda: self.outgrown, kill=self.kill)
        self.bridge = self

    async def call(self, name: str, argument: object = None, *, timeout: float) -> Any:
        self.asked.append(name)
        return self.says if name == "watch" else None

    async def watch(self, *, every: float, timeout: float) -> None:
        await self._failed.wait()
        assert self.failure is not None
        raise self.failure

    def fail(self, failure: Exception) -> None:
        self.failure = failure
        self._failed.set()

    async def kill(self) -> None:
        self.killed = True

    async def end(self, *, kept: bool, died: bool) -> None:
        self.ended.append(kept)


Start = Callable[[], Awaitable[FakeBrowser]]


class Stage:
    """A life, what it told, and the browsers that it got."""

    def __init__(self, start: Start, settings: LifeSettings, account: Phone | None) -> None:
        self.told: list[SessionStateChanged] = []
        self.browsers: list[FakeBrowser] = []
        self._start = start

        async def deliver(headers: object, body: object) -> int:
            return 200

        context = ProviderContext(
            workspace="acme", session="shop", deliver_webhook=deliver, folder=Path("nowhere")
        )
        self.life = Life(
            context,
            settings=settings,
            start_browser=self._started,  # type: ignore[arg-type]
            account=account,
            report=lambda name, value: None,
            tell=self.told.append,
            feed=lambda name, value: None,
        )

    async def _started(self, on_event: object) -> FakeBrowser:
        browser = await self._start()
        self.browsers.append(browser)
        return browser

    async def until(self, state: SessionState) -> None:
        with anyio.fail_after(60):
            await self.life.until(lambda now: now.state is state and self.told != [])

    def reasons(self) -> list[tuple[SessionState, StateReason]]:
        return [(it.state, it.reason) for it in self.told]


@asynccontextmanager
async def living(
    start: Start, *, settings: LifeSettings = QUICK, account: Phone | None = None
) -> AsyncIterator[Stage]:
    """A life that runs, and is stopped at the end."""
    stage = Stage(start, settings, account)
    async with anyio.create_task_group() as group:
        group.start_soon(stage.life.run)
        yield stage
        stage.life.signal(Signal.STOPPED)
    assert stage.life.now.ended


async def connected() -> FakeBrowser:
    return FakeBrowser(page_state())


@pytest.mark.parametrize(
    "failure",
    [StoreUnavailable, DiskFailed, BrowserFailed, PageNotLoaded],
    ids=lambda it: it.__name__,
)
async def test_what_may_be_over_in_a_moment_ends_no_session(failure: type[Exception]) -> None:
    failures = [failure("for now")] * 3

    async def start() -> FakeBrowser:
        if failures:
            raise failures.pop()
        return await connected()

    async with living(start) as stage:
        await stage.until(SessionState.READY)
        assert stage.life.now.failures == 0


@pytest.mark.parametrize(
    ("failure", "reason", "killed"),
    [
        (PageHung("no answer"), StateReason.BROWSER_HUNG, True),
        (BrowserDied("gone"), StateReason.BROWSER_CRASHED, False),
        (PageNotLoaded("loaded anew in vain"), StateReason.PAGE_FAILED, False),
    ],
    ids=["hung", "died", "not loaded"],
)
async def test_a_browser_that_breaks_is_followed_by_another(
    failure: Exception, reason: StateReason, killed: bool
) -> None:
    async with living(connected) as stage:
        await stage.until(SessionState.READY)
        stage.browsers[0].fail(failure)
        await stage.until(SessionState.RECONNECTING)
        await stage.until(SessionState.READY)
        first, second = stage.browsers
        assert (first.ended, first.killed, second.ended) == ([True], killed, [])
    assert (SessionState.RECONNECTING, reason) in stage.reasons()


async def test_only_a_page_that_was_loaded_anew_has_to_connect_again() -> None:
    async def start() -> FakeBrowser:
        return FakeBrowser({**page_state(), "page": 1000.5})

    async with living(start) as stage:
        await stage.until(SessionState.READY)
        # wa-js tells late that it was loaded, and then says no more: nothing has changed.
        stage.life.take("loaded", {"page": 1000.5})
        assert (stage.life.now.state, stage.life.loads) == (SessionState.READY, 0)
        stage.life.take("loaded", {"page": 2000.25})
        assert (stage.life.now.state, stage.life.loads) == (SessionState.RECONNECTING, 1)
        stage.life.take("state", page_state())
        stage.life.take("loaded", {"page": 2000.25})
        assert stage.life.now.state is SessionState.READY


async def test_what_stays_wrong_ends_it_and_is_told() -> None:
    async def start() -> FakeBrowser:
        raise IncompatibleBrowser("too old")

    async with living(start) as stage:
        await stage.until(SessionState.STOPPED)
        assert isinstance(stage.life.first_error, IncompatibleBrowser)
    assert stage.reasons()[-1] == (SessionState.STOPPED, StateReason.FAILED)


async def test_who_closes_it_does_not_wait_for_a_start() -> None:
    began, given_up = anyio.Event(), anyio.Event()

    async def start() -> FakeBrowser:
        began.set()
        try:
            await anyio.sleep_forever()
        finally:
            given_up.set()
        raise AssertionError

    async with living(start) as stage:
        await began.wait()
    assert given_up.is_set()
    assert stage.reasons()[-1] == (SessionState.STOPPED, StateReason.CLOSED)


async def test_a_page_that_says_nothing_and_does_not_connect_is_started_anew(
    caplog: pytest.LogCaptureFixture,
) -> None:
    states = [page_state("OPENING"), page_state()]

    async def start() -> FakeBrowser:
        return FakeBrowser(states.pop(0))

    settings = dataclasses.replace(QUICK, stuck_after=0.05)
    async with living(start, settings=settings) as stage:
        await stage.until(SessionState.READY)
        assert len(stage.browsers) == 2
        assert stage.browsers[0].ended == [True]
    assert "the page said nothing for 0.05 s" in caplog.text


async def test_a_page_that_still_says_something_is_waited_for() -> None:
    async def start() -> FakeBrowser:
        return FakeBrowser(page_state("OPENING"))

    settings = dataclasses.replace(QUICK, stuck_after=0.05)
    async with living(start, settings=settings) as stage:
        stage.life.heard_at = anyio.current_time() + 3600
        await anyio.sleep(0.2)
        stage.life.take("state", page_state())
        await stage.until(SessionState.READY)
        assert len(stage.browsers) == 1


async def test_a_large_browser_is_replaced_when_nothing_is_under_way() -> None:
    settings = dataclasses.replace(QUICK, memory_check=0.01, quiet=0.01)
    async with living(connected, settings=settings) as stage:
        await stage.until(SessionState.READY)
        (first,) = stage.browsers
        first.calls, first.outgrown = 1, True
        stage.life.take("message", {})
        await anyio.sleep(0.3)
        assert len(stage.browsers) == 1  # an upload may take longer than any pause
        first.calls = 0
        await stage.until(SessionState.RECONNECTING)
        await stage.until(SessionState.READY)
        assert first.ended == [True]
    assert (SessionState.RECONNECTING, StateReason.MEMORY) in stage.reasons()


async def test_a_large_browser_that_never_rests_is_replaced_all_the_same() -> None:
    settings = dataclasses.replace(QUICK, memory_check=0.01, quiet_within=0.05)
    async with living(connected, settings=settings) as stage:
        await stage.until(SessionState.READY)
        stage.browsers[0].calls, stage.browsers[0].outgrown = 1, True
        await stage.until(SessionState.RECONNECTING)
        await stage.until(SessionState.READY)


async def test_a_login_of_another_number_is_kept_when_a_session_is_bound_wrongly() -> None:
    async with living(connected, account=Phone(f"+{BUDI}")) as stage:
        await stage.until(SessionState.STOPPED)
        (browser,) = stage.browsers
    assert stage.reasons()[-1] == (SessionState.STOPPED, StateReason.WRONG_ACCOUNT)
    assert "bound to" in str(stage.told[-1].detail)
    assert browser.ended == [True]
    assert "logOut" not in browser.asked, "a good login was unlinked"


async def test_another_number_that_scans_is_logged_out() -> None:
    async def start() -> FakeBrowser:
        return FakeBrowser(page_state(who=None))

    async with living(start, account=Phone(f"+{BUDI}")) as stage:
        await stage.until(SessionState.PAIRING)
        stage.life.take("state", page_state())
        await stage.until(SessionState.LOGGED_OUT)
        (browser,) = stage.browsers
    assert (SessionState.LOGGED_OUT, StateReason.WRONG_ACCOUNT) in stage.reasons()
    assert browser.asked == ["watch", "logOut"]
    assert browser.ended == [False]


async def test_a_logout_of_ours_does_not_claim_the_next_one() -> None:
    stage = Stage(connected, QUICK, None)
    for expected in (StateReason.LOGGED_OUT_HERE, StateReason.LOGGED_OUT_BY_PHONE):
        async with anyio.create_task_group() as group:
            group.start_soon(stage.life.run)
            await stage.until(SessionState.READY)
            if expected is StateReason.LOGGED_OUT_HERE:
                stage.life.expect_logout()
            stage.life.take("logout_reason", {"reason": "user_initiated"})
        assert stage.life.now.reason is expected


@pytest.mark.parametrize("value", [0, -1, 86_401, float("nan"), float("inf")])
def test_times_are_positive_and_at_most_a_day(value: float) -> None:
    with pytest.raises(InvalidValue, match=r"LifeSettings\.heartbeat"):
        LifeSettings(heartbeat=value)
