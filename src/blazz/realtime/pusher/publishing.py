"""Publishes events to channels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from blazz.errors import InvalidValue
from blazz.realtime.bus.base import Bus
from blazz.realtime.pusher.channels import Channel
from blazz.realtime.pusher.frames import MAX_EVENT_DATA, MAX_EVENT_NAME
from blazz.realtime.rooms.base import Rooms

MAX_CHANNELS: Final = 100
_OURS: Final = ("pusher:", "pusher_internal:", "client-")


class Publisher:
    """Publishes events to channels, on whichever instance their subscribers are.

    Args:
        bus: Carries the events.
        rooms: Remembers the last event of cache channels.

    Example:
        ::

            await publisher.publish(["private-workspace.acme"], "message.received", '{"id":"…"}')
    """

    def __init__(self, bus: Bus, rooms: Rooms) -> None:
        self._bus = bus
        self._rooms = rooms

    async def publish(
        self,
        channels: Sequence[str],
        event: str,
        data: str,
        *,
        except_for: str | None = None,
    ) -> None:
        """Publish an event.

        Args:
            channels: The names of 1 to 100 channels.
            event: Its name: 1 to 200 characters that do not begin as the protocol's own.
            data: Its content: at most 10 kB of text, mostly JSON.
            except_for: The id of a socket that is not to get it.

        Raises:
            InvalidValue: A limit is broken; nothing was published.
            BusUnavailable: The bus does not answer; some channels may have got it.
        """
        check_event(event, data)
        if not 1 <= len(channels) <= MAX_CHANNELS:
            raise InvalidValue("channels", f"1 to {MAX_CHANNELS}", len(channels))
        for channel in [Channel.parse(name) for name in channels]:
            await self._bus.publish(channel.name, event, data, origin=except_for)
            if channel.cached:
                await self._rooms.remember(channel.name, event, data)


def check_event(event: str, data: str) -> None:
    """Check the limits of an event.

    Raises:
        InvalidValue: One is broken.
    """
    if not 1 <= len(event) <= MAX_EVENT_NAME or event.startswith(_OURS):
        limit = f"1 to {MAX_EVENT_NAME} characters, not beginning with {', '.join(_OURS)}"
        raise InvalidValue("event", limit, event)
    size = len(data.encode())
    if size > MAX_EVENT_DATA:
        raise InvalidValue("data", f"at most {MAX_EVENT_DATA} bytes", f"{size} bytes")
