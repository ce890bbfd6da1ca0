"""`/sandbox/…`: what tests use to look into the sandbox, set it up and shake it."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator, Callable
from functools import partial
from typing import Any, Final

import anyio.to_thread
from starlette.requests import Request
from starlette.responses import Response, StreamingResponse

from blazz.errors import InvalidValue
from blazz.sandbox.accounts import PhoneNumber, Subscription, is_object_id
from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.requests import limit_of, read_options
from blazz.sandbox.api.templates import set_status
from blazz.sandbox.batching import Change
from blazz.sandbox.graph_errors import FAULTS, Refusal
from blazz.sandbox.log import MessageLog, concerns
from blazz.sandbox.magic import Story, failing_number, refusing_number
from blazz.sandbox.validation.envelope import normalized_phone
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_link,
    get_number,
    get_object,
    get_optional_text,
    get_text,
)
from blazz.sandbox.webhook_values import party_of
from blazz.sandbox.world import World

_LONGEST_WAIT: Final = 600.0
_MOST_LINES: Final = 1_000_000
_CHUNK: Final = 500
_WITHOUT_TIME: Final = frozenset({"messages", "user_preferences"})
_SHAPES: Final = frozenset({"changes", "values", "entries", "mixed"})


async def state(api: Api, request: Request) -> dict[str, Any]:
    """Show numbers, counts and what is still to come."""
    del request
    world = api.world
    counts = world.post_office.counts
    return {
        "now": world.clock.now(),
        "numbers": [
            {"id": it.id, "waba_id": it.waba_id, "display": it.display}
            for it in world.accounts.numbers.values()
        ],
        "webhooks_to": {scope: it.url for scope, it in world.accounts.subscriptions().items()},
        "messages": world.log.count,
        "refused": {str(code): count for code, count in sorted(world.refusals.items())},
        "scheduled": len(world.agenda),
        "webhooks": {
            "waiting": world.post_office.waiting,
            "held": world.post_office.is_held,
            "delivered": counts.delivered,
            "dropped": counts.dropped,
            "requests": counts.requests,
            "repeats": counts.repeats,
            "last_failure": world.post_office.last_failure,
        },
        "settled": world.is_settled,
    }


async def reset(api: Api, request: Request) -> dict[str, Any]:
    """Forget messages, users, templates, media and what waits."""
    await read_options(request)
    api.world.reset()
    return {"success": True}


async def read_settings(api: Api, request: Request) -> dict[str, Any]:
    """Show all settings."""
    del request
    return api.world.settings.as_json()


async def change_settings(api: Api, request: Request) -> dict[str, Any]:
    """Change some settings."""
    try:
        settings = api.world.settings.updated(await read_options(request))
    except InvalidValue as error:
        raise Refusal(100, str(error)) from None
    api.world.change_settings(settings)
    return settings.as_json()


async def log(api: Api, request: Request) -> Response:
    """Stream the log of accepted messages as lines of JSON.

    `after`: only those after this number. `seen`: the id of the message of this number; all come if
    the log has no such message, because the sandbox was reset. `limit`: at most so many. `to`: only
    to this recipient. `from`: only of this business number. `wait`: wait up to so many seconds
    until there is one.
    """
    query, world = request.query_params, api.world
    after = int(_decimal(query.get("after", "0")))
    if query.get("seen") and world.log.find(query["seen"]) is None:
        after = 0
    limit = limit_of(request, default=_MOST_LINES, most=_MOST_LINES)
    to = _address(query["to"]) if query.get("to") else None
    chosen = partial(concerns, to=to, number_id=query.get("from"))
    seconds = min(_decimal(query.get("wait", "0")), _LONGEST_WAIT)
    looked_at = after

    def found() -> bool:
        nonlocal looked_at
        first, looked_at = looked_at, world.log.count
        return any(chosen(line) for line in world.log.read(after=first))

    if seconds > 0:
        await world.changed.wait_for(found, timeout=seconds)
    lines = _lines(world.log, after, limit, chosen)
    return StreamingResponse(lines, media_type="application/x-ndjson")


async def counts(api: Api, request: Request) -> dict[str, Any]:
    """Count the messages of each recipient; `above`: only of those who got more than this."""
    above = int(_decimal(request.query_params.get("above", "0")))
    found = await anyio.to_thread.run_sync(api.world.log.counts)
    return {
        "messages": found.total(),
        "recipients": len(found),
        "counts": {to: count for to, count in found.items() if count > above},
    }


async def add_number(api: Api, request: Request) -> dict[str, Any]:
    """Add a business number, or change the one of this id."""
    number_id, body = request.path_params["number_id"], await read_options(request)
    known = api.world.accounts.numbers.get(number_id)
    waba_id = get_optional_text(body, "waba_id", "waba_id", longest=32)
    number = PhoneNumber(id=number_id, waba_id=waba_id or _first_account(api.world))
    for value in (number_id, number.waba_id):
        if not is_object_id(value):
            raise Refusal(100, f"an id has digits only, this is {value[:64]!r}")
    number = known if known is not None and known.waba_id == number.waba_id else number
    number.display = (
        get_optional_text(body, "display", "display", longest=32)
        or (known.display if known else None)
        or f"+1 555-{_last_digits(number_id)}"
    )
    name = get_optional_text(body, "verified_name", "verified_name", longest=256)
    number.verified_name = name or number.verified_name
    api.world.add_number(number)
    return {"id": number.id, "waba_id": number.waba_id, "display": number.display}


async def set_webhook(api: Api, request: Request) -> dict[str, Any]:
    """Send webhooks to a URL: of a number or account (`scope`), or everything."""
    body = await read_options(request)
    scope = get_optional_text(body, "scope", "scope", longest=32) or ""
    subscription = Subscription(
        url=get_link(body, "url", "url"),
        verify_token=get_optional_text(body, "verify_token", "verify_token", longest=1024) or "",
        app_secret=get_optional_text(body, "app_secret", "app_secret", longest=1024) or "",
        whole_account=body.get("whole_account") is True,
    )
    if body.get("verify", True):
        await api.verify(subscription)
    api.world.subscribe(scope, subscription)
    return {"success": True}


async def narrow_webhook(api: Api, request: Request) -> dict[str, Any]:
    """Send a URL that subscribed to a number no more of what is about its whole account."""
    body = await read_options(request)
    scope = get_text(body, "scope", "scope", longest=32)
    api.world.accounts.narrow(scope, get_link(body, "url", "url"))
    return {"success": True}


async def delete_webhook(api: Api, request: Request) -> dict[str, Any]:
    """Send no more webhooks to the URL of a scope; what waits for it is dropped."""
    api.world.subscribe(request.query_params.get("scope", ""), None)
    return {"success": True}


async def emit(api: Api, request: Request) -> dict[str, Any]:
    """Send any webhook: a `field` and a `value` of one's own."""
    body, world = await read_options(request), api.world
    field = get_text(body, "field", "field", longest=128)
    value = get_object(body, "value", "value")
    metadata = value.get("metadata")
    number_id = metadata.get("phone_number_id") if isinstance(metadata, dict) else None
    number = world.accounts.numbers.get(str(number_id))
    account = number.waba_id if number else _account(world, body)
    at = None if field in _WITHOUT_TIME else int(world.clock.now())
    change = Change(account, field, dict(value), at)
    party = party_of(value, number) if number else ""
    world.post(lambda: change, number=number, waba_id=account, party=party)
    return {"success": True}


async def hold(api: Api, request: Request) -> dict[str, Any]:
    """Hold all webhooks back until they are released."""
    await read_options(request)
    api.world.post_office.hold()
    return {"success": True}


async def release(api: Api, request: Request) -> dict[str, Any]:
    """Let go of webhooks that were held, as one request if possible, shuffled or repeated."""
    body, world = await read_options(request), api.world
    copies = int(get_number(body, "copies", "copies", least=1, most=100) if "copies" in body else 1)
    shape: Any = get_choice(body, "shape", "shape", _SHAPES) if body.get("shape") else None
    released = world.post_office.release(
        world.clock.now(),
        world.settings,
        copies=copies,
        shuffle=body.get("shuffle") is True,
        shape=shape,
        whole=body.get("whole", True) is True,
    )
    world.wake_courier()
    return {"released": released}


async def repeat(api: Api, request: Request) -> dict[str, Any]:
    """Send the newest webhook requests once more, byte for byte."""
    body, world = await read_options(request), api.world
    last = int(get_number(body, "last", "last", least=1, most=10_000) if "last" in body else 1)
    repeated = world.post_office.repeat_last(last, world.clock.now())
    world.wake_courier()
    return {"repeated": repeated}


async def settle(api: Api, request: Request) -> dict[str, Any]:
    """Wait until nothing is to come any more: no status, no webhook."""
    body, world = await read_options(request), api.world
    timeout = (
        get_number(body, "timeout", "timeout", least=0, most=_LONGEST_WAIT)
        if "timeout" in body
        else 60.0
    )
    settled = await world.changed.wait_for(lambda: world.is_settled, timeout=timeout)
    return {
        "settled": settled,
        "scheduled": len(world.agenda),
        "waiting": world.post_office.waiting,
        "held": world.post_office.is_held,
        "last_failure": world.post_office.last_failure,
    }


async def move_clock(api: Api, request: Request) -> dict[str, Any]:
    """Move the sandbox's time forward: limits refill, deliveries fall due, URLs expire."""
    body = await read_options(request)
    seconds = get_number(body, "advance", "advance", least=0, most=366 * 86_400)
    api.world.clock.advance(seconds)
    api.world.wake_courier()
    return {"now": api.world.clock.now()}


async def change_template(api: Api, request: Request) -> dict[str, Any]:
    """Set the status of a template, as a review or its quality would."""
    body, world = await read_options(request), api.world
    statuses = {"approved", "pending", "rejected", "paused", "disabled"}
    status = get_choice(body, "status", "status", statuses).upper()
    language = get_optional_text(body, "language", "language", longest=32)
    name = request.path_params["name"]
    found = [
        template
        for template in world.templates.listed(_account(world, body))
        if template.name == name and language in (None, template.language)
    ]
    if not found:
        raise Refusal(100, f"there is no template {name[:64]!r}", status=404)
    for template in found:
        set_status(world, template, status)
    return {"changed": [template.language for template in found]}


async def magic(api: Api, request: Request) -> dict[str, Any]:
    """List the magic numbers."""
    del api, request
    return {
        "stories": [
            {"phone": story.phone, "story": story, "description": story.description}
            for story in Story
        ],
        "errors": [
            {
                "code": fault.code,
                "title": fault.title,
                "refused": refusing_number(fault.code),
                "failed": failing_number(fault.code),
            }
            for fault in FAULTS.values()
        ],
    }


async def _lines(
    log: MessageLog, after: int, limit: int, chosen: Callable[[bytes], bool]
) -> AsyncIterator[bytes]:
    found: list[bytes] = []
    given = 0
    for place, line in enumerate(log.read(after=after), start=1):
        if chosen(line):
            found.append(line)
            given += 1
        if len(found) >= _CHUNK:
            yield b"".join(found)
            found = []
        if given >= limit:
            break
        if place % _CHUNK == 0:
            await asyncio.sleep(0)  # a long log must not stop the sending
    yield b"".join(found)


def _address(text: str) -> str:
    """A recipient as the log names it."""
    phone = normalized_phone(text)
    return f"+{phone}" if phone else text


def _decimal(text: str) -> float:
    """A number in the query; zero if it is none."""
    try:
        value = float(text)
    except ValueError:
        return 0.0
    return min(max(value, 0.0), 1e15) if math.isfinite(value) else 0.0


def _account(world: World, body: JsonObject) -> str:
    """The account that a request names, by its id or by a number; or else the first one."""
    waba_id = get_optional_text(body, "waba_id", "waba_id", longest=32)
    number_id = get_optional_text(body, "phone_number_id", "phone_number_id", longest=32)
    number = world.accounts.numbers.get(number_id or "")
    return waba_id or (number.waba_id if number else _first_account(world))


def _first_account(world: World) -> str:
    return next(iter(world.accounts.numbers.values())).waba_id


def _last_digits(number_id: str) -> str:
    digits = number_id[-7:].rjust(7, "0")
    return f"{digits[:3]}-{digits[3:]}"
