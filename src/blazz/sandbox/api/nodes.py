"""`/{id}`: one path for numbers, accounts, templates, media and uploads, told apart by the id."""

from __future__ import annotations

import dataclasses
import secrets
from typing import Any

from starlette.requests import Request

from blazz.sandbox.accounts import PhoneNumber, Subscription
from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.media import look_up
from blazz.sandbox.api.requests import fields_of, read_body, read_json
from blazz.sandbox.graph_errors import Refusal, unknown_object
from blazz.sandbox.media import LARGEST
from blazz.sandbox.templates import Template
from blazz.sandbox.validation.definition import check_parts
from blazz.sandbox.validation.fields import get_choice, get_link, get_object, get_optional_text


async def read(api: Api, request: Request) -> dict[str, Any]:
    """Show a number, an account, a template or media."""
    world, node = api.world, request.path_params["node"]
    number = world.accounts.numbers.get(node)
    if number is not None:
        throughput = world.settings.throughput
        return number.as_json(throughput=throughput, fields=fields_of(request))
    if world.accounts.has_account(node):
        return _account(node)
    template = world.templates.by_id(node)
    if template is not None:
        return template.as_json()
    media = world.media.get(node, world.clock.now())
    if media is not None:
        _check_asking_number(api, request)
        return look_up(api, request, media)
    if node.startswith("upload:"):
        return {"id": node, "file_offset": 0}
    raise unknown_object(request.method, node)


async def change(api: Api, request: Request) -> dict[str, Any]:
    """Change a number or a template, or take the content of a resumable upload."""
    world, node = api.world, request.path_params["node"]
    if node.startswith("upload:"):
        content = await read_body(request, limit=LARGEST)
        return {"h": f"4::{len(content)}:{secrets.token_urlsafe(32)}"}
    number = world.accounts.numbers.get(node)
    if number is not None:
        await _change_number(api, number, await read_json(request))
        return {"success": True}
    template = world.templates.by_id(node)
    if template is not None:
        _change_template(api, template, await read_json(request))
        return {"success": True}
    if world.accounts.has_account(node):
        await read_json(request)
        return {"success": True}
    raise unknown_object(request.method, node)


async def delete(api: Api, request: Request) -> dict[str, Any]:
    """Delete media."""
    node = request.path_params["node"]
    _check_asking_number(api, request)
    if not api.world.media.delete(node):
        raise unknown_object(request.method, node)
    return {"success": True}


async def start_upload(api: Api, request: Request) -> dict[str, Any]:
    """Start a resumable upload, as templates with media and profile pictures need it."""
    del api, request  # whatever is announced is accepted
    return {"id": f"upload:{secrets.token_urlsafe(24)}"}


def _account(waba_id: str) -> dict[str, Any]:
    return {
        "id": waba_id,
        "name": "The blazz sandbox",
        "timezone_id": "1",
        "message_template_namespace": "ba30dd89_2ebd_41e4_b805_f2c05ae04cc9",
        "account_review_status": "APPROVED",
        "business_verification_status": "verified",
        "country": "US",
        "ownership_type": "SELF",
    }


async def _change_number(api: Api, number: PhoneNumber, body: dict[str, Any]) -> None:
    """A number can get a webhook of its own; other changes are taken and forgotten."""
    if body.get("webhook_configuration") is None:
        return
    path = "webhook_configuration"
    hook = get_object(body, "webhook_configuration", path)
    await override(api, number.id, hook, f"{path}['override_callback_uri']")


async def override(api: Api, scope: str, hook: Any, path: str) -> None:  # noqa: ANN401
    """Send the webhooks of a number or account to a URL of its own; an empty URL ends it."""
    if not hook.get("override_callback_uri"):
        api.world.subscribe(scope, None)
        return
    url = get_link(hook, "override_callback_uri", path)
    token = get_optional_text(hook, "verify_token", "verify_token", longest=1024) or ""
    subscription = Subscription(url=url, verify_token=token, app_secret=app_secret(api))
    await api.verify(subscription)
    api.world.subscribe(scope, subscription)


def app_secret(api: Api) -> str:
    """What the application's webhooks are signed with, wherever they go."""
    main = api.world.accounts.subscriptions().get("")
    return main.app_secret if main else api.world.app_secret


def _change_template(api: Api, template: Template, body: dict[str, Any]) -> None:
    changes: dict[str, Any] = {}
    if body.get("category") is not None:
        categories = {"marketing", "utility", "authentication"}
        changes["category"] = get_choice(body, "category", "category", categories).upper()
    if body.get("components") is not None:
        category = str(changes.get("category", template.category))
        changes["components"] = tuple(check_parts(body, category=category))
    if not changes:
        raise Refusal(100, "Name what to change: category or components.")
    api.world.templates.put(dataclasses.replace(template, **changes))


def _check_asking_number(api: Api, request: Request) -> None:
    """Media may be asked for on behalf of a number, which must exist."""
    number_id = request.query_params.get("phone_number_id")
    if number_id and number_id not in api.world.accounts.numbers:
        raise unknown_object(request.method, number_id)
