"""Applies a session's pacing: waits for its turn, shows typing, keeps the counts."""

from __future__ import annotations

import functools
import logging
import random
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Final, Protocol, cast

import anyio

from blazz.addresses import Address, Group
from blazz.errors import DailyCapReached
from blazz.messages.base import Message
from blazz.providers.abilities import ShowsActivity
from blazz.providers.base import Capability, Provider
from blazz.providers.pacing import Decision, Full, Go, History, Pacing, Wait, decide, typing_time

_log = logging.getLogger(__name__)

_ANSWERING: Final = timedelta(hours=24)
_AFTER_OTHERS: Final = 0.5


class PaceStore(Protocol):
    """What is asked of a conversation store."""

    async def last_seen(self, session: str, address: str) -> datetime | None:
        """When a contact last wrote."""
        ...

    async def pace(self, session: str) -> str | None:
        """What was kept last."""
        ...

    async def keep_pace(self, session: str, pace: str) -> None:
        """Keep how much was sent."""
        ...


class Pacer:
    """Lets a session's messages leave one by one, as its pacing wants it.

    What was sent today is kept in the conversation store, so a restart forgets nothing, nor does a
    move to another machine that shares the store.

    Args:
        pacing: How the session holds back.
        session: Its key.
        store: Where the counts are kept, and who wrote when.
        show_typing: Shows somebody that an answer is being typed; None: it cannot be shown.
        clock: The time, in seconds since 1970.
        sleep: Waits so many seconds.
        dice: A random number from 0 to 1.
    """

    def __init__(
        self,
        pacing: Pacing,
        *,
        session: str,
        store: PaceStore,
        show_typing: Callable[[Address], Awaitable[object]] | None = None,
        clock: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[object]] = anyio.sleep,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self.pacing = pacing
        self._session = session
        self._store = store
        self._show_typing = show_typing
        self._clock = clock
        self._sleep = sleep
        self._dice = dice
        self._history: History | None = None
        self._deciding = anyio.Lock()
        # Each kind queues by itself: answers must not stand behind a hundred uninvited messages.
        self._queues = {True: anyio.Lock(), False: anyio.Lock()}

    async def turn(self, to: Address, message: Message) -> None:
        """Wait until a message may leave, and type it.

        Being cancelled while it waits gives the turn to the next message.

        Raises:
            DailyCapReached: The day's uninvited messages are spent.
        """
        if self.pacing.is_off:
            return
        answer = await self._wrote_lately(to)
        async with self._queues[answer]:
            while isinstance(decision := await self._decide(answer=answer), Wait):
                await self._sleep(decision.seconds)
        if isinstance(decision, Full):
            left = decision.until - self._clock()
            raise DailyCapReached(
                f"{self._session} has sent the {decision.cap} uninvited messages of today;"
                f" it goes on in {left / 3600:.1f} h (see Pacing.daily_cap)",
                retry_after=left,
            )
        await self.type(to, message)

    async def claim(self) -> float:
        """Take a turn for an uninvited message of a campaign, if it may leave now; never waits.

        Single messages that wait in `turn` go first.

        Returns:
            0 when the turn was taken, else the seconds until there may be one.
        """
        if self.pacing.is_off:
            return 0.0
        if self._queues[False].locked():
            return max(_AFTER_OTHERS, self.pacing.pause[0])
        decision = await self._decide(answer=False)
        if isinstance(decision, Full):
            return decision.until - self._clock()
        return decision.seconds if isinstance(decision, Wait) else 0.0

    async def type(self, to: Address, message: Message) -> None:
        """Type a text for as long as a person would, and show it where that is possible."""
        seconds = typing_time(self.pacing, _length(message), dice=self._dice())
        if seconds <= 0:
            return
        if self._show_typing is not None:
            try:
                await self._show_typing(to)
            except Exception:  # noqa: BLE001  # what is only for show must not keep a message back
                _log.debug("typing could not be shown to %s", to, exc_info=True)
        await self._sleep(seconds)

    async def _decide(self, *, answer: bool) -> Decision:
        async with self._deciding:
            if self._history is None:
                kept = await self._store.pace(self._session)
                self._history = History() if kept is None else History.from_json(kept)
            decision = decide(
                self.pacing, self._history, now=self._clock(), answer=answer, dice=self._dice()
            )
            if isinstance(decision, Go):
                if not answer:
                    # Before it leaves: a count that is too high does no harm.
                    await self._store.keep_pace(self._session, decision.history.to_json())
                self._history = decision.history
            return decision

    async def _wrote_lately(self, to: Address) -> bool:
        if isinstance(to, Group):
            return True  # whoever is in a group has been let in
        last_seen = await self._store.last_seen(self._session, str(to))
        now = datetime.fromtimestamp(self._clock(), UTC)
        return last_seen is not None and now - last_seen < _ANSWERING


def pacer_for(
    provider: Provider, pacing: Pacing | None = None, *, session: str, store: PaceStore
) -> Pacer | None:
    """Make the pacer of a session; None if nothing holds it back.

    Args:
        provider: The way it reaches WhatsApp, which may have a `pacing` of its own.
        pacing: How it holds back, whatever its provider wants.
        session: Its key.
        store: Where the counts are kept.
    """
    chosen = pacing or getattr(provider, "pacing", None)
    if not isinstance(chosen, Pacing) or chosen.is_off:
        return None
    show = None
    if Capability.PRESENCE in provider.capabilities:
        show = functools.partial(cast("ShowsActivity", provider).show_activity, activity="typing")
    return Pacer(chosen, session=session, store=store, show_typing=show)


def _length(message: Message) -> int:
    """The characters that somebody would type."""
    written = getattr(message, "body", None) or getattr(message, "caption", None)
    return len(written) if isinstance(written, str) else 0
