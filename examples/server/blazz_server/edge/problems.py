"""Answers every exception as a problem: our own, the library's, FastAPI's, the database's."""

from __future__ import annotations

from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy import exc
from starlette.exceptions import HTTPException

from blazz.errors import BlazzError
from blazz_server.edge.bodies import BodyRefused
from blazz_server.edge.headers import HEADERS
from blazz_server.errors import ApiError, problem
from blazz_server.library_errors import answer_to

_SECONDS = "5"


def install(app: FastAPI) -> None:
    """Let an application answer its errors in this form."""
    app.add_exception_handler(ApiError, _own)  # type: ignore[arg-type]  # each gets its kind
    app.add_exception_handler(BlazzError, _of_library)  # type: ignore[arg-type]
    app.add_exception_handler(BodyRefused, _refused)  # type: ignore[arg-type]
    app.add_exception_handler(HTTPException, _of_framework)  # type: ignore[arg-type]
    app.add_exception_handler(RequestValidationError, _invalid)  # type: ignore[arg-type]
    app.add_exception_handler(exc.DataError, _unstorable)
    for kind in (exc.OperationalError, exc.InterfaceError, exc.TimeoutError):
        app.add_exception_handler(kind, _database_away)
    app.add_exception_handler(Exception, _unexpected)


async def _own(_request: Request, error: ApiError) -> JSONResponse:
    return problem(error)


async def _of_library(_request: Request, error: BlazzError) -> JSONResponse:
    return problem(answer_to(error))


async def _refused(_request: Request, error: BodyRefused) -> JSONResponse:
    return problem(error.answer)


async def _of_framework(_request: Request, error: HTTPException) -> JSONResponse:
    code = HTTPStatus(error.status_code).phrase.lower().replace(" ", "_").replace("-", "_")
    return problem(ApiError(error.status_code, code, str(error.detail), headers=error.headers))


async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
    # What was sent is not sent back: it may hold secrets.
    errors = [
        {"field": ".".join(str(part) for part in it["loc"]), "message": it["msg"]}
        for it in error.errors()
    ]
    first = errors[0] if errors else {"field": "body", "message": "cannot be read"}
    detail = f"{first['field']}: {first['message']}"
    return problem(ApiError(422, "invalid_request", detail, errors=errors))


async def _unstorable(_request: Request, _error: Exception) -> JSONResponse:
    """Text with a zero byte, a number beyond 64 bits: no database keeps them."""
    return problem(ApiError(422, "invalid_value", "a value is too large, or has a zero byte"))


async def _database_away(_request: Request, _error: Exception) -> JSONResponse:
    detail = "the database does not answer; try again"
    headers = {"Retry-After": _SECONDS}
    return problem(ApiError(503, "database_unavailable", detail, headers=headers))


async def _unexpected(_request: Request, _error: Exception) -> JSONResponse:
    # The log has the traceback. This answer passes by the middleware, so it brings its headers.
    detail = "something unexpected happened here; the log of the server says what"
    return problem(ApiError(500, "internal_error", detail, headers=HEADERS))
