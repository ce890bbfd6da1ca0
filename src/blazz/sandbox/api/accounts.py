"""Numbers, profiles, blocked users, subscriptions, and what else an account is asked for."""

from __future__ import annotations

from typing import Any

from starlette.requests import Request

from blazz.sandbox.accounts import PhoneNumber, Subscription
from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.nodes import app_secret, override
from blazz.sandbox.api.requests import account_of, fields_of, number_of, read_json
from blazz.sandbox.api.templates import page
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.identifiers import user_number
from blazz.sandbox.validation.envelope import normalized_phone
from blazz.sandbox.validation.fields import get_link, get_objects, get_optional_text

_APP = {"id": "670843887433847", "name": "The sandbox's application", "link": "https://example.com"}


async def phone_numbers(api: Api, request: Request) -> dict[str, Any]:
    """List the numbers of an account."""
    fields, throughput = fields_of(request), api.world.settings.throughput
    numbers = api.world.accounts.of_account(account_of(api.world, request))
    found = [number.as_json(throughput=throughput, fields=fields) for number in numbers]
    return page(found, request, default=25)


async def read_profile(api: Api, request: Request) -> dict[str, Any]:
    """Show the business profile; fields that were never set are left out, as at Meta."""
    number = number_of(api.world, request)
    profile = {"vertical": "OTHER", **number.profile, "messaging_product": "whatsapp"}
    fields = fields_of(request)
    if fields:
        chosen = (*fields, "messaging_product")
        profile = {name: profile[name] for name in chosen if name in profile}
    return {"data": [profile]}


async def change_profile(api: Api, request: Request) -> dict[str, Any]:
    """Change the business profile."""
    number_of(api.world, request).update_profile(await read_json(request))
    return {"success": True}


async def read_blocked(api: Api, request: Request) -> dict[str, Any]:
    """List the users whom a number blocked."""
    blocked = number_of(api.world, request).blocked
    found = [
        {"messaging_product": "whatsapp", "input": f"+{wa_id}", "wa_id": wa_id} for wa_id in blocked
    ]
    return page(found, request, default=100)


async def block(api: Api, request: Request) -> dict[str, Any]:
    """Block users: what they write does not arrive any more."""
    number = number_of(api.world, request)
    users = _users(number, await read_json(request))
    if False in [number.block(wa_id) for _, wa_id in users]:
        raise Refusal(139101)
    added = [{"input": given, "wa_id": wa_id} for given, wa_id in users]
    return {"messaging_product": "whatsapp", "block_users": {"added_users": added}}


async def unblock(api: Api, request: Request) -> dict[str, Any]:
    """Unblock users."""
    number = number_of(api.world, request)
    users = _users(number, await read_json(request))
    for _, wa_id in users:
        number.blocked.pop(wa_id, None)
    removed = [{"input": given, "wa_id": wa_id} for given, wa_id in users]
    return {"messaging_product": "whatsapp", "block_users": {"removed_users": removed}}


async def read_subscriptions(api: Api, request: Request) -> dict[str, Any]:
    """Show whether an application is subscribed to an account."""
    waba_id = account_of(api.world, request)
    subscriptions = api.world.accounts.subscriptions()
    own = subscriptions.get(waba_id)
    if own is None and "" not in subscriptions:
        return {"data": []}
    found: dict[str, Any] = {"whatsapp_business_api_data": _APP}
    if own is not None:
        found["override_callback_uri"] = own.url
    return {"data": [found]}


async def subscribe(api: Api, request: Request) -> dict[str, Any]:
    """Subscribe to an account, perhaps with a callback URL of its own."""
    waba_id = account_of(api.world, request)
    body = {**request.query_params, **await read_json(request)}
    if body.get("override_callback_uri"):
        await override(api, waba_id, body, "override_callback_uri")
    return {"success": True}


async def unsubscribe(api: Api, request: Request) -> dict[str, Any]:
    """End the subscription to an account."""
    api.world.subscribe(account_of(api.world, request), None)
    return {"success": True}


async def subscribe_app(api: Api, request: Request) -> dict[str, Any]:
    """Set the callback URL of the whole application (`/{app id}/subscriptions`)."""
    body = {**request.query_params, **await read_json(request)}
    url = get_link(body, "callback_url", "callback_url")
    token = get_optional_text(body, "verify_token", "verify_token", longest=1024) or ""
    subscription = Subscription(url=url, verify_token=token, app_secret=app_secret(api))
    await api.verify(subscription)
    api.world.subscribe("", subscription)
    return {"success": True}


async def access_token(api: Api, request: Request) -> dict[str, Any]:
    """Give an application's access token (`/oauth/access_token`)."""
    token = api.world.settings.token or f"{request.query_params.get('client_id', 'app')}|sandbox"
    return {"access_token": token, "token_type": "bearer"}


async def succeed(api: Api, request: Request) -> dict[str, Any]:
    """Agree to what makes no difference here, such as registering a number."""
    number_of(api.world, request)
    await read_json(request)
    return {"success": True}


async def read_settings(api: Api, request: Request) -> dict[str, Any]:
    """Show a number's settings, which cannot be changed here."""
    number_of(api.world, request)
    return {"calling": {"status": "DISABLED"}, "storage_configuration": {"status": "DEFAULT"}}


def _users(number: PhoneNumber, body: dict[str, Any]) -> list[tuple[str, str]]:
    """The users of a block request: as given, and their numbers."""
    found = []
    for item in get_objects(body, "block_users", "block_users", most=1000):
        given = item.get("user") or item.get("user_id")
        if not isinstance(given, str):
            raise Refusal(100, "Each of block_users needs a user or a user_id.")
        wa_id = normalized_phone(given) or user_number(given, scope=number.waba_id)
        if wa_id is None:
            raise Refusal(139100, f"There is no user {given[:64]!r}.")
        found.append((given, wa_id))
    return found
