"""Draws pages: templates with escaped values, one part of a page alone, and strict headers."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote, unquote

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, RedirectResponse
from fastapi.routing import APIRoute
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from blazz.errors import BlazzError, BusUnavailable
from blazz_server.accounts.logins import COOKIE
from blazz_server.accounts.principal import Principal, Scope
from blazz_server.accounts.secrets import csrf_token
from blazz_server.dashboard.wording import FILTERS, zone_named
from blazz_server.errors import ApiError, not_found
from blazz_server.library_errors import answer_to

HERE: Final = Path(__file__).parent
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:;"
        " media-src 'self' blob:; connect-src 'self'; form-action 'none'; base-uri 'none';"
        " frame-ancestors 'none'"
    ),
}
"""No inline script or style, nothing from elsewhere, in nobody's frame, in no cache; forms are sent
by scripts alone: a browser would write a key into the address. The other headers come with every
answer of the server."""


def url(*parts: str) -> str:
    """The path of a page.

    Example:
        >>> url("workspaces", "acme", "chats", "+62 812")
        '/workspaces/acme/chats/%2B62%20812'
    """
    return "/" + "/".join(quote(part, safe="") for part in parts)


def static(path: str) -> str:
    """The path of a file."""
    return f"/static/{path}"


def _environment() -> Environment:
    made = Environment(
        loader=FileSystemLoader(HERE / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(FILTERS)
    made.globals.update(
        url=url, static=static, login_call="POST /v1/login", logout_call="DELETE /v1/login"
    )
    # A part of a page is drawn without the page around it, so these are everywhere.
    for name in ("ui", "said"):
        made.globals[name] = made.get_template(f"{name}.html").module
    return made


_TEMPLATES: Final = _environment()


async def page(
    request: Request, template: str, caller: Principal, *, here: str = "", **values: object
) -> Response:
    """Draw a page, or with `?part=` only the block of that name.

    Args:
        request: What is asked for.
        template: The page's template.
        caller: Who asks.
        here: The entry of the navigation that it belongs to.
        values: What the template shows.

    Raises:
        ApiError: It has no such part.
    """
    found = _TEMPLATES.get_template(template)
    context = {
        "workspace": request.path_params.get("workspace"),
        "here": here,
        "me": {
            "admin": Scope.ADMIN in caller.scopes,
            "scopes": caller.scopes,
            "csrf": csrf_token(request.cookies.get(COOKIE, "")),
        },
        "live_key": request.app.state.platform.live.app.key,
        "live_after": await newest(request),
        # A script writes the cookie: days begin when they begin for the reader.
        "zone": zone_named(unquote(request.cookies.get("zone", ""))),
        **values,
    }
    part = request.query_params.get("part")
    if part is None:
        return HTMLResponse(found.render(context), headers=HEADERS)
    draw = found.blocks.get(part) if part in PARTS else None
    if draw is None:
        raise not_found("part", part)
    return HTMLResponse("".join(draw(found.new_context(context))), headers=HEADERS)


PARTS: Final = frozenset({"errors", "list", "messages", "phones", "state"})
"""The blocks that scripts ask for alone."""


def plain_page(template: str, status: int = 200, **values: object) -> Response:
    """Draw a page for whoever is not logged in."""
    drawn = _TEMPLATES.get_template(template).render(values)
    return HTMLResponse(drawn, status, headers=HEADERS)


async def newest(request: Request) -> str:
    """The place in the live events that a page begins to follow them from.

    It is asked for before the page is drawn: what happens in between is told twice, not never.
    """
    known: str | None = getattr(request.state, "live_after", None)
    if known is None:
        try:
            known = await request.app.state.platform.live.bus.newest()
        except BusUnavailable:
            known = ""
        request.state.live_after = known
    return known


class PageRoute(APIRoute):
    """A route whose errors are pages; who is not logged in is asked to."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Wrap the handler."""
        handle = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            try:
                await newest(request)
                return await handle(request)
            except ApiError as error:
                return _refusal(request, error)
            except RequestValidationError:
                return _refusal(request, ApiError(404, "not_found", "there is no such page"))
            except BlazzError as error:
                return _refusal(request, answer_to(error))

        return guarded


def _refusal(request: Request, error: ApiError) -> Response:
    is_part = "part" in request.query_params
    if error.status == HTTPStatus.UNAUTHORIZED and not is_part:
        return RedirectResponse(f"/login?next={quote(request.url.path, safe='/')}", 303, HEADERS)
    if is_part:
        return HTMLResponse("", error.status, headers=HEADERS)
    title = HTTPStatus(error.status).phrase
    refused = plain_page("error.html", error.status, title=title, detail=error.detail)
    refused.headers.update(error.headers or {})
    return refused
