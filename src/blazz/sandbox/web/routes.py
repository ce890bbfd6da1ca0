"""Serving the page, its files and its WebSocket under `/web`."""

from __future__ import annotations

import json
from collections.abc import Callable, Coroutine, Iterable
from importlib.resources import files
from typing import Any, Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.websockets import WebSocket

from blazz.sandbox.web.services import Services
from blazz.sandbox.web.sockets import serve_page

_KINDS: Final = {"js": "text/javascript"}
_FOLDER: Final = files("blazz.sandbox.web") / "page"
_Handler = Callable[[Request], Coroutine[Any, Any, Response]]


def page_routes(services: Services) -> list[BaseRoute]:
    """The routes that a browser needs: page, scripts, files, WebSocket."""
    scripts = {
        entry.name: entry.read_bytes()
        for entry in _FOLDER.iterdir()
        if entry.name.rpartition(".")[2] in _KINDS
    }
    page = (_FOLDER / "index.html").read_text(encoding="utf-8")
    page = page.replace("{modules}", _links(scripts))

    async def show(request: Request) -> Response:
        return HTMLResponse(page.replace("{boot}", _boot(request, services)), headers=_FRESH)

    async def script(request: Request) -> Response:
        content = scripts.get(request.path_params["name"])
        if content is None:
            return PlainTextResponse("There is no such script.", 404)
        return Response(content, media_type=_KINDS["js"], headers=_FRESH)

    async def upload(request: Request) -> Response:
        limit = services.world.settings.largest_media
        body = bytearray()
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                text = f"A file has at most {limit} bytes."
                return PlainTextResponse(text, 413)
        return JSONResponse({"id": services.world.media.add(bytes(body)).id})

    async def download(request: Request) -> Response:
        file = services.world.media.get(request.path_params["name"])
        if file is None:
            return PlainTextResponse("There is no such file.", 404)
        return Response(file.content, media_type="application/octet-stream")

    async def connect(websocket: WebSocket) -> None:
        if _is_foreign(websocket.headers.get("origin"), websocket.headers.get("host", "")):
            await websocket.close(1008)
            return
        await serve_page(websocket, services)

    return [
        Mount(
            "/web",
            routes=[
                Route("/", show),
                Route("/assets/{name}", script),
                Route("/media/", _own_pages_only(upload), methods=["POST"]),
                Route("/media/{name}", _own_pages_only(download)),
                WebSocketRoute("/socket", connect),
            ],
        )
    ]


def _links(scripts: Iterable[str]) -> str:
    """Ask for all modules at once: each names the next ones only once it is there."""
    links = (f'<link rel="modulepreload" href="assets/{name}">' for name in sorted(scripts))
    return "\n    ".join(links)


_FRESH: Final = {"cache-control": "no-cache"}


def _boot(request: Request, services: Services) -> str:
    """What the page is told when it starts, as JSON that is safe inside HTML."""
    settings, base = services.world.settings, _base(request)
    told = {
        "version": settings.version,
        "socket": f"{base.replace('http', 'ws', 1)}socket",
        "media": f"{base}media/",
        "keepalive": round(settings.keepalive * 1000),
        "largestMedia": settings.largest_media,
        "missing": list(settings.missing_modules),
    }
    return json.dumps(told).replace("<", "\\u003c")


def _base(request: Request) -> str:
    return f"{request.url.scheme}://{request.url.netloc}{request.url.path}"


def _is_foreign(origin: str | None, host: str) -> bool:
    """Whether a request comes from a page of somebody else: any page could reach a local port."""
    return origin is not None and urlsplit(origin).netloc != host


def _own_pages_only(handler: _Handler) -> _Handler:
    async def guarded(request: Request) -> Response:
        if _is_foreign(request.headers.get("origin"), request.headers.get("host", "")):
            return PlainTextResponse("This is for the simulated page alone.", 403)
        return await handler(request)

    return guarded
