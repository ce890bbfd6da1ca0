"""The ASGI application: all routes of the sandbox."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.types import ASGIApp

from blazz.sandbox.accounts import Subscription
from blazz.sandbox.api import (
    accounts,
    control,
    control_users,
    media,
    messages,
    nodes,
    templates,
)
from blazz.sandbox.api.answers import refusal_answer
from blazz.sandbox.api.graph import AnyVersion, Api, Handler, route, unknown_path
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.web.mounting import web_routes
from blazz.sandbox.web.simulated import SimulatedWeb
from blazz.sandbox.world import World

logger = logging.getLogger(__name__)


async def _accept_every_url(subscription: Subscription) -> None:
    """Without a courier there is nobody to make a handshake with."""


def create_app(
    world: World,
    *,
    verify: Callable[[Subscription], Awaitable[None]] = _accept_every_url,
    web: SimulatedWeb | None = None,
) -> ASGIApp:
    """Make the application of a sandbox.

    Args:
        world: The sandbox.
        verify: Makes the verification handshake with a callback URL.
        web: Its simulated WhatsApp Web; None: a new one.
    """
    api = Api(world, verify)
    web = web or SimulatedWeb()

    def unknown(request: Request, error: Exception) -> Response:
        """Answer where no route leads, in Graph's words."""
        if isinstance(error, HTTPException) and error.status_code == 405:
            refusal = Refusal(100, message=f"Unsupported {request.method.lower()} request.")
        else:
            refusal = unknown_path(request)
        return refusal_answer(refusal, api.new_trace_id())

    def broken(request: Request, error: Exception) -> Response:
        """Answer when the sandbox itself is at fault."""
        logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
        return refusal_answer(Refusal(1), api.new_trace_id())

    app = Starlette(
        # Routes are tried in turn, so the one that is used most comes first.
        routes=[
            route(api, "/{node}/messages", messages.send, ["POST"]),
            *web_routes(web),
            Route("/web", _to_page),
            *control_routes(api),
            *_graph_routes(api),
        ],
        exception_handlers={HTTPException: unknown, Exception: broken},
    )
    app.router.redirect_slashes = False
    return AnyVersion(app)


def _graph_routes(api: Api) -> list[BaseRoute]:
    """Meta's other endpoints."""
    table: list[tuple[str, Handler, str]] = [
        ("/{node}/marketing_messages", messages.send_marketing, "POST"),
        ("/{node}/media", media.upload, "POST"),
        ("/{node}/message_templates", templates.listing, "GET"),
        ("/{node}/message_templates", templates.create, "POST"),
        ("/{node}/message_templates", templates.delete, "DELETE"),
        ("/{node}/phone_numbers", accounts.phone_numbers, "GET"),
        ("/{node}/whatsapp_business_profile", accounts.read_profile, "GET"),
        ("/{node}/whatsapp_business_profile", accounts.change_profile, "POST"),
        ("/{node}/subscribed_apps", accounts.read_subscriptions, "GET"),
        ("/{node}/subscribed_apps", accounts.subscribe, "POST"),
        ("/{node}/subscribed_apps", accounts.unsubscribe, "DELETE"),
        ("/{node}/subscriptions", accounts.subscribe_app, "POST"),
        ("/{node}/block_users", accounts.read_blocked, "GET"),
        ("/{node}/block_users", accounts.block, "POST"),
        ("/{node}/block_users", accounts.unblock, "DELETE"),
        ("/{node}/settings", accounts.read_settings, "GET"),
        ("/{node}/settings", accounts.succeed, "POST"),
        ("/{node}/register", accounts.succeed, "POST"),
        ("/{node}/deregister", accounts.succeed, "POST"),
        ("/{node}/request_code", accounts.succeed, "POST"),
        ("/{node}/verify_code", accounts.succeed, "POST"),
        ("/{node}/uploads", nodes.start_upload, "POST"),
        (media.DOWNLOAD_PATH, media.download, "GET"),
        ("/{node}", nodes.read, "GET"),
        ("/{node}", nodes.change, "POST"),
        ("/{node}", nodes.delete, "DELETE"),
        ("/{node}/", nodes.read, "GET"),
        ("/{node}/", nodes.change, "POST"),
    ]
    return [
        route(api, "/oauth/access_token", accounts.access_token, ["GET", "POST"], public=True),
        *(route(api, path, handler, [method]) for path, handler, method in table),
    ]


def control_routes(api: Api) -> list[BaseRoute]:
    """The control API; it needs no token, but is not for web pages."""
    table: list[tuple[str, Handler, str]] = [
        ("/", control.state, "GET"),
        ("/reset", control.reset, "POST"),
        ("/settings", control.read_settings, "GET"),
        ("/settings", control.change_settings, "PATCH"),
        ("/log", control.log, "GET"),
        ("/counts", control.counts, "GET"),
        ("/magic", control.magic, "GET"),
        ("/clock", control.move_clock, "POST"),
        ("/numbers/{number_id}", control.add_number, "PUT"),
        ("/templates/{name}", control.change_template, "PATCH"),
        ("/webhook", control.set_webhook, "PUT"),
        ("/webhook", control.narrow_webhook, "PATCH"),
        ("/webhook", control.delete_webhook, "DELETE"),
        ("/webhooks", control.emit, "POST"),
        ("/webhooks/hold", control.hold, "POST"),
        ("/webhooks/release", control.release, "POST"),
        ("/webhooks/repeat", control.repeat, "POST"),
        ("/webhooks/settle", control.settle, "POST"),
        ("/users/{phone}", control_users.read, "GET"),
        ("/users/{phone}", control_users.change, "PATCH"),
        ("/users/{phone}/{action}", control_users.act, "POST"),
    ]
    routes = [
        route(api, path, _not_for_pages(handler), [method], public=True)
        for path, handler, method in table
    ]
    bare = route(api, "/sandbox", _not_for_pages(control.state), ["GET"], public=True)
    return [Mount("/sandbox", routes=routes), bare, Route("/", _welcome)]


def _not_for_pages(handler: Handler) -> Handler:
    """Refuse what a browser sends from a web page: any page could reach a local port."""

    async def guarded(api: Api, request: Request) -> dict[str, Any] | Response:
        if "origin" in request.headers:
            raise Refusal(10, "the control API is not for web pages", status=403)
        return await handler(api, request)

    return guarded


async def _to_page(request: Request) -> Response:
    return RedirectResponse(f"{request.url.path}/")


async def _welcome(request: Request) -> Response:
    return PlainTextResponse(
        "This is the blazz sandbox, a stand-in for WhatsApp.\n"
        f"Send to {request.url}v26.0/<phone number id>/messages; look at {request.url}sandbox/\n"
        f"WhatsApp Web is at {request.url}web/; its phones are at {request.url}sandbox/web/\n"
    )
