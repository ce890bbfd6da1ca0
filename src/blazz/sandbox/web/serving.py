"""Serving a simulated WhatsApp Web by itself, inside this process."""

from __future__ import annotations

import contextlib
from collections.abc import AsyncIterator

import uvicorn
from starlette.applications import Starlette

from blazz.client.background import Background
from blazz.sandbox.server import QUIET, WEBSOCKETS, QuietProtocol, QuietServer, listen, url_of
from blazz.sandbox.web.mounting import web_routes
from blazz.sandbox.web.settings import WebSettings
from blazz.sandbox.web.simulated import SimulatedWeb


@contextlib.asynccontextmanager
async def running_web(
    settings: WebSettings | None = None, *, port: int = 0
) -> AsyncIterator[SimulatedWeb]:
    """Serve a simulated WhatsApp Web on this machine, for tests.

    It may be entered in one task and left in another, as test fixtures do.

    Args:
        settings: How it behaves.
        port: The port; 0: any free one. A browser profile belongs to an address, so it can only
            be used again on the same port.

    Yields:
        The simulated WhatsApp; its `url` is that of the page.

    Raises:
        OSError: The port is taken.
    """
    listener = listen("127.0.0.1", port)
    web = SimulatedWeb(settings, url=f"{url_of(listener)}/web/")
    app = Starlette(routes=web_routes(web))
    config = uvicorn.Config(app, http=QuietProtocol, lifespan="off", **WEBSOCKETS, **QUIET)
    server = QuietServer(config)

    async def serve() -> None:
        await server.serve([listener])

    work = Background()
    await work.start()
    work.start_soon(serve, name="blazz simulated web")
    try:
        await server.listening.wait()
        yield web
    finally:
        web.services.drop_connections()
        server.should_exit = True
        await server.ended.wait()
        await work.stop()
