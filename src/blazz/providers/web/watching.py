"""Watches over a browser that runs: signs of life, its memory, a connection that does not come."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import anyio
import anyio.to_thread

from blazz.errors import InvalidValue
from blazz.events.sessions import SessionState, StateReason
from blazz.providers.lifecycle import Backoff

if TYPE_CHECKING:
    from blazz.providers.web.life import Life
    from blazz.providers.web.starting import Started

_ON_THE_WAY: Final = frozenset(
    {SessionState.STARTING, SessionState.CONNECTING, SessionState.RECONNECTING}
)
_LOOK_SECONDS: Final = 0.1


@dataclass(frozen=True, slots=True, kw_only=True)
class LifeSettings:
    """How a session is watched over; all times are in seconds.

    Attributes:
        backoff: The pauses between attempts to start again.
        heartbeat: Between signs of life that are asked of the page.
        hung_after: Without an answer, after which the page counts as hung.
        stuck_after: For which a page that is not connected may say nothing at all until it is
            started anew.
        memory_check: Between looks at the browser's memory.
        quiet: Without any traffic that make a moment quiet enough to start anew.
        quiet_within: For which such a moment is waited for; then any will do.
        call_timeout: For which short questions to the page may take.

    Raises:
        InvalidValue: A time is not positive, or is longer than a day.

    Example:
        >>> LifeSettings(heartbeat=5).hung_after
        20.0
    """

    backoff: Backoff = field(default_factory=Backoff)
    heartbeat: float = 15.0
    hung_after: float = 20.0
    stuck_after: float = 300.0
    memory_check: float = 30.0
    quiet: float = 5.0
    quiet_within: float = 600.0
    call_timeout: float = 20.0

    def __post_init__(self) -> None:
        for name in (
            "heartbeat",
            "hung_after",
            "stuck_after",
            "memory_check",
            "quiet",
            "quiet_within",
            "call_timeout",
        ):
            value = getattr(self, name)
            if not 0 < value <= 86_400 or math.isnan(value):
                limit = "seconds, more than 0, at most 86,400"
                raise InvalidValue(f"LifeSettings.{name}", limit, value)


async def watch(life: Life, started: Started, settings: LifeSettings) -> None:
    """Watch a browser until its session ends or it has to be replaced.

    Raises:
        BrowserDied: It ended, or hangs.
        PageNotLoaded: Its page was loaded anew, and that failed.
    """

    async def until_over() -> None:
        await life.until(lambda now: now.ended or life.is_broken)
        group.cancel_scope.cancel()

    try:
        async with anyio.create_task_group() as group:
            group.start_soon(until_over)
            group.start_soon(_watch_connection, life, settings)
            group.start_soon(_watch_memory, life, started, settings)
            await started.bridge.watch(every=settings.heartbeat, timeout=settings.hung_after)
    except BaseExceptionGroup as errors:
        raise errors.exceptions[0] from None


async def _watch_connection(life: Life, settings: LifeSettings) -> None:
    """Start a page anew that does not connect and does not say why.

    WhatsApp's page connects again by itself. One that says nothing at all has come to a halt.
    """
    while True:
        await life.until(lambda now: now.state in _ON_THE_WAY)
        entered = anyio.current_time()
        while life.now.state in _ON_THE_WAY:
            left = max(entered, life.heard_at) + settings.stuck_after - anyio.current_time()
            if left <= 0:
                told = f"the page said nothing for {settings.stuck_after:g} s"
                life.break_off(StateReason.PAGE_FAILED, told)
                return
            await life.until(lambda now: now.state not in _ON_THE_WAY, timeout=left)


async def _watch_memory(life: Life, started: Started, settings: LifeSettings) -> None:
    while True:
        await anyio.sleep(settings.memory_check)
        if await anyio.to_thread.run_sync(started.browser.has_outgrown):
            with anyio.move_on_after(settings.quiet_within):
                await _quiet_moment(life, started)
            life.break_off(StateReason.MEMORY, "the browser outgrew its memory limit")
            return


async def _quiet_moment(life: Life, started: Started) -> None:
    """Wait until nothing is under way, and nothing came or went for a while."""
    bridge = started.bridge
    while (left := life.busy_until - anyio.current_time()) > 0 or bridge.calls:  # noqa: ASYNC110  # it moves on
        await anyio.sleep(max(left, _LOOK_SECONDS))
