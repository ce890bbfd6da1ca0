"""Every error answers in one form: problem details (RFC 9457), with a `code` to program against."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

PROBLEM = "application/problem+json"


class ApiError(Exception):
    """A request that cannot be answered as asked.

    Args:
        status: The HTTP status.
        code: What happened, as one word to program against, such as `session_not_found`.
        detail: What happened, the limit and the value, and what to do, for people.
        headers: More headers, such as `Retry-After`.
        more: More members of the problem.
    """

    def __init__(
        self,
        status: int,
        code: str,
        detail: str,
        *,
        headers: Mapping[str, str] | None = None,
        **more: object,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail
        self.headers = headers
        self.more = more


def not_found(what: str, name: str) -> ApiError:
    """There is no such thing, or it belongs to somebody else: the answer is the same."""
    return ApiError(404, f"{what}_not_found", f"there is no {what} {name!r}")


def problem(error: ApiError) -> JSONResponse:
    """Write an error as a response."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(error.status).phrase,
        "status": error.status,
        "code": error.code,
        "detail": error.detail,
        **error.more,
    }
    return JSONResponse(body, error.status, headers=error.headers, media_type=PROBLEM)


def install(app: FastAPI) -> None:
    """Let an application answer its errors in this form."""

    @app.exception_handler(ApiError)
    async def _api_error(_request: Request, error: ApiError) -> JSONResponse:
        return problem(error)

    @app.exception_handler(HTTPException)
    async def _http(_request: Request, error: HTTPException) -> JSONResponse:
        code = HTTPStatus(error.status_code).name.lower()
        return problem(ApiError(error.status_code, code, str(error.detail), headers=error.headers))

    @app.exception_handler(RequestValidationError)
    async def _invalid(_request: Request, error: RequestValidationError) -> JSONResponse:
        errors = [
            {"field": ".".join(str(part) for part in it["loc"]), "message": it["msg"]}
            for it in error.errors()
        ]
        first = errors[0] if errors else {"field": "body", "message": "cannot be read"}
        detail = f"{first['field']}: {first['message']}"
        return problem(ApiError(422, "invalid_request", detail, errors=errors))
