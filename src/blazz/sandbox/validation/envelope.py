"""The outside of a send request: product, recipient, type, context, callback data."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

from blazz.sandbox.graph_errors import Refusal, required
from blazz.sandbox.identifiers import is_message_id
from blazz.sandbox.validation import content, interactive
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_object,
    get_optional_text,
    get_text,
    invalid,
    parameter,
)

_PUNCTUATION: Final = re.compile(r"[\s().\-\u2010-\u2015]+")
_PHONE: Final = re.compile(r"\+?([0-9]{5,15})")
_USER_ID: Final = re.compile(r"[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}")
_GROUP: Final = re.compile(r"[A-Za-z0-9_=+/-]{6,128}")

_CONTENT: Final[dict[str, Callable[[JsonObject], None]]] = {
    "text": content.check_text,
    "image": content.check_image,
    "video": content.check_video,
    "audio": content.check_audio,
    "document": content.check_document,
    "sticker": content.check_sticker,
    "location": content.check_location,
    "contacts": content.check_contacts,
    "reaction": content.check_reaction,
    "interactive": interactive.check_interactive,
    "pin": content.check_pin,
}
MESSAGE_TYPES: Final = frozenset({*_CONTENT, "template"})


@dataclass(frozen=True, slots=True)
class Recipient:
    """Whom a message goes to; `phone` takes precedence over `user_id`, as at Meta.

    Attributes:
        given: What the request said; echoed as `contacts[0].input`.
        phone: Digits of a phone number, or None.
        user_id: A business-scoped user id, or None.
        group: The id of a group, or None.
    """

    given: str
    phone: str | None = None
    user_id: str | None = None
    group: str | None = None


@dataclass(frozen=True, slots=True)
class SendRequest:
    """A send request whose outside is in order.

    Attributes:
        recipient: Whom it goes to.
        kind: The message's `type`.
        token: `biz_opaque_callback_data`, or None.
        context: The id of the message that is quoted, or None.
        body: The whole request.
    """

    recipient: Recipient
    kind: str
    token: str | None
    context: str | None
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """A request that marks a received message as read.

    Attributes:
        message_id: The message.
        typing: Also show that an answer is being typed.
    """

    message_id: str
    typing: bool


def read_request(body: object) -> SendRequest | ReadRequest:
    """Check a request to `/messages`, all but its template.

    Raises:
        Refusal: Meta would refuse it.
    """
    if not isinstance(body, dict):
        raise parameter("body", "must be a JSON object")
    _check_product(body)
    if body.get("status") is not None:
        return _mark_as_read(body)
    recipient = _recipient(body)
    kind = _kind(body)
    token = get_optional_text(
        body, "biz_opaque_callback_data", "biz_opaque_callback_data", longest=512
    )
    context = _context(body)
    if kind == "template":
        get_object(body, "template", "template")
    else:
        _CONTENT[kind](body)
    return SendRequest(recipient, kind, token, context, body)


def normalized_phone(text: str) -> str | None:
    """The digits of a phone number in a usual spelling, or None.

    Example:
        >>> normalized_phone("+62 812-3456-7890"), normalized_phone("budi")
        ('6281234567890', None)
    """
    match = _PHONE.fullmatch(text) or _PHONE.fullmatch(_PUNCTUATION.sub("", text))
    return match[1] if match else None


def _check_product(body: JsonObject) -> None:
    product = body.get("messaging_product")
    if product is None:
        raise required("messaging_product")
    if product != "whatsapp":
        raise parameter("messaging_product", "must be one of {WHATSAPP}")


def _mark_as_read(body: JsonObject) -> ReadRequest:
    get_choice(body, "status", "status", {"read"})
    if body.get("message_id") is None:
        raise required("message_id")
    message_id = get_text(body, "message_id", "message_id", longest=256)
    if not is_message_id(message_id):
        raise invalid("message_id is not a valid message id")
    if body.get("typing_indicator") is None:
        return ReadRequest(message_id, typing=False)
    indicator = get_object(body, "typing_indicator", "typing_indicator")
    get_choice(indicator, "type", "typing_indicator['type']", {"text"})
    return ReadRequest(message_id, typing=True)


def _recipient(body: JsonObject) -> Recipient:
    group = (
        get_choice(body, "recipient_type", "recipient_type", {"individual", "group"}) == "group"
        if body.get("recipient_type") is not None
        else False
    )
    to = get_optional_text(body, "to", "to", longest=256)
    user_id = get_optional_text(body, "recipient", "recipient", longest=256)
    if user_id is not None and not _USER_ID.fullmatch(user_id):
        raise invalid("recipient is not a valid business-scoped user id")
    if to is None:
        if user_id is None:
            raise required("to")
        return Recipient(user_id, user_id=user_id)
    if group:
        if not _GROUP.fullmatch(to):
            raise Refusal(131020)
        return Recipient(to, group=to)
    phone = normalized_phone(to)
    if phone is None:
        raise invalid("to is not a valid WhatsApp phone number")
    return Recipient(to, phone=phone, user_id=user_id)


def _kind(body: JsonObject) -> str:
    kind = body.get("type", "text")  # Meta takes a request without a type for text
    if not isinstance(kind, str):
        raise parameter("type", "must be a string")
    if kind.lower() not in MESSAGE_TYPES:
        raise Refusal(131051, f"Message type {kind[:40]!r} is currently not supported.")
    return kind.lower()


def _context(body: JsonObject) -> str | None:
    if body.get("context") is None:
        return None
    context = get_object(body, "context", "context")
    quoted = get_text(context, "message_id", "context['message_id']", longest=256)
    if not is_message_id(quoted):
        raise invalid("context['message_id'] is not a valid message id")
    return quoted
