"""Reads what was said before, page by page, and not too fast."""

from __future__ import annotations

import collections
from collections.abc import AsyncIterator, Callable
from typing import Final

import anyio

from blazz.addresses import Address
from blazz.errors import InvalidValue
from blazz.events.coexistence import PastMessage
from blazz.providers.web.directory import Ask
from blazz.providers.web.ids import jid
from blazz.providers.web.inbound.messages import past

PAGE: Final = 50
_MINUTE: Final = 60.0


class RequestRate:
    """At most so many requests within any minute.

    Args:
        per_minute: The most; None: no limit.
        clock: Tells seconds.

    Raises:
        InvalidValue: The limit is not positive.
    """

    def __init__(
        self, per_minute: int | None, *, clock: Callable[[], float] = anyio.current_time
    ) -> None:
        if per_minute is not None and per_minute < 1:
            raise InvalidValue("history_rate", "at least 1 request a minute, or None", per_minute)
        self._most = per_minute
        self._clock = clock
        self._recent: collections.deque[float] = collections.deque(maxlen=per_minute)

    def pause(self) -> float:
        """Seconds until the next request may leave; 0: it leaves now, and is counted."""
        if self._most is None:
            return 0.0
        now = self._clock()
        if len(self._recent) == self._most and (left := self._recent[0] + _MINUTE - now) > 0:
            return left
        self._recent.append(now)
        return 0.0

    async def wait(self) -> None:
        """Wait until the next request may leave."""
        while (left := self.pause()) > 0:  # noqa: ASYNC110  # time passes, nothing happens
            await anyio.sleep(left)


async def read_history(
    ask: Ask, rate: RequestRate, chat: Address, *, account: str | None, limit: int | None
) -> AsyncIterator[PastMessage]:
    """Give the messages of a chat, the newest first; older ones are asked of the phone.

    Args:
        ask: Calls a function of the page.
        rate: How fast.
        chat: Which chat.
        account: The digits of this account's number.
        limit: The most messages; None: all of them.

    Raises:
        InvalidValue: The limit is not positive.
    """
    if limit is not None and limit < 1:
        raise InvalidValue("limit", "at least 1 message, or None", limit)
    left, before = limit, None
    while left is None or left > 0:
        await rate.wait()
        count = PAGE if left is None else min(PAGE, left)
        found = await ask("past", {"chat": jid(chat), "before": before, "count": count})
        fresh = [it for it in found if it["id"] != before]
        said = [it for it in fresh if not it.get("notice")]
        for value in reversed(said):
            key = f"web:{account or ''}:past:{value['id']}"
            yield past(value, {"key": key, "account": account, "raw": value})
        if not fresh or len(found) < count:
            return
        before = fresh[0]["id"]
        if left is not None:
            left -= len(said)
