"""JSON as strict as the standard, and no stricter: what is well-formed is never refused."""

from __future__ import annotations

import functools
import importlib
import json
from collections.abc import Callable
from typing import Any, NoReturn

from pydantic_core import from_json

from blazz.errors import WebhookError


class TooDeep(Exception):
    """The text is nested deeper than Python can follow."""


def decode(body: bytes) -> Any:  # noqa: ANN401 - JSON can be anything
    """Read JSON from UTF-8.

    Of names that occur twice in an object the last one counts. Numbers of more than 4,300 digits,
    which Python refuses to read, stay text.

    Raises:
        WebhookError: It is not UTF-8, or not JSON (`NaN` and `Infinity` are not).
        TooDeep: It may be JSON, but nobody can tell.
    """
    try:
        return read_quickly(body)
    except (ValueError, RecursionError):
        # Quick readers refuse a little more than the standard does: halves of surrogate pairs,
        # deep nesting, long numbers. What they read they read as the standard library does.
        return _decode_slowly(body)


def _quickest() -> Callable[[bytes], Any]:
    """Choose a reader: msgspec (`blazz[fast]`) where it is installed, or else pydantic's."""
    read: Callable[[bytes], Any]
    try:
        read = importlib.import_module("msgspec.json").Decoder().decode
    except ImportError:
        read = functools.partial(from_json, allow_inf_nan=False, cache_strings="keys")
    return read


read_quickly = _quickest()


def _decode_slowly(body: bytes) -> Any:  # noqa: ANN401 - JSON can be anything
    try:
        return _DECODER.decode(body.decode("utf-8"))
    except UnicodeDecodeError as error:
        raise WebhookError(f"The webhook's body is not UTF-8: {error.reason}.") from error
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        raise WebhookError(f"The webhook's body is not JSON: {error.msg} ({where}).") from error
    except RecursionError as error:
        raise TooDeep from error


def _refuse(constant: str) -> NoReturn:
    raise WebhookError(f"The webhook's body is not JSON: {constant} is not a value.")


def _integer(digits: str) -> int | str:
    try:
        return int(digits)
    except ValueError:
        return digits


_DECODER = json.JSONDecoder(parse_constant=_refuse, parse_int=_integer)
