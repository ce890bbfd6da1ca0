"""Frames: the JSON texts that server and browser exchange."""

from __future__ import annotations

import enum
import json
from dataclasses import dataclass
from typing import Any, Final

MAX_FRAME: Final = 100 * 1024
"""Bytes that a browser may send at once; an event of 10 kB fits, however it is escaped."""
MAX_EVENT_DATA: Final = 10 * 1024
MAX_EVENT_NAME: Final = 200

Json = dict[str, Any]


class Code(enum.IntEnum):
    """Why the server refuses or ends a connection; clients act on the range.

    4000 to 4099: do not come back. 4100 to 4199: come back later. 4200 to 4299: come back at once.
    4300 and above: something was refused, the connection goes on.
    """

    UNKNOWN_APP = 4001
    WRONG_PATH = 4005
    BAD_VERSION = 4006
    UNSUPPORTED_PROTOCOL = 4007
    NO_PROTOCOL = 4008
    UNAUTHORIZED = 4009
    OVER_CAPACITY = 4100
    TOO_SLOW = 4101
    RECONNECT = 4200
    NO_PONG = 4201
    INACTIVE = 4202
    CLIENT_EVENT_REFUSED = 4301


class BadFrame(ValueError):
    """What came is not a frame."""


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame from a browser.

    Attributes:
        event: Its name, such as `pusher:subscribe`.
        data: Its content: mostly an object.
        channel: The channel that it concerns.
    """

    event: str
    data: Any = None
    channel: str | None = None


def decode(text: str) -> Frame:
    """Read a frame.

    Raises:
        BadFrame: It is too long, or not an object with an event.

    Example:
        >>> decode('{"event": "pusher:ping", "data": {}}')
        Frame(event='pusher:ping', data={}, channel=None)
    """
    # A character has a byte at least, so most need not be encoded to be measured.
    if len(text) > MAX_FRAME or (len(text) * 4 > MAX_FRAME and len(text.encode()) > MAX_FRAME):
        raise BadFrame(f"a frame has at most {MAX_FRAME} bytes")
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadFrame("a frame is JSON") from error
    if not isinstance(value, dict):
        raise BadFrame("a frame is an object")
    if "\\ud" in text.lower() and not _is_text(value):
        raise BadFrame("a frame has no halves of surrogate pairs")
    event, channel = value.get("event"), value.get("channel")
    if not isinstance(event, str) or not event:
        raise BadFrame("a frame has an event")
    if channel is not None and not isinstance(channel, str):
        raise BadFrame("the channel of a frame is text")
    return Frame(event, value.get("data"), channel)


def _is_text(value: object) -> bool:
    """Whether it can be written as UTF-8, which halves of surrogate pairs cannot."""
    try:
        json.dumps(value, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return False
    return True


def encode(
    event: str,
    data: str = "{}",
    *,
    channel: str | None = None,
    user_id: str | None = None,
    cursor: str | None = None,
) -> str:
    """Write a frame; its data is JSON within JSON, as Pusher's is.

    The cursor is ours: clients that do not know it pass over it.

    Example:
        >>> encode("pusher:pong")
        '{"event":"pusher:pong","data":"{}"}'
    """
    frame: Json = {"event": event, "data": data}
    if channel is not None:
        frame["channel"] = channel
    if user_id is not None:
        frame["user_id"] = user_id
    if cursor is not None:
        frame["cursor"] = cursor
    return compact(frame)


def error_frame(code: Code, message: str) -> str:
    """Write a `pusher:error`."""
    return compact({"event": "pusher:error", "data": {"code": int(code), "message": message}})


def compact(value: object) -> str:
    """Write JSON without spaces."""
    return json.dumps(value, separators=(",", ":"))
