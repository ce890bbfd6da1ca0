"""Keeps the browser of a session running: starts it, watches it, starts it again, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import anyio

from blazz.addresses import Phone
from blazz.errors import (
    BlazzError,
    DiskFailed,
    SessionEnded,
    SessionNotReady,
    StoreUnavailable,
    Timeout,
)
from blazz.errors.web import BridgeOutdated, BrowserDied, PageHung, WebError
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.base import ProviderContext
from blazz.providers.lifecycle import Lifecycle, Signal
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.observing import (
    Observation,
    account_of,
    observe,
    observe_backend,
    observe_logout,
)
from blazz.providers.web.starting import Started
from blazz.providers.web.watching import LifeSettings, watch

log: Final = logging.getLogger("blazz.web")

_LINGER: Final = 0.3
_TELL_SECONDS: Final = 2.0


class Life:
    """The life of one session from start to end, across all its browsers.

    `run` does it all; everything else looks at it or tells it something.

    Args:
        context: What the provider was connected with.
        start_browser: Starts one browser and loads its page.
        settings: How it is watched over.
        account: The number that the session is bound to; None: whoever links it.
        report: Takes what the page reports of messages and people.
        tell: Takes the states.
        feed: Takes what the page reports of pairing.

    Attributes:
        account: The number that is linked; None: not known yet.
        busy_until: When traffic will have been quiet for long enough, by the clock of the loop.
        heard_at: When the page said something last, by the same clock.
        first_error: Why the last attempt to start failed.
        loads: How often a page was loaded anew by itself.
    """

    def __init__(
        self,
        context: ProviderContext,
        *,
        settings: LifeSettings,
        start_browser: Callable[[Callable[[str, Any], None]], Awaitable[Started]],
        account: Phone | None,
        report: Callable[[str, Mapping[str, Any]], None],
        tell: Callable[[SessionStateChanged], None],
        feed: Callable[[str, Mapping[str, Any]], None],
    ) -> None:
        self.account: Phone | None = None
        self.busy_until = 0.0
        self.heard_at = 0.0
        self.loads = 0
        self.first_error: Exception | None = None
        self._now = Lifecycle()
        self._context = context
        self._settings = settings
        self._start_browser = start_browser
        self._bound_to = account
        self._report, self._tell, self._feed = report, tell, feed
        self._changed = asyncio.Event()
        self._bridge: Bridge | None = None
        self._page: float | None = None
        self._early: list[tuple[str, Any]] = []
        self._is_linking = False
        self._logging_out = False
        self._logout_reason: str | None = None
        self._logged_out: StateReason | None = None
        self._broken = False

    # Looking

    @property
    def now(self) -> Lifecycle:
        """Where it stands."""
        return self._now

    @property
    def bridge(self) -> Bridge | None:
        """The page at the moment, whatever its state."""
        return self._bridge

    @property
    def is_broken(self) -> bool:
        """Whether its browser has to be replaced, for a reason of our own."""
        return self._broken

    async def until(
        self, wanted: Callable[[Lifecycle], bool], *, timeout: float | None = None
    ) -> bool:
        """Wait until its state is as wanted; tells whether it came to that in time."""
        with anyio.move_on_after(timeout):
            while not wanted(self._now):
                await self._changed.wait()
            return True
        return wanted(self._now)

    async def ready(self, *, timeout: float) -> Bridge:
        """Wait until it can send, and give the page.

        Raises:
            SessionEnded: It has ended.
            SessionNotReady: It did not get ready in time, or waits for somebody to link it.
        """
        settled = (SessionState.READY, SessionState.PAIRING)
        await self.until(lambda now: now.ended or now.state in settled, timeout=timeout)
        if self._now.ended:
            raise self.ended_error()
        if self._now.state is not SessionState.READY or self._bridge is None:
            waits = self._now.state is SessionState.PAIRING
            how = ": link an account with session.pair()" if waits else ""
            raise SessionNotReady(f"the session is {self._now.state}{how}; nothing was sent")
        return self._bridge

    def ended_error(self) -> SessionEnded:
        """The error that tells why nothing can be done any more."""
        now = self._now
        more = f": {now.detail}" if now.detail else ""
        return SessionEnded(
            f"the session is {now.state} ({now.reason}{more}); nothing was sent",
            state=now.state,
            reason=now.reason,
        )

    # Telling

    def signal(
        self, signal: Signal, reason: StateReason | None = None, detail: str | None = None
    ) -> None:
        """Take note of something that happened."""
        before, self._now = self._now, self._now.after(signal, reason, detail)
        if self._now is before:
            return
        if self._now.state is SessionState.PAIRING:
            self._is_linking = True
        elif self._now.state is SessionState.LOGGED_OUT:
            # Kept: whoever closes the session now must not prevent what a logout asks for.
            self._logged_out = self._now.reason
        if self._now.state is not before.state:
            self._announce(before)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def break_off(self, reason: StateReason, detail: str | None = None) -> None:
        """Start the browser anew, for a reason of our own."""
        log.warning("%s starts its browser anew: %s", self._context.session, detail or reason)
        self._broken = True
        self.signal(Signal.BROKE, reason, detail)
        self._notify()

    def expect_logout(self) -> None:
        """A logout that is reported from now on is our own."""
        self._logging_out = True

    def _announce(self, before: Lifecycle) -> None:
        log.info("%s is %s (%s)", self._context.session, self._now.state, self._now.reason)
        self._tell(
            SessionStateChanged(
                key=f"state:{secrets.token_hex(12)}",
                at=datetime.now(UTC),
                account=self.account.digits if self.account else None,
                state=self._now.state,
                previous=before.state,
                reason=self._now.reason,
                detail=self._now.detail,
            )
        )

    # What the page says

    def take(self, name: str, value: Any) -> None:  # noqa: ANN401  # whatever the page told
        """Take one event of the page; called by the bridge, must not block."""
        if self._bridge is None:
            # The page was not checked yet: what it says may be wrong.
            self._early.append((name, value))
            return
        self.heard_at = anyio.current_time()
        match name:
            case "state":
                self._feed(name, value)
                self._take_state(value)
            case "qr" | "code" | "code_expired" | "code_refused":
                self._feed(name, value)
            case "loaded":
                self._take_load(value.get("page"))
            case "logout_reason":
                self._logout_reason = value.get("reason")
                self._observed(observe_logout(self._logout_reason, asked=self._logging_out))
            case "logout":
                self._observed(observe_logout(self._logout_reason, asked=self._logging_out))
            case "needs_update":
                self.signal(Signal.OUTDATED, StateReason.CLIENT_OUTDATED)
            case "backend":
                self._observed(observe_backend(value.get("event")))
            case "problem":
                log.warning("the page could not report %s: %s", value["event"], value["text"])
            case _ if self.account is not None:
                self.busy_until = anyio.current_time() + self._settings.quiet
                self._report(name, value)

    def _take_load(self, page: float | None) -> None:
        if page == self._page:
            return  # the one that was asked for its state: it may tell late that it was loaded
        self._page = page
        self.loads += 1
        self._notify()
        self.signal(Signal.DISCONNECTED, detail="the page was loaded anew")

    def _take_state(self, state: Mapping[str, Any]) -> None:
        observation = observe(state)
        found = account_of(state)
        if found is not None:
            if self._bound_to is not None and found != self._bound_to:
                # Whoever has just scanned a code is sent away. But a login that was there before is
                # kept: who opened its session with another number may have made a mistake.
                self.signal(
                    Signal.LOGGED_OUT if self._is_linking else Signal.STOPPED,
                    StateReason.WRONG_ACCOUNT,
                    f"{found} is linked, the session is bound to {self._bound_to}",
                )
                return
            self.account = found
            self._is_linking = False
        self._observed(observation)

    def _observed(self, observation: Observation | None) -> None:
        if observation is not None:
            self.signal(observation.signal, observation.reason, observation.detail)

    # Running

    async def run(self) -> None:
        """Keep it going until it ends; returns when its browser is gone."""
        self.signal(Signal.STARTED)
        while not self._now.ended:
            await self._live_once()
            if failures := self.now.failures:
                chance = random.random()  # noqa: S311  # no secret
                pause = self._settings.backoff.pause(failures, chance=chance)
                await self.until(lambda now: now.ended, timeout=pause)

    async def _live_once(self) -> None:
        """Run one browser, from its start to its end."""
        self._broken, self._early = False, []
        self._logging_out, self._logout_reason, self._logged_out = False, None, None
        try:
            async with self._browser() as started:
                if started is not None:
                    self.first_error = None
                    await self._begin(started.bridge)
                    await watch(self, started, self._settings)
                    await self._before_leaving(started)
        except BridgeOutdated as error:
            self.first_error = self.first_error or error
            self.signal(Signal.OUTDATED, StateReason.BRIDGE_OUTDATED, ", ".join(error.missing))
        except PageHung as error:
            self._failed(StateReason.BROWSER_HUNG, error)
        except BrowserDied as error:
            self._failed(StateReason.BROWSER_CRASHED, error)
        except (WebError, Timeout) as error:
            self._failed(StateReason.PAGE_FAILED, error)
        except (StoreUnavailable, DiskFailed) as error:
            self._failed(StateReason.FAILED, error)
        except BlazzError as error:
            # What is stored or configured is wrong: trying again would not change that.
            self.first_error = error
            self.signal(Signal.STOPPED, StateReason.FAILED, str(error))
        finally:
            self._bridge = None
            self._notify()

    async def _begin(self, bridge: Bridge) -> None:
        """Listen to a page that was checked, from its first word on."""
        state = await bridge.call("watch", timeout=self._settings.call_timeout)
        self._bridge, self._page = bridge, state.get("page")
        self._notify()
        early, self._early = self._early, []
        for name, value in early:
            self.take(name, value)
        self._take_state(state)

    def _failed(self, reason: StateReason, error: Exception) -> None:
        self.first_error = error
        if not self._broken:
            log.warning("%s broke: %s", self._context.session, error)
            self.signal(Signal.BROKE, reason, str(error))

    @contextlib.asynccontextmanager
    async def _browser(self) -> AsyncIterator[Started | None]:
        """A browser that is closed in good order unless it has to go at once.

        None: the session has ended before it was there.
        """
        started = await self._start_unless_ended()
        if started is None:
            yield None
            return
        died = True
        try:
            yield started
            died = False
        except PageHung:
            await started.browser.kill()  # it would take long to close, if it did at all
            raise
        finally:
            await started.end(kept=self._logged_out is None, died=died)

    async def _start_unless_ended(self) -> Started | None:
        """Start a browser; give up as soon as the session ends: a page may load for a minute."""
        started: Started | None = None

        async def until_ended() -> None:
            await self.until(lambda now: now.ended)
            group.cancel_scope.cancel()

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(until_ended)
                started = await self._start_browser(self.take)
                group.cancel_scope.cancel()
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None
        return started

    async def _before_leaving(self, started: Started) -> None:
        """Let the page finish what an end asks of it."""
        if self._logged_out is None:
            with contextlib.suppress(WebError, Timeout):
                await started.bridge.call("tellNow", timeout=_TELL_SECONDS)
            return
        if self._logged_out is StateReason.WRONG_ACCOUNT:
            with contextlib.suppress(WebError, Timeout):
                await started.bridge.call("logOut", timeout=self._settings.call_timeout)
        await anyio.sleep(_LINGER)  # the page empties its storage
