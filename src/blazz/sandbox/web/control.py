"""`/sandbox/web/…`: driving a simulated WhatsApp over HTTP, as `SimulatedWeb` does in Python."""

from __future__ import annotations

import base64
import binascii
import inspect
import json
from collections.abc import Awaitable, Callable
from dataclasses import asdict, is_dataclass
from typing import Any, Final, TypeAlias

from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from blazz.errors import InvalidValue
from blazz.sandbox.web.phone import SimulatedPhone
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.simulated import SimulatedWeb
from blazz.sandbox.web.world import Accepted

Json: TypeAlias = dict[str, Any]
_Handler: TypeAlias = Callable[[Request], Awaitable[object]]

_LARGEST_BODY: Final = 150 * 1024 * 1024
_LONGEST_WAIT: Final = 600.0
_SETUP: Final = frozenset({"name", "addressing", "registered", "business", "about", "picture"})

ACTIONS: Final = frozenset(
    {
        "scan", "enter_code", "log_out_devices", "open_elsewhere", "drop_connections", "ban",
        "suspend", "forgive", "go_offline", "go_online", "send_text", "send_media",
        "send_location", "send_contact", "send_poll", "edit", "revoke", "react", "vote", "read",
        "play", "set_activity", "set_available", "call", "hang_up", "create_group",
        "change_members", "change_group", "leave_group", "join_group", "group", "save_contact",
        "block", "unblock", "set_chat", "forward", "messages", "message", "media", "sees",
        "is_ringing",
    }
)  # fmt: skip
"""What a phone can be told to do: methods of `SimulatedPhone`, with the same parameters."""


def control_routes(web: SimulatedWeb) -> list[BaseRoute]:
    """The routes of the control API; it needs no token, but is not for web pages."""
    control = _Control(web)
    table: list[tuple[str, _Handler, str]] = [
        ("/", control.state, "GET"),
        ("/reset", control.reset, "POST"),
        ("/settings", control.read_settings, "GET"),
        ("/settings", control.change_settings, "PATCH"),
        ("/outage", control.outage, "PUT"),
        ("/outage", control.outage, "DELETE"),
        ("/messages", control.messages, "GET"),
        ("/changes", control.changes, "GET"),
        ("/phones/{number}", control.show, "GET"),
        ("/phones/{number}", control.set_up, "PATCH"),
        ("/phones/{number}/{action}", control.act, "POST"),
    ]
    routes = [Route(path, _answered(handler), methods=[method]) for path, handler, method in table]
    return [Mount("/sandbox/web", routes=routes)]


class _Control:
    """What a simulated WhatsApp can be asked and told; each request is one method."""

    def __init__(self, web: SimulatedWeb) -> None:
        self._web = web

    async def state(self, request: Request) -> object:
        del request
        world = self._web.world
        return {
            "now": world.clock.now(),
            "down": world.is_down,
            "pages": len(self._web.services.pages),
            "messages": len(world.accepted),
            "phones": [_describe(self._web.phone(number)) for number in world.accounts],
        }

    async def reset(self, request: Request) -> object:
        del request
        self._web.reset()
        return {"success": True}

    async def read_settings(self, request: Request) -> object:
        del request
        return self._web.world.settings.as_json()

    async def change_settings(self, request: Request) -> object:
        self._web.configure(**await _body(request))
        return self._web.world.settings.as_json()

    async def outage(self, request: Request) -> object:
        (self._web.go_down if request.method == "PUT" else self._web.come_back)()
        return {"down": self._web.world.is_down}

    async def messages(self, request: Request) -> object:
        query = request.query_params
        after = _number(query.get("after", "0"), "after")
        wait = min(_number(query.get("wait", "0"), "wait"), _LONGEST_WAIT)
        account = query.get("account")
        number = self._web.phone(account).number if account else None

        def found() -> list[Accepted]:
            entries = self._web.world.accepted[int(after) :]
            return [entry for entry in entries if number in (None, entry.account)]

        await self._web.world.changed.wait_for(lambda: bool(found()), timeout=wait)
        return {"messages": [_entry(entry) for entry in found()]}

    async def changes(self, request: Request) -> object:
        query, changed = request.query_params, self._web.world.changed
        wait = min(_number(query.get("wait", "0"), "wait"), _LONGEST_WAIT)
        if "after" in query:
            seen = int(_number(query["after"], "after"))
            await changed.wait_for(lambda: changed.notices != seen, timeout=wait)
        return {"changes": changed.notices}

    async def set_up(self, request: Request) -> object:
        values = await _body(request)
        if unknown := values.keys() - _SETUP:
            raise InvalidValue("phone", f"one of {', '.join(sorted(_SETUP))}", min(unknown))
        _decode(values, "picture")
        return _describe(self._web.phone(request.path_params["number"], **values))

    async def show(self, request: Request) -> object:
        return _describe(self._web.phone(request.path_params["number"]))

    async def act(self, request: Request) -> object:
        phone = self._web.phone(request.path_params["number"])
        action = request.path_params["action"]
        if action not in ACTIONS:
            raise WebRefusal("no_such_action", f"a phone can: {', '.join(sorted(ACTIONS))}")
        result = _plain(_call(getattr(phone, action), await _body(request)))
        self._web.world.changed.notify_all()
        return {"result": result}


def _answered(handler: _Handler) -> Callable[[Request], Awaitable[Response]]:
    """Answer in JSON; refuse what a browser sends from a web page."""

    async def endpoint(request: Request) -> Response:
        if "origin" in request.headers:
            return _error("not_for_pages", "the control API is not for web pages", 403)
        try:
            return JSONResponse(await handler(request))
        except WebRefusal as refusal:
            return _error(refusal.code, refusal.text, 409)
        except InvalidValue as error:
            return _error("bad_request", str(error), 400)

    return endpoint


def _error(code: str, text: str, status: int) -> Response:
    return JSONResponse({"error": {"code": code, "message": text}}, status)


async def _body(request: Request) -> Json:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_BODY:
            raise WebRefusal("too_large", f"a body has at most {_LARGEST_BODY} bytes")
    try:
        found = json.loads(bytes(body) or b"{}")
    except (ValueError, RecursionError):
        raise WebRefusal("bad_request", "the body is not JSON") from None
    if not isinstance(found, dict):
        raise WebRefusal("bad_request", "the body must be a JSON object")
    return found


def _call(action: Callable[..., object], parameters: Json) -> object:
    """Call a phone's method with parameters by name; files come as base64."""
    _decode(parameters, "content")
    try:
        bound = inspect.signature(action).bind(**parameters)
    except TypeError as error:
        raise WebRefusal("bad_request", f"{action.__name__}: {error}") from None
    try:
        return action(*bound.args, **bound.kwargs)
    except (TypeError, AttributeError, ValueError) as error:
        raise WebRefusal("bad_request", f"{action.__name__}: {error}") from None


def _decode(parameters: Json, name: str) -> None:
    """Replace a file in base64 by its bytes, if there is one."""
    if name in parameters:
        try:
            parameters[name] = base64.b64decode(parameters[name], validate=True)
        except (binascii.Error, TypeError, ValueError):
            raise WebRefusal("bad_request", f"{name} must be base64") from None


def _plain(value: object) -> object:
    """A result as JSON can hold it."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, list):
        return [_plain(each) for each in value]
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    return value


def _number(text: str, name: str) -> float:
    if not text.isascii() or not text.replace(".", "", 1).isdigit() or len(text) > 12:
        raise WebRefusal("bad_request", f"{name} must be a number")
    return float(text)


def _entry(entry: Accepted) -> Json:
    letter = entry.letter
    return {
        "seq": entry.sequence,
        "account": entry.account,
        "id": letter.id,
        "to": letter.chat_of(entry.account),
        "type": letter.type,
        "text": letter.body,
        "at": letter.t,
        "level": int(letter.level),
        "attempts": entry.attempts,
    }


def _describe(phone: SimulatedPhone) -> Json:
    account = phone.account
    return {
        "number": account.number,
        "jid": phone.jid,
        "lid": phone.lid,
        "name": account.name,
        "about": account.about,
        "addressing": account.addressing,
        "registered": account.registered,
        "business": account.business,
        "standing": account.standing,
        "online": account.online,
        "available": account.available,
        "blocked": sorted(account.blocked),
        "chats": {key: chat.unread for key, chat in account.chats.items()},
        "devices": [
            {
                "id": device.id,
                "connected": device.line is not None,
                "waiting": device.waiting,
                "stored": device.stored,
                "rollbacks": device.rollbacks,
            }
            for device in phone.devices
        ],
    }
