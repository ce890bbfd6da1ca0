"""`/{waba}/message_templates`: list, create and delete templates."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import Any

from starlette.requests import Request

from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.requests import account_of, fields_of, limit_of, read_json
from blazz.sandbox.batching import Change
from blazz.sandbox.graph_errors import Refusal, required
from blazz.sandbox.templates import Template, new_template
from blazz.sandbox.validation.definition import check_definition
from blazz.sandbox.webhook_values import template_status_value
from blazz.sandbox.world import World

_REVIEW_SECONDS = 1.0
_MOST_TEMPLATES = 6000
_FILTERS = ("name", "language", "category", "status")
_DECISIONS = {"approve": "APPROVED", "reject": "REJECTED"}


async def listing(api: Api, request: Request) -> dict[str, Any]:
    """List templates in pages, filtered by name, language, category or status."""
    found = [
        template.as_json()
        for template in api.world.templates.listed(account_of(api.world, request))
        if all(_fits(template, name, request.query_params.get(name)) for name in _FILTERS)
    ]
    fields = fields_of(request)
    if fields:
        found = [{name: item[name] for name in (*fields, "id") if name in item} for item in found]
    listed = page(found, request, default=25)
    if "summary" in request.query_params:
        listed["summary"] = {
            "total_count": len(found),
            "message_template_count": len(found),
            "message_template_limit": _MOST_TEMPLATES,
            "are_translations_complete": True,
        }
    return listed


async def create(api: Api, request: Request) -> dict[str, Any]:
    """Create a template; it is reviewed a second later."""
    world, waba_id = api.world, account_of(api.world, request)
    wanted = check_definition(await read_json(request))
    if len(world.templates.listed(waba_id)) >= _MOST_TEMPLATES:
        raise Refusal(2388019)
    if world.templates.find(waba_id, wanted.name, wanted.language) is not None:
        raise Refusal(
            100,
            f"There is already {wanted.language} content for this template.",
            message="Invalid parameter",
            subcode=2388024,
        )
    template = new_template(
        waba_id,
        wanted.name,
        wanted.language,
        category=wanted.category,
        components=wanted.components,
        status="PENDING",
    )
    world.templates.put(template)
    decision = _DECISIONS.get(world.settings.template_review)
    if decision is not None:
        due = world.clock.now() + _REVIEW_SECONDS / world.settings.speed
        world.at(due, lambda: set_status(world, template, decision))
    return {"id": template.id, "status": template.status, "category": template.category}


async def delete(api: Api, request: Request) -> dict[str, Any]:
    """Delete a template in all languages by its name, or in one by `hsm_id` and name."""
    waba_id = account_of(api.world, request)
    name = request.query_params.get("name")
    if not name:
        raise required("name")
    if not api.world.templates.delete(waba_id, name, request.query_params.get("hsm_id")):
        raise Refusal(100, f"There is no message template {name[:64]!r}.", status=404)
    return {"success": True}


def set_status(world: World, template: Template, status: str) -> None:
    """Approve, reject, pause or disable a template, and tell of it in a webhook."""
    current = world.templates.find(template.waba_id, template.name, template.language)
    if current is None or current.id != template.id:
        return
    world.templates.set_status(current, status)
    value = template_status_value(current.id, current.name, current.language, status)
    at = int(world.clock.now())
    change = Change(current.waba_id, "message_template_status_update", value, at)
    world.post(lambda: change, waba_id=current.waba_id)


def page(items: Sequence[dict[str, Any]], request: Request, *, default: int) -> dict[str, Any]:
    """One page of a list, with cursors as Graph gives them."""
    limit = limit_of(request, default=default, most=1000)
    start = 0
    if request.query_params.get("after"):
        start = _place(request.query_params["after"]) + 1
    elif request.query_params.get("before"):
        start = max(0, _place(request.query_params["before"]) - limit)
    chosen = list(items[start : start + limit])
    paging: dict[str, Any] = {}
    if chosen:
        last = start + len(chosen) - 1
        paging["cursors"] = {"before": _cursor(start), "after": _cursor(last)}
        if last + 1 < len(items):
            onwards = request.url.remove_query_params("before")
            paging["next"] = str(onwards.include_query_params(after=_cursor(last)))
        if start > 0:
            backwards = request.url.remove_query_params("after")
            paging["previous"] = str(backwards.include_query_params(before=_cursor(start)))
    return {"data": chosen, "paging": paging} if paging else {"data": chosen}


def _cursor(place: int) -> str:
    return base64.urlsafe_b64encode(b"%d" % place).decode()


def _place(cursor: str) -> int:
    try:
        place = int(base64.urlsafe_b64decode(cursor.encode("ascii")))
    except (binascii.Error, ValueError):
        place = -1
    if not 0 <= place < 10**9:
        raise Refusal(100, "The cursor is not valid.")
    return place


def _fits(template: Template, name: str, wanted: str | None) -> bool:
    """Whether a template passes one filter; names are searched, the rest is compared."""
    if not wanted:
        return True
    value = str(getattr(template, name))
    return wanted.lower() in value.lower() if name == "name" else wanted.lower() == value.lower()
