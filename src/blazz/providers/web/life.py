"""Keeps the browser of a session running: starts it, watches it, starts it again, ends it."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import anyio
import anyio.to_thread

from blazz.addresses import Phone
from blazz.errors import BlazzError, SessionEnded, SessionNotReady, Timeout
from blazz.errors.web import BridgeOutdated, BrowserDied, PageHung, WebError
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.providers.base import ProviderContext
from blazz.providers.lifecycle import Backoff, Lifecycle, Signal
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.observing import (
    Observation,
    account_of,
    observe,
    observe_backend,
    observe_logout,
)
from blazz.providers.web.starting import Started

log: Final = logging.getLogger("blazz.web")

_LINGER: Final = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSettings:
    """How a session is watched over.

    Attributes:
        backoff: The pauses between attempts to start again.
        heartbeat: Seconds between signs of life that are asked of the page.
        hung_after: Seconds without an answer after which the page counts as hung.
        memory_check: Seconds between looks at the browser's memory.
        quiet: Seconds without any traffic that make a moment quiet enough to start anew.
        call_timeout: Seconds that short questions to the page may take.
    """

    backoff: Backoff = field(default_factory=Backoff)
    heartbeat: float = 15.0
    hung_after: float = 20.0
    memory_check: float = 30.0
    quiet: float = 5.0
    call_timeout: float = 20.0


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
        first_error: Why the last attempt to start failed.
        loads: How often a page has been loaded.
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
        self._early: list[tuple[str, Any]] = []
        self._logging_out = False
        self._logout_reason: str | None = None
        self._broken = asyncio.Event()

    # Looking

    @property
    def now(self) -> Lifecycle:
        """Where it stands."""
        return self._now

    @property
    def bridge(self) -> Bridge | None:
        """The page at the moment, whatever its state."""
        return self._bridge

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
            raise SessionNotReady(f"the session is {self._now.state}; nothing was sent")
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
        if self._now.state is not before.state:
            self._announce(before)
        self._notify()

    def _notify(self) -> None:
        self._changed.set()
        self._changed = asyncio.Event()

    def break_off(self, reason: StateReason, detail: str | None = None) -> None:
        """Start the browser anew, for a reason of our own."""
        self.signal(Signal.BROKE, reason, detail)
        self._broken.set()

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
        match name:
            case "state":
                self._feed(name, value)
                self._take_state(value)
            case "qr" | "code" | "code_expired" | "code_refused":
                self._feed(name, value)
            case "loaded":
                self.loads += 1
                self._notify()
                self.signal(Signal.DISCONNECTED, detail="the page was loaded anew")
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

    def _take_state(self, state: Mapping[str, Any]) -> None:
        observation = observe(state)
        found = account_of(state)
        if found is not None:
            if self._bound_to is not None and found != self._bound_to:
                self.signal(
                    Signal.LOGGED_OUT,
                    StateReason.WRONG_ACCOUNT,
                    f"{found} was linked, the session is bound to {self._bound_to}",
                )
                return
            self.account = found
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
        self._broken = asyncio.Event()
        self._early = []
        try:
            async with self._browser() as started:
                self.first_error = None
                await self._begin(started.bridge)
                await self._watch(started)
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
        self._bridge = bridge
        self._notify()
        early, self._early = self._early, []
        for name, value in early:
            self.take(name, value)
        self._take_state(state)

    def _failed(self, reason: StateReason, error: Exception) -> None:
        self.first_error = error
        if not self._broken.is_set():
            log.warning("%s broke: %s", self._context.session, error)
            self.signal(Signal.BROKE, reason, str(error))

    @contextlib.asynccontextmanager
    async def _browser(self) -> AsyncIterator[Started]:
        """A browser that is closed in good order unless it has to go at once."""
        started = await self._start_browser(self.take)
        died = True
        try:
            yield started
            died = False
        finally:
            await started.end(kept=self._now.state is not SessionState.LOGGED_OUT, died=died)

    async def _watch(self, started: Started) -> None:
        """Watch a browser until the session ends or the browser has to be replaced.

        Raises:
            BrowserDied: It ended, or hangs.
        """
        settings = self._settings

        async def until_ended() -> None:
            await self.until(lambda now: now.ended)
            group.cancel_scope.cancel()

        async def until_broken() -> None:
            await self._broken.wait()
            group.cancel_scope.cancel()

        async def watch_memory() -> None:
            while True:
                await anyio.sleep(settings.memory_check)
                if await anyio.to_thread.run_sync(started.browser.has_outgrown):
                    await self._until_quiet()
                    self.break_off(StateReason.MEMORY, "the browser outgrew its memory limit")

        try:
            async with anyio.create_task_group() as group:
                group.start_soon(until_ended)
                group.start_soon(until_broken)
                group.start_soon(watch_memory)
                await started.bridge.watch(every=settings.heartbeat, timeout=settings.hung_after)
        except BaseExceptionGroup as errors:
            raise errors.exceptions[0] from None

    async def _until_quiet(self) -> None:
        """Wait until nothing came or went for a while."""
        while (left := self.busy_until - anyio.current_time()) > 0:  # noqa: ASYNC110  # it moves on
            await anyio.sleep(left)

    async def _before_leaving(self, started: Started) -> None:
        """Let the page finish what an end asks of it."""
        if self._now.reason is StateReason.WRONG_ACCOUNT:
            with contextlib.suppress(WebError, Timeout):
                await started.bridge.call("logOut", timeout=self._settings.call_timeout)
        if self._now.state is SessionState.LOGGED_OUT:
            await anyio.sleep(_LINGER)  # the page empties its storage
