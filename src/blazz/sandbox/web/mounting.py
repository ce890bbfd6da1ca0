"""All routes of a simulated WhatsApp Web, for any Starlette application."""

from __future__ import annotations

from starlette.routing import BaseRoute

from blazz.sandbox.web.control import control_routes
from blazz.sandbox.web.routes import page_routes
from blazz.sandbox.web.simulated import SimulatedWeb


def web_routes(web: SimulatedWeb) -> list[BaseRoute]:
    """The page under `/web/`, and the control API under `/sandbox/web/`.

    They must come before routes that match the same paths. The server needs an implementation of
    WebSockets.
    """
    return [*control_routes(web), *page_routes(web.services)]
