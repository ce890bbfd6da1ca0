"""Holds back before messages leave, as the session's pacing says."""

from __future__ import annotations

import random
import time
from collections.abc import Callable

import anyio

from blazz.errors import DailyCapReached, Timeout
from blazz.providers.pacing import Full, Go, History, Pacing, Wait, decide, typing_time
from blazz.providers.web.directory import Ask
from blazz.providers.web.errors import WebError
from blazz.providers.web.outbox import Outbox

_FACT = "pacing"
_ANSWER_SECONDS = 86_400.0


class Pauses:
    """The pauses of one session.

    Args:
        pacing: How it holds back.
        outbox: Remembers across restarts how much was sent.
        ask: Calls a function of the page.
        clock: Tells the time, in seconds since 1970.
        dice: Gives random numbers from 0 to 1.
    """

    def __init__(
        self,
        pacing: Pacing,
        outbox: Outbox,
        ask: Ask,
        *,
        clock: Callable[[], float] = time.time,
        dice: Callable[[], float] = random.random,
    ) -> None:
        self._pacing = pacing
        self._outbox = outbox
        self._ask = ask
        self._clock = clock
        self._dice = dice
        self._history: History | None = None
        self._turn = anyio.Lock()

    async def before(self, chat: str, text: str) -> None:
        """Wait until a message may leave, and type it.

        Raises:
            DailyCapReached: No more may leave today.
        """
        if self._pacing.is_off:
            return
        # One after another: two messages must not use the same gap.
        async with self._turn:
            answer = await self._is_answer(chat)
            await self._until_allowed(answer=answer)
            seconds = typing_time(self._pacing, len(text), dice=self._dice())
            if seconds > 0:
                await self._type(chat, seconds)

    async def _until_allowed(self, *, answer: bool) -> None:
        while True:
            history = await self._known()
            now = self._clock()
            decision = decide(self._pacing, history, now=now, answer=answer, dice=self._dice())
            match decision:
                case Go(history=counted):
                    self._history = counted
                    if not answer:
                        await self._outbox.set_fact(_FACT, counted.to_json())
                    return
                case Wait(seconds=seconds):
                    await anyio.sleep(seconds)
                case Full(until=until, cap=cap):
                    raise DailyCapReached(
                        f"{cap} uninvited messages were sent today, the most that the session's"
                        " pacing allows",
                        retry_after=until - now,
                    )

    async def _known(self) -> History:
        if self._history is None:
            stored = await self._outbox.fact(_FACT)
            self._history = History() if stored is None else History.from_json(stored)
        return self._history

    async def _is_answer(self, chat: str) -> bool:
        """Whether the other side wrote within the last 24 hours."""
        try:
            heard = await self._ask("lastHeard", {"chat": chat})
        except (WebError, Timeout):
            return False
        return heard is not None and self._clock() - heard < _ANSWER_SECONDS

    async def _type(self, chat: str, seconds: float) -> None:
        try:
            await self._ask("showActivity", {"to": chat, "activity": "typing"})
            await anyio.sleep(seconds)
            await self._ask("showActivity", {"to": chat, "activity": "paused"})
        except (WebError, Timeout):
            return  # the message matters more than how it looks
