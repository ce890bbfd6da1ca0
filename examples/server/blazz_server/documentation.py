"""The OpenAPI document, with errors and scopes in it, and a page to read and try it."""

from __future__ import annotations

from functools import partial
from importlib import resources
from typing import Any, Final

from fastapi import FastAPI
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import HTMLResponse, JSONResponse, Response
from pydantic import BaseModel, ConfigDict, Field
from starlette.requests import Request
from starlette.staticfiles import StaticFiles

from blazz_server.errors import PROBLEM

DESCRIPTION: Final = """
WhatsApp for many tenants: sessions on the Cloud API and on WhatsApp Web, messages, campaigns,
webhooks, live events.

**Keys.** Send `Authorization: Bearer bz_…`. A key belongs to one workspace and has scopes; what an
operation needs is listed with its security. Whatever belongs to somebody else is answered as if it
did not exist.

**Errors** are problem details (RFC 9457) with a `code` to program against. `429` and `503` say with
`Retry-After` when to try again. `504` with `delivery_unknown` means that a message may have left:
do not send it again, its status will tell.

**Lists** come page by page: give `next` as `after`.
"""

_ERRORS: Final = {
    401: "No key, or one that is unknown, revoked or expired.",
    403: "The key has not the scope.",
    404: "There is no such thing, or it is somebody else's.",
    409: "It does not fit the state of things.",
    413: "The body is too large.",
    422: "A value is wrong; `errors` names the fields.",
    429: "Too many calls; `Retry-After` says when to call again.",
    503: "A part is away at the moment; `Retry-After` says when to call again.",
}
_SCHEMA: Final = {"schema": {"$ref": "#/components/schemas/Problem"}}
ERRORS: Final[dict[int | str, dict[str, Any]]] = {
    **{
        status: {"description": text, "content": {PROBLEM: _SCHEMA}}
        for status, text in _ERRORS.items()
    },
    "default": {"description": "Any other error.", "content": {PROBLEM: _SCHEMA}},
}
"""What every operation may answer."""

_PAGE: Final = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>API of this server</title>
<link rel="stylesheet" href="/docs/files/swagger-ui.css">
</head>
<body>
<div id="api"></div>
<script src="/docs/files/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
"""
_START: Final = """window.ui = SwaggerUIBundle({
  url: "/openapi.json", dom_id: "#api", deepLinking: true, persistAuthorization: false,
});
"""


class Problem(BaseModel):
    """What went wrong (RFC 9457); more members say more, such as `retry_after`."""

    model_config = ConfigDict(extra="allow")

    type: str = Field(examples=["about:blank"])
    title: str = Field(examples=["Not Found"])
    status: int = Field(examples=[404])
    code: str = Field(description="To program against.", examples=["session_not_found"])
    detail: str = Field(description="For people.", examples=["there is no session 'sales'"])


def install(app: FastAPI) -> None:
    """Describe errors in the document, and serve the page from this server alone."""
    app.openapi = partial(_document, app, app.openapi)  # type: ignore[method-assign]
    folder = resources.files("fastapi_swagger") / "resources"
    app.mount("/docs/files", StaticFiles(directory=str(folder)), name="docs")

    async def document(_request: Request) -> Response:
        # Making it takes a second, the first time; other calls are answered meanwhile.
        return JSONResponse(await run_in_threadpool(app.openapi))

    app.add_route("/openapi.json", document, include_in_schema=False)
    app.add_route("/docs", lambda _: HTMLResponse(_PAGE), include_in_schema=False)
    app.add_route(
        "/docs/start.js",
        lambda _: Response(_START, media_type="text/javascript"),
        include_in_schema=False,
    )


def _document(app: FastAPI, make: Any) -> dict[str, Any]:  # noqa: ANN401
    document: dict[str, Any] = make()
    document["components"]["schemas"].setdefault("Problem", Problem.model_json_schema())
    return document
