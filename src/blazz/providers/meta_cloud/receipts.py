"""Reads what the Cloud API answers to a message."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from blazz.addresses import Address
from blazz.errors import UnreadableAnswer
from blazz.providers.base import Receipt


def receipt_of(answer: Mapping[str, Any], *, to: Address, token: str) -> Receipt:
    """Read the answer to a message.

    Raises:
        UnreadableAnswer: It names no message.
    """
    sent, contact = _first(answer, "messages"), _first(answer, "contacts")
    message_id, wa_id = sent.get("id"), contact.get("wa_id")
    if not isinstance(message_id, str) or not message_id:
        raise UnreadableAnswer("the answer names no message", status=200, body=str(answer))
    return Receipt(
        message_id=message_id,
        to=to,
        token=token,
        accepted_at=datetime.now(UTC),
        wa_id=wa_id if isinstance(wa_id, str) else None,
        held=sent.get("message_status") == "held_for_quality_assessment",
    )


def _first(answer: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """The first object of a list, or an empty one."""
    listed = answer.get(name)
    first = listed[0] if isinstance(listed, list) and listed else None
    return first if isinstance(first, dict) else {}
