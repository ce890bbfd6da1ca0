"""The HTTP API of the protocol: what servers publish with, and ask about channels."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import parse_qsl, unquote

from blazz.errors import BusUnavailable, InvalidValue
from blazz.realtime.bus.base import Bus
from blazz.realtime.pusher.channels import Access, Channel
from blazz.realtime.pusher.frames import MAX_EVENT_DATA, compact
from blazz.realtime.pusher.hub import TERMINATE
from blazz.realtime.pusher.publishing import Publisher, check_event
from blazz.realtime.pusher.signing import App, BadSignature
from blazz.realtime.rooms.base import Rooms

MAX_BODY: Final = 256 * 1024
MAX_BATCH: Final = 10
_JSON: Final = (("Content-Type", "application/json"),)
_TEXT: Final = (("Content-Type", "text/plain; charset=utf-8"),)


@dataclass(frozen=True, slots=True)
class Answer:
    """The answer to a request."""

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = _JSON


class _Bad(Exception):
    """A request that makes no sense: its status and why."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class HttpApi:
    """Answers the HTTP API of one application.

    Args:
        app: The application.
        bus: Carries what ends a user's connections.
        rooms: Knows the channels.
        publisher: Publishes events.
        clock: The time in seconds since 1970; only tests give another one.
    """

    def __init__(
        self,
        app: App,
        bus: Bus,
        rooms: Rooms,
        publisher: Publisher,
        *,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._app = app
        self._bus = bus
        self._rooms = rooms
        self._publisher = publisher
        self._clock = clock

    async def handle(self, method: str, path: str, query_string: str, body: bytes) -> Answer:
        """Answer a request.

        Args:
            method: Its method.
            path: Its path, from `/apps/` on.
            query_string: Its query, as it came.
            body: Its raw body.
        """
        query = dict(parse_qsl(query_string, keep_blank_values=True))
        parts = path.strip("/").split("/")
        try:
            if parts[0] != "apps" or len(parts) < 3 or unquote(parts[1]) != self._app.id:
                raise _Bad(404, "there is no such application")
            self._app.check_request(method, path, query, body, now=self._clock())
            return _json(await self._route(method, parts[2:], query, body))
        except BadSignature as error:
            return _text(401, str(error))
        except _Bad as error:
            return _text(error.status, str(error))
        except InvalidValue as error:
            return _text(413 if error.field == "data" else 400, str(error))
        except BusUnavailable as error:
            return _text(503, str(error))

    async def _route(
        self, method: str, parts: list[str], query: Mapping[str, str], body: bytes
    ) -> dict[str, Any]:
        match method, *map(unquote, parts):
            case "POST", "events":
                return await self._publish(_object(body))
            case "POST", "batch_events":
                return await self._publish_batch(_object(body))
            case "GET", "channels":
                return await self._channels(query)
            case "GET", "channels", name:
                return await self._channel(Channel.parse(name))
            case "GET", "channels", name, "users":
                return await self._users(Channel.parse(name))
            case "POST", "users", user_id, "terminate_connections":
                await self._bus.publish(TERMINATE, user_id, "{}")
                return {}
        raise _Bad(404, "there is no such path")

    async def _publish(self, event: Mapping[str, Any]) -> dict[str, Any]:
        channels = event.get("channels", [event.get("channel")])
        if not isinstance(channels, list):
            raise _Bad(400, "channels is a list of names")
        name, data = _event(event)
        socket_id = event.get("socket_id")
        except_for = socket_id if isinstance(socket_id, str) else None
        await self._publisher.publish(channels, name, data, except_for=except_for)
        return {}

    async def _publish_batch(self, body: Mapping[str, Any]) -> dict[str, Any]:
        batch = body.get("batch")
        if not isinstance(batch, list) or not 1 <= len(batch) <= MAX_BATCH:
            raise _Bad(400, f"batch is a list of 1 to {MAX_BATCH} events")
        if not all(isinstance(event, dict) for event in batch):
            raise _Bad(400, "an event is an object")
        for event in batch:  # all or none
            check_event(*_event(event))
            Channel.parse(event.get("channel"))
        for event in batch:
            await self._publish({**event, "channels": [event["channel"]]})
        return {}

    async def _channels(self, query: Mapping[str, str]) -> dict[str, Any]:
        occupied = await self._rooms.occupied(query.get("filter_by_prefix", ""))
        wanted = query.get("info", "").split(",")
        if "user_count" not in wanted:
            return {"channels": {name: {} for name in occupied}}
        if not query.get("filter_by_prefix", "").startswith("presence-"):
            raise _Bad(400, "user_count needs filter_by_prefix=presence-…")
        counts = {name: len(await self._rooms.members(name)) for name in occupied}
        return {"channels": {name: {"user_count": count} for name, count in counts.items()}}

    async def _channel(self, channel: Channel) -> dict[str, Any]:
        count = (await self._rooms.occupied(channel.name)).get(channel.name, 0)
        about: dict[str, Any] = {"occupied": count > 0, "subscription_count": count}
        if channel.access is Access.PRESENCE:
            about["user_count"] = len(await self._rooms.members(channel.name))
        return about

    async def _users(self, channel: Channel) -> dict[str, Any]:
        if channel.access is not Access.PRESENCE:
            raise _Bad(400, "only presence channels have users")
        return {"users": [{"id": user_id} for user_id in await self._rooms.members(channel.name)]}


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise _Bad(400, "the body is not a JSON object")
    return value


def _event(event: Mapping[str, Any]) -> tuple[str, str]:
    """Read name and data; data that is no text becomes JSON."""
    name, data = event.get("name"), event.get("data")
    if not isinstance(name, str):
        raise _Bad(400, "an event has a name")
    text = data if isinstance(data, str) else compact(data)
    if len(text) > 4 * MAX_EVENT_DATA or not text.isascii():
        try:
            text.encode()
        except UnicodeEncodeError as error:
            raise _Bad(400, "data has halves of surrogate pairs") from error
    return name, text


def _json(value: Mapping[str, Any]) -> Answer:
    return Answer(200, compact(value).encode())


def _text(status: int, message: str) -> Answer:
    return Answer(status, message.encode(errors="replace"), _TEXT)
