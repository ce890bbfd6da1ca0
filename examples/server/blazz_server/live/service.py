"""The bus that all instances share, and the sockets of this one."""

from __future__ import annotations

import hmac
import logging
import secrets
from collections.abc import Iterable, Sequence
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
from blazz_server.accounts.grants import Grants
from blazz_server.monitoring.service import Monitoring
from blazz_server.settings import Settings

_APP_ID: Final = "1"
"""Stock clients of the HTTP API take digits only."""
_LOOK_EVERY: Final = 5.0
"""Seconds after which a socket is closed whose key or login has expired."""
_log = logging.getLogger(__name__)


class Live:
    """Live events of all workspaces.

    Args:
        settings: What the environment says; with a `redis_url`, all instances share the events.
        monitoring: Measures.
        grants: Knows which keys and logins still hold.

    Attributes:
        bus: Carries events; given to each workspace's client, which publishes on it.
        rooms: Knows who is in which channel, on all instances.
        app: What browsers connect with, and what signs their subscriptions.
        hub: The sockets of this instance.
        publisher: Publishes to channels, within the limits of the protocol.
        asgi: Serves browsers and publishing servers.
    """

    def __init__(self, settings: Settings, monitoring: Monitoring, grants: Grants) -> None:
        url = settings.redis_url
        self.bus: Bus = RedisBus(url) if url else MemoryBus()
        self.rooms: Rooms = RedisRooms(url) if url else MemoryRooms()
        self.app = _app(settings)
        self.hub = Hub(self.app, self.bus, self.rooms, most_of_one=settings.sockets_per_address)
        self.publisher = Publisher(self.bus, self.rooms)
        self._grants = grants
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
                await anyio.sleep(_LOOK_EVERY)
                await self.end_expired()

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

    async def admit(self, socket_id: str, grants: Sequence[str]) -> None:
        """Remember, on all instances, on what a socket is let in: it ends with the first of it.

        Args:
            socket_id: The socket, on whichever instance.
            grants: See `Principal.grants`.

        Raises:
            BusUnavailable: It would not end with them: do not let it in.
        """
        for grant in grants:
            await self.bus.publish(ADMIT, socket_id, "{}", author=grant)

    async def end(self, grant: str) -> None:
        """Close at once all sockets that were let in on something, wherever they are.

        An instance that remembers a revoked key may let one more in; `end_expired` closes that.
        """
        try:
            await self.bus.publish(TERMINATE, grant, "{}")
        except BusUnavailable as error:
            _log.warning("sockets of a key or login that has ended are closed later: %s", error)

    async def end_expired(self) -> None:
        """Close the sockets of this instance whose key or login holds no more, for any reason."""
        grants = self.hub.accounts
        if not grants:
            return
        try:
            ended = await self._grants.ended(grants)
        except Exception as error:  # noqa: BLE001  # live events go on without the database
            _log.warning("whether keys of sockets still hold is looked at later: %s", error)
            return
        for grant in ended:
            self.hub.end(grant)

    def _sockets(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self.hub.sockets)

    def _slow(self, _: CallbackOptions) -> Iterable[Observation]:
        yield Observation(self.hub.slow)


def _app(settings: Settings) -> App:
    """The application, the same on all instances; while secrets are rotated, several are known."""
    known = settings.live_secrets or tuple(
        Secret(hmac.digest(it.reveal().encode(), b"blazz live events", "sha256").hex())
        for it in settings.cluster_secrets
    )
    if not known:
        # This instance is alone: its browsers ask for new signatures when it starts again.
        known = (Secret(secrets.token_hex(32)),)
    return App(_APP_ID, settings.live_key, known[0], former=known[1:])
