"""The `value` objects of webhooks, as Meta builds them since business-scoped user ids exist.

Pure: who, what and when go in, a JSON object comes out. Field names follow Meta's reference of
2026: `from` and `wa_id` are left out for users that hide their number, `user_id` fields are there
unless the settings say otherwise, `conversation` only below Graph version 24.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from blazz.sandbox import identifiers
from blazz.sandbox.accounts import PhoneNumber
from blazz.sandbox.graph_errors import status_error
from blazz.sandbox.settings import Settings
from blazz.sandbox.users import SERVICE_WINDOW, User, user_id

_PARTIES: Final = (
    "group_id", "from_user_id", "recipient_user_id", "user_id", "from", "to", "recipient_id",
    "wa_id",
)  # fmt: skip
"""How the items of a value name the other side; in a group, this is the group."""

_CONVERSATIONS_UNTIL: Final = 24.0
_BILLED: Final = frozenset({"marketing", "utility", "authentication"})


@dataclass(frozen=True, slots=True, kw_only=True)
class SentMessage:
    """What the statuses of a message need to know of it.

    Attributes:
        sequence: Its number in the log.
        id: Its message id.
        number: The business number that sent it.
        wa_id: Digits of the recipient's number; None if only the user id or group is known.
        user_id: The recipient's business-scoped id, where the number is known.
        addressed: The user id that it was sent to, or None if it was sent to a number.
        group: The group that it was sent to, or None.
        token: Its `biz_opaque_callback_data`.
        category: `marketing`, `utility`, `authentication` or `service`.
        in_window: The recipient wrote in the last 24 hours.
        kind: Its message type.
    """

    sequence: int
    id: str
    number: PhoneNumber
    wa_id: str | None
    user_id: str | None = None
    addressed: str | None = None
    group: str | None = None
    token: str | None = None
    category: str = "service"
    in_window: bool = False
    kind: str = "text"


def status_value(
    message: SentMessage,
    user: User | None,
    status: str,
    *,
    at: float,
    settings: Settings,
    code: int | None = None,
    priced: bool = False,
) -> dict[str, Any]:
    """Build the value of a status webhook.

    Args:
        message: The message.
        user: The recipient; None for a group, or when only a foreign user id is known.
        status: `sent`, `delivered`, `read`, `played` or `failed`.
        at: When it happened, in seconds since 1970.
        settings: What webhooks contain.
        code: Why it failed.
        priced: This status tells the price (Meta: `sent`, and the first of `delivered`, `read`).
    """
    entry: dict[str, Any] = {"id": message.id, "status": status, "timestamp": str(int(at))}
    _name_recipient(entry, message, user, settings)
    if message.token is not None:
        entry["biz_opaque_callback_data"] = message.token
    if priced:
        _price(entry, message, at, settings, opening=status == "sent")
    if code is not None:
        entry["errors"] = [status_error(code)]
    value = _value(message.number)
    if user is None and message.addressed is not None and status != "failed":
        name = f"User {message.addressed[-4:]}"
        value["contacts"] = [{"profile": {"name": name}, "user_id": message.addressed}]
    elif user is not None and status != "failed" and settings.user_ids:
        found = _contact(user, message.user_id, settings)
        if user.hides_number and message.addressed is None:
            found["wa_id"] = user.wa_id  # Meta gives the number back to whoever used it
        if status == "sent":
            found["profile"].pop("username", None)
        if settings.parent_user_ids:
            found["parent_user_id"] = user_id(user.wa_id, message.number.waba_id, parent=True)
        value["contacts"] = [found]
    value["statuses"] = [entry]
    return value


def message_value(
    number: PhoneNumber,
    user: User,
    message_id: str,
    content: dict[str, Any],
    *,
    at: float,
    settings: Settings,
    context: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Build the value of a message that a user sent.

    Args:
        number: The business number that it was sent to.
        user: Who sent it.
        message_id: Its id.
        content: `type` and what belongs to it, such as `{"type": "text", "text": {…}}`.
        at: When it was sent, in seconds since 1970.
        settings: What webhooks contain.
        context: What it answers to.
    """
    message: dict[str, Any] = {}
    if context is not None:
        message["context"] = context
    if not _is_hidden(user, settings):
        message["from"] = user.wa_id
    if settings.user_ids:
        message["from_user_id"] = user_id(user.wa_id, number.waba_id)
        if settings.parent_user_ids:
            message["from_parent_user_id"] = user_id(user.wa_id, number.waba_id, parent=True)
    message |= {"id": message_id, "timestamp": str(int(at)), **content}
    value = _value(number)
    value["contacts"] = [contact(user, number, settings)]
    value["messages"] = [message]
    return value


def number_changed_value(
    number: PhoneNumber,
    user: User,
    old: str,
    message_id: str,
    *,
    at: float,
    settings: Settings,
) -> dict[str, Any]:
    """Build the value that tells of a user's new phone number; `user` has it already."""
    system: dict[str, Any] = {
        "body": f"User {user.name} changed from {old} to {user.wa_id}",
        "type": "user_changed_number",
        "wa_id": user.wa_id,
    }
    if _is_hidden(user, settings):
        before, after = user_id(old, number.waba_id), user_id(user.wa_id, number.waba_id)
        system["body"] = f"User {user.name} changed from {before} to {after}"
        system["type"] = "user_changed_user_id"
        del system["wa_id"]
    if settings.user_ids:
        system["user_id"] = user_id(user.wa_id, number.waba_id)
    message: dict[str, Any] = {} if _is_hidden(user, settings) else {"from": old}
    message |= {"id": message_id, "timestamp": str(int(at)), "type": "system", "system": system}
    return _value(number) | {"messages": [message]}


def preference_value(
    number: PhoneNumber, user: User, *, stop: bool, at: float, settings: Settings
) -> dict[str, Any]:
    """Build the value that tells that a user stopped or resumed marketing messages."""
    verb = "stop" if stop else "resume"
    preference: dict[str, Any] = {} if _is_hidden(user, settings) else {"wa_id": user.wa_id}
    if settings.user_ids:
        preference["user_id"] = user_id(user.wa_id, number.waba_id)
    preference |= {
        "detail": f"User requested to {verb} marketing messages",
        "category": "marketing_messages",
        "value": verb,
        "timestamp": int(at),
    }
    value = _value(number)
    value["contacts"] = [contact(user, number, settings)]
    value["user_preferences"] = [preference]
    return value


def template_status_value(
    template_id: str, name: str, language: str, event: str, reason: str = "NONE"
) -> dict[str, Any]:
    """Build the value that tells that a template was approved, rejected, paused or disabled."""
    return {
        "event": event,
        "message_template_id": int(template_id),
        "message_template_name": name,
        "message_template_language": language,
        "reason": reason,
    }


def party_of(value: Mapping[str, Any], number: PhoneNumber) -> str:
    """Tell whom a value is about that a test wrote: the first that it names; empty if nobody.

    Example:
        >>> number = PhoneNumber(id="1", waba_id="2", display="+1 555-078-3881")
        >>> party_of({"calls": [{"from": "15550783881", "to": "6281234567890"}]}, number)
        '6281234567890'
    """
    lists = [items for items in value.values() if isinstance(items, list)]
    items = [item for found in lists for item in found[:1] if isinstance(item, dict)]
    for name in _PARTIES:
        for party in (item.get(name) for item in items):
            if isinstance(party, str) and party not in ("", number.digits):
                return identifiers.user_number(party, scope=number.waba_id) or party
    return ""


def contact(user: User, number: PhoneNumber, settings: Settings) -> dict[str, Any]:
    """Build one entry of `contacts`."""
    found = _contact(user, user_id(user.wa_id, number.waba_id), settings)
    if settings.user_ids and settings.parent_user_ids:
        found["parent_user_id"] = user_id(user.wa_id, number.waba_id, parent=True)
    return found


def _is_hidden(user: User, settings: Settings) -> bool:
    """Whether the user's number is left out; somebody must be named, so not without user ids."""
    return user.hides_number and settings.user_ids


def _contact(user: User, scoped_id: str | None, settings: Settings) -> dict[str, Any]:
    """An entry of `contacts`, given the user's id."""
    profile = {"name": user.name}
    if user.username is not None and settings.user_ids:
        profile["username"] = user.username
    found: dict[str, Any] = {"profile": profile}
    if not _is_hidden(user, settings):
        found["wa_id"] = user.wa_id
    if settings.user_ids:
        found["user_id"] = scoped_id
    return found


def _value(number: PhoneNumber) -> dict[str, Any]:
    """The head that most values share."""
    return {
        "messaging_product": "whatsapp",
        "metadata": {"display_phone_number": number.digits, "phone_number_id": number.id},
    }


def _name_recipient(
    entry: dict[str, Any], message: SentMessage, user: User | None, settings: Settings
) -> None:
    if message.group is not None:
        entry["recipient_id"] = message.group
        entry["recipient_type"] = "group"
        return
    hidden = message.addressed is not None and (user is None or user.hides_number)
    if message.wa_id is not None and not hidden:
        entry["recipient_id"] = message.wa_id
    if not settings.user_ids:
        return
    entry["recipient_user_id"] = message.addressed or message.user_id
    if settings.parent_user_ids and message.wa_id is not None:
        parent = user_id(message.wa_id, message.number.waba_id, parent=True)
        entry["recipient_parent_user_id"] = parent


def _price(
    entry: dict[str, Any], message: SentMessage, at: float, settings: Settings, *, opening: bool
) -> None:
    """Add `pricing`: per message; what answers a user within 24 hours is free."""
    free = message.category not in _BILLED or (message.category == "utility" and message.in_window)
    if settings.webhook_version < _CONVERSATIONS_UNTIL:
        conversation: dict[str, Any] = {"id": f"{message.sequence:032x}"}
        if opening:
            conversation["expiration_timestamp"] = str(int(at + SERVICE_WINDOW))
        entry["conversation"] = conversation | {"origin": {"type": message.category}}
    entry["pricing"] = {
        "billable": not free,
        "pricing_model": "PMP",
        "type": "free_customer_service" if free else "regular",
        "category": message.category,
    }
