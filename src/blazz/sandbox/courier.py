"""Carries webhooks to applications: posts what is due, signed, and repeats what was refused."""

from __future__ import annotations

import asyncio
import functools
import logging
import secrets
import ssl
from types import TracebackType
from typing import Final, Self

import aiohttp
import anyio
import httpx
from httpx_aiohttp import HttpxAiohttpClient

from blazz.sandbox.accounts import Subscription
from blazz.sandbox.batching import signature
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.mailbox import Delivery, Mailbox
from blazz.sandbox.world import World

logger = logging.getLogger(__name__)

_TICK: Final = 0.005
"""The shortest sleep: what falls due within it goes out together."""

_KEPT_ALIVE: Final = 1.0
"""Seconds that an idle connection is kept; shorter than servers keep theirs (2 s and more), because
one that closes it just as a webhook goes out refuses that without wanting to."""

_NOBODY_THERE: Final = (aiohttp.ClientConnectorError, aiohttp.ConnectionTimeoutError)
"""What tells that no application was reached. httpx-aiohttp makes the same of a connection that
was closed without an answer, so its causes are looked at."""


class Courier:
    """Takes out of the world what falls due and posts it.

    Args:
        world: The sandbox.
        client: Sends the requests; made by the courier itself if it is not given.
    """

    def __init__(self, world: World, *, client: httpx.AsyncClient | None = None) -> None:
        self._world = world
        self._client = client or HttpxAiohttpClient(
            limits=httpx.Limits(
                max_connections=None, max_keepalive_connections=64, keepalive_expiry=_KEPT_ALIVE
            ),
            follow_redirects=False,
            verify=_certificates(),
        )
        self._wake = asyncio.Event()

    async def __aenter__(self) -> Self:
        await self._client.__aenter__()
        self._world.wake_courier = self._wake.set
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._world.wake_courier = lambda: None
        await self._client.__aexit__(exc_type, exc, traceback)

    async def run(self) -> None:
        """Work until cancelled."""
        world = self._world
        async with anyio.create_task_group() as tasks:
            while True:
                # Cleared before looking: what is added while we look wakes us again.
                self._wake.clear()
                now = world.clock.now()
                world.play_due(now)
                for subscription, mailbox, delivery in world.post_office.take(now, world.settings):
                    tasks.start_soon(self._post, subscription, mailbox, delivery)
                world.changed.notify_all()
                await self._sleep(self._next_due(), now)

    async def verify(self, subscription: Subscription) -> None:
        """Make the verification handshake with a callback URL.

        Raises:
            Refusal: The URL does not answer the challenge, with Meta's code 2200.
        """
        challenge = str(secrets.randbelow(10**10))
        query = {
            "hub.mode": "subscribe",
            "hub.challenge": challenge,
            "hub.verify_token": subscription.verify_token,
        }
        try:
            answer = await self._client.get(subscription.url, params=query, timeout=10.0)
            reason = f"HTTP Status Code = {answer.status_code}; HTTP Message = {answer.text[:80]}"
            ok = answer.status_code == 200 and answer.text.strip() == challenge
        except (httpx.HTTPError, httpx.InvalidURL, ValueError) as error:
            ok, reason = False, f"{type(error).__name__}: {error}"
        if not ok:
            raise Refusal(
                2200,
                message=(
                    "(#2200) Callback verification failed with the following errors:"
                    f" {reason} (Param {subscription.url[:200]})"
                ),
            )

    def _next_due(self) -> float | None:
        world = self._world
        moments = (world.agenda.next_due, world.post_office.next_due(world.settings))
        return min((moment for moment in moments if moment is not None), default=None)

    async def _sleep(self, due: float | None, now: float) -> None:
        """Sleep until the next moment, or until something earlier comes up."""
        if due is None:
            await self._wake.wait()
            return
        await asyncio.sleep(_TICK)
        with anyio.move_on_after(max(0.0, due - now - _TICK)):
            await self._wake.wait()

    async def _post(self, subscription: Subscription, mailbox: Mailbox, delivery: Delivery) -> None:
        """Send one request; anything but 200 in time is a refusal."""
        headers = {"Content-Type": "application/json", "User-Agent": "facebookexternalua"}
        if subscription.app_secret:
            headers["X-Hub-Signature-256"] = signature(delivery.body, subscription.app_secret)
        ok, reached = False, True
        failure: str | None = None
        try:
            answer = await self._client.post(
                subscription.url,
                content=delivery.body,
                headers=headers,
                timeout=self._world.settings.webhook_timeout,
            )
            ok = answer.status_code == 200
            if not ok:
                failure = f"HTTP {answer.status_code}"
        except Exception as error:  # noqa: BLE001  # one webhook must not end all others
            reached = not isinstance(error.__cause__, _NOBODY_THERE)
            failure = f"{type(error.__cause__ or error).__name__}: {error}"
        finally:
            world = self._world
            if failure is not None:
                world.post_office.last_failure = f"{subscription.url}: {failure}"
                logger.debug("webhook to %s: %s", subscription.url, failure)
            now = world.clock.now()
            mailbox.finish(delivery, now, world.settings, ok=ok, reached=reached)
            self._wake.set()


# To read them takes longer than all the rest of starting a sandbox, and a test suite starts many.
@functools.cache
def _certificates() -> ssl.SSLContext:
    """Whom the sandboxes of this process trust."""
    return httpx.create_ssl_context()
