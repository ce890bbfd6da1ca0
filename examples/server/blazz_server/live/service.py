"""The bus that all instances share, and the sockets of this one."""

from __future__ import annotations

import hmac
import logging
import secrets
import time
from collections.abc import Iterable
from typing import Final

import anyio
from opentelemetry.metrics import CallbackOptions, Observation

from blazz.errors import BusUnavailable
from blazz.realtime.broadcasts import Broadcast
from blazz.realtime.bus.base import Bus
from blazz.realtime.bus.memory import MemoryBus
from blazz.realtime.bus.redis import RedisBus
from blazz.realtime.pusher.asgi import PusherApp
from blazz.realtime.pusher.connection import Close
from blazz.realtime.pusher.frames import Code
from blazz.realtime.pusher.http_api import HttpApi
from blazz.realtime.pusher.hub import ADMIT, TERMINATE, Hub
from blazz.realtime.pusher.publishing import Publisher
from blazz.realtime.pusher.signing import App
from blazz.realtime.rooms.base import Rooms
from blazz.realtime.rooms.memory import MemoryRooms
from blazz.realtime.rooms.redis import RedisRooms
from blazz.security.secret import Secret
from blazz_server.accounts.keys import REMEMBERED
from blazz_server.monitoring.service import Monitoring
from blazz_server.settings import Settings

_APP_ID: Final = "1"
"""Stock clients of the HTTP API take digits only."""
_END_AGAIN: Final = REMEMBERED + 1.0
_log = logging.getLogger(__name__)


class Live:
    """Live events of all workspaces.

    Args:
        settings: What the environment says; with a `redis_url`, all instances share the events.
        monitoring: Measures.

    Attributes:
        bus: Carries events; given to each workspace's client, which publishes on it.
        rooms: Knows who is in which channel, on all instances.
        app: What browsers connect with, and what signs their subscriptions.
        hub: The sockets of this instance.
        publisher: Publishes to channels, within the limits of the protocol.
        asgi: Serves browsers and publishing servers.
    """

    def __init__(self, settings: Settings, monitoring: Monitoring) -> None:
        url = settings.redis_url
        self.bus: Bus = RedisBus(url) if url else MemoryBus()
        self.rooms: Rooms = RedisRooms(url) if url else MemoryRooms()
        self.app = App(_APP_ID, settings.live_key, _secret(settings))
        self.hub = Hub(self.app, self.bus, self.rooms)
        self.publisher = Publisher(self.bus, self.rooms)
        self._ended: dict[str, float] = {}
        self.asgi = PusherApp(self.hub, HttpApi(self.app, self.bus, self.rooms, self.publisher))
        meter = monitoring.meter
        self._lost = meter.create_counter(
            "blazz.server.live.lost", "{event}", "Live events that the bus did not take"
        )
        self._lost.add(0)  # shown from the beginning, so that the first one is seen to be one more
        meter.create_observable_gauge(
            "blazz.server.live.sockets", [self._sockets], "{socket}", "Browsers connected here"
        )
        meter.create_observable_counter(
            "blazz.server.live.slow", [self._slow], "{socket}", "Sockets closed for being too slow"
        )

    async def open(self) -> None:
        """Connect.

        Raises:
            BusUnavailable: Redis does not answer.
        """
        await self.bus.open()
        await self.rooms.open()

    async def run(self) -> None:
        """Pass on what is published, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self.hub.run)
            while True:
                await anyio.sleep(1)
                await self._end_again()

    async def close(self) -> None:
        """Send the browsers to other instances, and let go of connections."""
        self.hub.close_all(Close(Code.RECONNECT, "this instance stops"))
        try:
            await self.rooms.close()
        except BusUnavailable as error:
            _log.warning("seats are given up by themselves: %s", error)
        await self.bus.close()

    async def publish(self, broadcast: Broadcast) -> None:
        """Tell browsers of something.

        Live events are for eyes: while the bus is away they are lost, and what caused them goes on.
        """
        try:
            await self.bus.publish(broadcast.channel, broadcast.name, broadcast.data)
        except BusUnavailable as error:
            self._lost.add(1)
            _log.warning("nobody saw %s: %s", broadcast.name, error)

    async def admit(self, socket_id: str, key_id: str) -> None:
        """Remember, on all instances, that a socket is let in on account of a key.

        Raises:
            BusUnavailable: It would not end with the key: do not let it in.
        """
        await self.bus.publish(ADMIT, socket_id, "{}", author=key_id)

    async def end(self, key_id: str) -> None:
        """Close all sockets that were let in on account of a key, wherever they are.

        Again a moment later: other instances may take a revoked key for good until then.
        """
        self._ended[key_id] = time.monotonic() + _END_AGAIN
        await self._end(key_id)

    async def _end(self, key_id: str) -> bool:
        try:
            await self.bus.publish(TERMINATE, key_id, "{}")
        except BusUnavailable as error:
            _log.warning("sockets of the key %s are ended later: %s", key_id, error)
            return False
        return True

    async def _end_again(self) -> None:
        now = time.monotonic()
        for key_id, at in list(self._ended.items()):
            if now >= at and await self._end(key_id):
                del self._ended[key_id]

    def _sockets(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self.hub.sockets)

    def _slow(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self.hub.slow)


def _secret(settings: Settings) -> Secret:
    """The secret of the application, the same on all instances."""
    given = settings.live_secret.get_secret_value()
    if given:
        return Secret(given)
    shared = settings.cluster_secret.get_secret_value()
    if shared:
        return Secret(hmac.digest(shared.encode(), b"blazz live events", "sha256").hex())
    # This instance is alone: its browsers ask for new signatures when it starts again.
    return Secret(secrets.token_hex(32))
