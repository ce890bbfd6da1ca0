"""Sends what is in the outbox, until each subscriber has it or a day has passed."""

from __future__ import annotations

import json
import logging
import random
from collections import Counter
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final, Protocol

import anyio

from blazz.webhooks.bell import Bell
from blazz_server.database import utc_now
from blazz_server.webhooks.happenings import Claimed, Result
from blazz_server.webhooks.judging import Outcome, judge
from blazz_server.webhooks.outbox import Outbox
from blazz_server.webhooks.sealing import SecretBox
from blazz_server.webhooks.signing import HEADER, sign
from blazz_server.webhooks.tables import OutboxEvent, Subscription

_POLL: Final = 1.0
_REST: Final = 2.0
_UPKEEP: Final = 60.0
_PRUNE_EVERY: Final = 60
_RELEASE_SECONDS: Final = 5.0
_log: Final = logging.getLogger(__name__)


class Posts(Protocol):
    """Sends one request."""

    async def post(self, url: str, headers: dict[str, str], body: bytes) -> Outcome:
        """Send it; whatever goes wrong is told in the outcome."""
        ...


class Sender:
    """Takes deliveries that are due out of the outbox and sends them.

    Any number of instances do so; none sends what another has claimed. One that dies leaves its
    deliveries to the others when its lease ends: subscribers may get an event twice, under the same
    id, and never not at all.

    Args:
        outbox: Where they are.
        http: Sends them.
        box: Opens the secrets.
        concurrency: The most requests at once.
        per_subscription: The most of them to one subscription.
        lease: After this time without a result a delivery is due again; longer than a request.
        clock: The time.
        chance: A random number from 0 up to 1.
    """

    def __init__(
        self,
        outbox: Outbox,
        http: Posts,
        box: SecretBox,
        *,
        concurrency: int = 64,
        per_subscription: int = 8,
        lease: timedelta = timedelta(seconds=30),
        clock: Callable[[], datetime] = utc_now,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self._outbox = outbox
        self._http = http
        self._box = box
        self._concurrency = concurrency
        self._per_subscription = per_subscription
        self._lease = lease
        self._clock = clock
        self._chance = chance
        self._bell = Bell()
        self._under_way: dict[str, Claimed] = {}
        outbox.filled = self._bell.ring

    def wake(self) -> None:
        """Look into the outbox now."""
        self._bell.ring()

    async def run(self) -> None:
        """Send until cancelled; then give back what is under way."""
        try:
            async with anyio.create_task_group() as tasks:
                tasks.start_soon(self._keep_up)
                while True:
                    if not await self._start_some(tasks.start_soon):
                        await self._bell.wait(_POLL)
        finally:
            await self._give_back()

    async def send_due(self) -> int:
        """Send all that is due now, once; give how many that were."""
        claimed = await self._claim()
        async with anyio.create_task_group() as tasks:
            for each in claimed:
                self._under_way[each.id] = each
                tasks.start_soon(self._send, each)
        return len(claimed)

    async def _start_some(self, start: Callable[..., object]) -> bool:
        """Start what is due, as far as there is room; False: there was nothing."""
        try:
            claimed = await self._claim()
        except Exception:  # noqa: BLE001  # a database that is away must not end the sending
            _log.exception("the outbox cannot be read; looking again in %g s", _REST)
            await anyio.sleep(_REST)
            return True
        for each in claimed:
            self._under_way[each.id] = each
            start(self._send, each)
        return bool(claimed)

    async def _claim(self) -> list[Claimed]:
        room = self._concurrency - len(self._under_way)
        if room <= 0:
            return []
        return await self._outbox.claim(
            limit=room,
            per_subscription=self._per_subscription,
            lease=self._lease,
            busy=Counter(each.subscription.id for each in self._under_way.values()),
        )

    async def _send(self, claimed: Claimed) -> None:
        try:
            outcome = await self._attempt(claimed)
            now = self._clock()
            verdict = judge(
                outcome,
                failures=claimed.failures + 1,
                now=now,
                expires_at=claimed.expires_at,
                failing_since=claimed.subscription.failing_since,
                chance=self._chance,
            )
            await self._outbox.record(Result(claimed, outcome, verdict, now))
        except Exception:  # noqa: BLE001  # it is due again when the lease ends
            _log.exception("delivery %s could not be recorded", claimed.id)
        self._under_way.pop(claimed.id, None)
        self._bell.ring()

    async def _attempt(self, claimed: Claimed) -> Outcome:
        body = body_of(claimed.event, claimed.kind)
        try:
            keys = self._keys(claimed.subscription)
        except Exception as error:  # noqa: BLE001  # whatever it is, others must not suffer
            _log.error("the secret of %s cannot be opened: %s", claimed.subscription.id, error)
            return Outcome(milliseconds=0, error="its secret cannot be opened; rotate it")
        headers = {
            "Content-Type": "application/json",
            "User-Agent": "blazz-server",
            "X-Blazz-Event": claimed.kind,
            "X-Blazz-Delivery": claimed.id,
            HEADER: sign(keys, body, now=self._clock().timestamp()),
        }
        return await self._http.post(claimed.subscription.url, headers, body)

    def _keys(self, subscription: Subscription) -> list[str]:
        keys = [self._box.open(subscription.secret, owner=subscription.id)]
        until = subscription.previous_until
        if subscription.previous_secret and until is not None and self._clock() < until:
            keys.append(self._box.open(subscription.previous_secret, owner=subscription.id))
        return keys

    async def _give_back(self) -> None:
        left = list(self._under_way.values())
        if not left:
            return
        with anyio.move_on_after(_RELEASE_SECONDS, shield=True):
            try:
                await self._outbox.release(left)
            except Exception:  # noqa: BLE001  # they are due again when the lease ends
                _log.exception("%d deliveries could not be given back", len(left))

    async def _keep_up(self) -> None:
        """Give up what is too old, and forget what is older still."""
        turn = 0
        while True:
            try:
                await self._outbox.expire()
                if turn % _PRUNE_EVERY == 0:
                    await self._outbox.prune()
            except Exception:  # noqa: BLE001  # next time
                _log.exception("the outbox could not be tidied up")
            turn += 1
            await anyio.sleep(_UPKEEP)


def body_of(event: OutboxEvent, kind: str) -> bytes:
    """Write the body that subscribers get; the same bytes at each attempt."""
    told = {
        "id": event.id,
        "type": kind,
        "workspace": event.workspace,
        "session": event.session,
        "created_at": event.created_at.isoformat(),
        "data": event.data,
    }
    text = json.dumps(told, separators=(",", ":"), ensure_ascii=False)
    # Half a character, which JSON can hold, has no bytes.
    return text.encode("utf-8", "replace")
