"""The sockets of this instance: who subscribes to what here, and what they are sent."""

from __future__ import annotations

import logging
import secrets
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import aclosing
from typing import Final

import anyio

from blazz.errors import BacklogLost, BusUnavailable, InvalidValue
from blazz.realtime.bus.base import Bus, Cursor, Notice
from blazz.realtime.pusher.channels import Access, Channel
from blazz.realtime.pusher.connection import (
    Action,
    Close,
    Connection,
    Join,
    Leave,
    Member,
    Send,
    Timing,
    Whisper,
)
from blazz.realtime.pusher.frames import Code, compact, encode
from blazz.realtime.pusher.networks import Networks
from blazz.realtime.pusher.outbox import MAX_WAITING, Outbox
from blazz.realtime.pusher.signing import App
from blazz.realtime.rooms.base import DEFAULT_TTL, Departure, Rooms, Seat

TERMINATE: Final = "blazz:terminate"
"""A channel of the bus that no browser can name: its notices end the sockets of a user."""
ADMIT: Final = "blazz:admit"
"""Likewise: its notices say on whose account a socket, their name, was let into a channel."""
BACKLOG_LOST: Final = "blazz:backlog_lost"
_RETRY_AFTER: Final = 1.0
_log = logging.getLogger(__name__)


class Socket:
    """One browser on this instance."""

    def __init__(self, connection: Connection, outbox: Outbox, address: str) -> None:
        self.connection = connection
        self.outbox = outbox
        self.address = address
        self.admitted: set[str] = set()
        """On whose account it was let into channels: it ends with any of them."""
        self.sent: dict[str, int] = {}
        """The number of the last notice of each channel that it gets live."""

    @property
    def id(self) -> str:
        """Its id, unique over all instances."""
        return self.connection.socket_id

    def seat(self, channel: str) -> Seat:
        """Its seat in a channel."""
        member = self.connection.subscribed.get(channel)
        if member is None:
            return Seat(channel, self.id)
        return Seat(channel, self.id, member.user_id, member.data)


class Hub:
    """Connects the sockets of this instance with the bus and the rooms of all.

    Args:
        app: The application that is served.
        bus: Carries events between instances.
        rooms: Knows who is in which channel, on all instances.
        most_sockets: More are asked to come back later.
        most_of_one: Likewise, how many may come from one address, or one network of IPv6.
        most_waiting: How many events may wait for one socket before it is closed.
        timing: How long a socket may be silent.
        alive_every: Seconds between two signs of life.
        clock: Measures silence; only tests give another one.

    Attributes:
        app: The application that is served.
        slow: How many sockets were closed because they took their events too slowly.
    """

    def __init__(
        self,
        app: App,
        bus: Bus,
        rooms: Rooms,
        *,
        most_sockets: int = 10_000,
        most_of_one: int | None = None,
        most_waiting: int = MAX_WAITING,
        timing: Timing | None = None,
        alive_every: float = DEFAULT_TTL / 3,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.app = app
        self.clock = clock
        self.slow = 0
        self._bus = bus
        self._rooms = rooms
        self._most_sockets = most_sockets
        self._most_waiting = most_waiting
        self._timing = timing or Timing()
        self._alive_every = alive_every
        self._sockets: dict[str, Socket] = {}
        self._networks = Networks(most_of_one)
        self._channels: defaultdict[str, dict[str, Socket]] = defaultdict(dict)
        self._position: Cursor | None = None
        self._following = anyio.Event()

    async def run(self) -> None:
        """Pass on what is published, and say that this instance lives, until cancelled."""
        async with anyio.create_task_group() as tasks:
            tasks.start_soon(self._follow)
            tasks.start_soon(self._live)

    # Sockets

    @property
    def sockets(self) -> int:
        """How many sockets are connected to this instance."""
        return len(self._sockets)

    def connect(self, address: str = "") -> Socket | None:
        """Take a socket in; None: there is no room for another.

        Args:
            address: Where it comes from; where that is not known, it is not counted.
        """
        if len(self._sockets) >= self._most_sockets or not self._networks.enter(address):
            return None
        # Two halves of 62 random bits: nobody can guess another's.
        socket_id = f"{secrets.randbits(62)}.{secrets.randbits(62)}"
        connection = Connection(self.app, socket_id, now=self.clock(), timing=self._timing)
        socket = Socket(connection, Outbox(most=self._most_waiting), address)
        self._sockets[socket.id] = socket
        return socket

    async def disconnect(self, socket: Socket) -> None:
        """Let a socket go; may be repeated."""
        closing = socket.outbox.closing
        if self._sockets.pop(socket.id, None):
            self._networks.leave(socket.address)
            self.slow += closing is not None and closing.code == Code.TOO_SLOW
        seats = [socket.seat(name) for name in socket.connection.subscribed]
        for seat in seats:
            self._forget(seat.channel, socket)
        socket.connection.subscribed.clear()
        if seats:
            await self._tell_departures(await self._rooms.leave(seats))

    async def do(self, socket: Socket, actions: Sequence[Action]) -> None:
        """Carry out what a socket's protocol wants.

        Raises:
            BusUnavailable: The bus or the rooms do not answer.
        """
        for action in actions:
            match action:
                case Send(text):
                    socket.outbox.put(text)
                case Close():
                    socket.outbox.close(action)
                case Join():
                    await self._join(socket, action)
                case Leave(channel):
                    self._forget(channel.name, socket)
                    seat = Seat(channel.name, socket.id)
                    await self._tell_departures(await self._rooms.leave([seat]))
                case Whisper(channel, event, data, user_id):
                    await self._bus.publish(
                        channel.name, event, data, origin=socket.id, author=user_id
                    )

    # Subscribing

    async def _join(self, socket: Socket, join: Join) -> None:
        channel, name = join.channel, join.channel.name
        if await self._rooms.enter(socket.seat(name)) and join.member is not None:
            await self._tell_arrival(channel.name, join.member.data, origin=socket.id)
        members: list[Member] = []
        if channel.access is Access.PRESENCE:
            known = await self._rooms.members(name)
            members = [Member(user_id, data) for user_id, data in known.items()]
        last = await self._rooms.last(name) if channel.cached else None
        await self._following.wait()
        await self.do(socket, socket.connection.joined(channel, members=members, last=last))
        if join.after is not None:
            await self._catch_up(socket, channel, join.after)
        self._go_live(socket, name)

    async def _catch_up(self, socket: Socket, channel: Channel, after: str) -> None:
        """Send what was published since, until the socket is where this instance is."""
        try:
            seen = Cursor.parse(after)
            if not self._is_behind(seen):
                socket.sent[channel.name] = seen.number
                return
            async with aclosing(self._bus.follow(after=after)) as notices:
                async for notice in notices:
                    if notice.channel == channel.name and notice.origin != socket.id:
                        await socket.outbox.room()
                        socket.outbox.put(_frame(notice))
                    seen = Cursor.parse(notice.cursor)
                    socket.sent[channel.name] = seen.number
                    # Nothing is awaited from here on until the socket is live.
                    if not self._is_behind(seen) or socket.outbox.closing is not None:
                        return
        except (BacklogLost, InvalidValue):
            socket.sent.pop(channel.name, None)
            socket.outbox.put(encode(BACKLOG_LOST, channel=channel.name))

    def _is_behind(self, seen: Cursor) -> bool:
        position = self._position
        if position is None:
            return True
        return seen.life != position.life or seen.number < position.number

    def _go_live(self, socket: Socket, channel: str) -> None:
        if channel not in socket.connection.subscribed or socket.id not in self._sockets:
            return  # it has left meanwhile
        if self._position is not None:
            socket.sent.setdefault(channel, self._position.number)
        self._channels[channel][socket.id] = socket

    def _forget(self, channel: str, socket: Socket) -> None:
        socket.sent.pop(channel, None)
        self._channels[channel].pop(socket.id, None)
        if not self._channels[channel]:
            del self._channels[channel]

    # What is published

    async def _follow(self) -> None:
        while True:
            try:
                await self._follow_from_here()
                break  # the bus was closed
            except BacklogLost:
                _log.warning("the bus lost events; all sockets are asked to connect again")
                self._position = None
                self.close_all(Close(Code.RECONNECT, "events were lost; connect again"))
            except BusUnavailable as error:
                _log.warning("the bus is away: %s", error)
                await anyio.sleep(_RETRY_AFTER)

    async def _follow_from_here(self) -> None:
        after = str(self._position or await self._bus.newest())
        self._position = Cursor.parse(after)
        self._following.set()
        async with aclosing(self._bus.follow(after=after)) as notices:
            async for notice in notices:
                self._pass_on(notice)

    def _pass_on(self, notice: Notice) -> None:
        place = self._position = Cursor.parse(notice.cursor)
        if notice.channel == TERMINATE:
            self.end(notice.name)
            return
        if notice.channel == ADMIT:
            self._admit(notice.name, notice.author)
            return
        sockets = self._channels.get(notice.channel)
        if not sockets:
            return
        text = _frame(notice)
        for socket in sockets.values():
            if place.number > socket.sent.get(notice.channel, 0) and socket.id != notice.origin:
                socket.outbox.put(text)

    @property
    def accounts(self) -> set[str]:
        """On whose account the sockets of this instance were let into channels."""
        return set().union(*(socket.admitted for socket in self._sockets.values()))

    def end(self, account: str) -> None:
        """Close the sockets of this instance that signed in as a user, or were let in on it.

        To end them on all instances, publish the account as the name of a `TERMINATE` notice.
        """
        for socket in self._sockets.values():
            if account == socket.connection.user_id or account in socket.admitted:
                socket.outbox.close(Close(Code.UNAUTHORIZED, "the application ended the session"))

    def _admit(self, socket_id: str, account: str | None) -> None:
        socket = self._sockets.get(socket_id)
        if socket is not None and account:
            socket.admitted.add(account)

    def close_all(self, reason: Close) -> None:
        """Close all sockets: before this instance stops, with a code that makes them come back."""
        for socket in self._sockets.values():
            socket.outbox.close(reason)

    # Presence

    async def _live(self) -> None:
        while True:
            try:
                turnover = await self._rooms.keep_alive()
                for seat in turnover.arrived:
                    await self._tell_arrival(seat.channel, seat.data or "{}")
                await self._tell_departures(turnover.departed)
            except BusUnavailable as error:
                _log.warning("the rooms are away: %s", error)
            await anyio.sleep(self._alive_every)

    async def _tell_arrival(self, channel: str, data: str, origin: str | None = None) -> None:
        event = "pusher_internal:member_added"
        await self._bus.publish(channel, event, data, origin=origin)

    async def _tell_departures(self, departures: Sequence[Departure]) -> None:
        for gone in departures:
            event, data = "pusher_internal:member_removed", compact({"user_id": gone.user_id})
            await self._bus.publish(gone.channel, event, data)


def _frame(notice: Notice) -> str:
    return encode(
        notice.name,
        notice.data,
        channel=notice.channel,
        user_id=notice.author,
        cursor=notice.cursor,
    )
