"""Reading requests: access token, bodies of limited size, ids in the path."""

from __future__ import annotations

import json
from typing import Any, Final
from urllib.parse import parse_qsl

from starlette.requests import Request

from blazz.sandbox.accounts import PhoneNumber
from blazz.sandbox.graph_errors import Refusal, unknown_object
from blazz.sandbox.world import World

LARGEST_JSON: Final = 1024 * 1024

_FORM: Final = "application/x-www-form-urlencoded"


def _reject_constant(name: str) -> None:
    raise ValueError(f"{name} is not JSON")


_DECODER: Final = json.JSONDecoder(parse_constant=_reject_constant)


def check_token(world: World, request: Request) -> None:
    """Check the access token, given as a bearer or in the query.

    Raises:
        Refusal: It is missing (104) or wrong (190).
    """
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    token = token.strip() if scheme.lower() in ("bearer", "oauth") else ""
    token = token or request.query_params.get("access_token", "")
    if not token:
        raise Refusal(
            104, message="An access token is required to request this resource.", status=401
        )
    if world.settings.token is not None and token != world.settings.token:
        raise Refusal(190, message="Invalid OAuth access token - Cannot parse access token")


async def read_body(request: Request, *, limit: int) -> bytes:
    """Read a body of limited size.

    Raises:
        Refusal: It is larger (HTTP 413).
    """
    if int(_number(request.headers.get("content-length", ""))) > limit:
        raise _too_large(limit)
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > limit:
            raise _too_large(limit)
    return bytes(body)


async def read_json(request: Request) -> dict[str, Any]:
    """Read a JSON object, or a form whose values may be JSON, as Graph takes both.

    Raises:
        Refusal: It is too large, not JSON, or not an object.
    """
    body = await read_body(request, limit=LARGEST_JSON)
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    return _parse_form(body) if kind == _FORM else _parse_json(body, kind)


async def read_options(request: Request, *, limit: int = LARGEST_JSON) -> dict[str, Any]:
    """Read a JSON object whatever its content type says: `curl -d` calls it a form.

    Raises:
        Refusal: It is too large, not JSON, or not an object.
    """
    return _parse_json(await read_body(request, limit=limit), "application/json")


def number_of(world: World, request: Request) -> PhoneNumber:
    """The business number that the path names.

    Raises:
        Refusal: There is no number of this id.
    """
    node = request.path_params["node"]
    number = world.accounts.numbers.get(node)
    if number is None:
        raise unknown_object(request.method, node)
    return number


def account_of(world: World, request: Request) -> str:
    """The WhatsApp Business Account that the path names.

    Raises:
        Refusal: There is no account of this id.
    """
    node: str = request.path_params["node"]
    if not world.accounts.has_account(node):
        raise unknown_object(request.method, node)
    return node


def fields_of(request: Request) -> tuple[str, ...]:
    """The names in `?fields=`; what is in braces after a name is left out."""
    plain, depth = [], 0
    for character in request.query_params.get("fields", ""):
        depth += (character in "{(") - (character in "})")
        if not depth and character not in "})":
            plain.append(character)
    return tuple(name.strip() for name in "".join(plain).split(",") if name.strip())


def limit_of(request: Request, *, default: int, most: int) -> int:
    """The number in `?limit=`."""
    return min(int(_number(request.query_params.get("limit", ""))) or default, most)


def _parse_json(body: bytes, kind: str) -> dict[str, Any]:
    if not body:
        return {}
    try:
        found = _DECODER.decode(body.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        details = f"The body (Content-Type: {kind[:64] or 'none'}) is not JSON: {error}"
        raise Refusal(100, details) from None
    if not isinstance(found, dict):
        raise Refusal(100, "The body must be a JSON object.")
    return found


def _parse_form(body: bytes) -> dict[str, Any]:
    try:
        pairs = parse_qsl(body.decode("utf-8", "replace"), max_num_fields=1000)
    except ValueError as error:
        raise Refusal(100, f"The form cannot be read: {error}") from None
    return {name: _form_value(value) for name, value in pairs}


def _form_value(text: str) -> Any:  # noqa: ANN401  # whatever JSON holds
    """Objects and lists come as JSON inside a form; numbers stay text."""
    if text[:1] in ("{", "["):
        try:
            return _DECODER.decode(text)
        except (ValueError, RecursionError):
            return text
    return text


def _number(text: str) -> str:
    """The text if it is a small number, else zero."""
    return text if text.isascii() and text.isdigit() and len(text) <= 18 else "0"


def _too_large(limit: int) -> Refusal:
    return Refusal(100, f"The body has more than {limit} bytes.", status=413)
