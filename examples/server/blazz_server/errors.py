"""Every error answers in one form: problem details (RFC 9457), with a `code` to program against."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

from fastapi.responses import JSONResponse

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
