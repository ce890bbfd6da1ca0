"""Synthetic webhooks as Meta sends them: texts and statuses in several entries and changes."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from blazz.providers.base import WebhookProfile
from blazz.providers.meta_cloud.inbound import parse

SECRET = "a-synthetic-app-secret"
NUMBERS = ("110000000000001", "110000000000002")
ACCOUNT = "220000000000001"
CUSTOMERS = 97
STATUSES = ("sent", "delivered", "read")
PROFILE = WebhookProfile(accounts=[*NUMBERS, ACCOUNT], secrets=[SECRET], parse=parse)


def text(number: int) -> dict[str, Any]:
    """A received text message."""
    return {
        "from": _customer(number),
        "id": f"wamid.TEXT{number}",
        "timestamp": str(1_780_000_000 + number),
        "type": "text",
        "text": {"body": f"message {number}"},
    }


def status(number: int) -> dict[str, Any]:
    """A status of a sent message."""
    return {
        "id": f"wamid.SENT{number // len(STATUSES)}",
        "status": STATUSES[number % len(STATUSES)],
        "timestamp": str(1_780_000_000 + number),
        "recipient_id": _customer(number // len(STATUSES)),
    }


def body(numbers: Sequence[int], *, entries: int = 1) -> bytes:
    """A body of one update for each number: a third of them texts, the others statuses."""
    changes: list[dict[str, Any]] = []
    for place in range(0, len(numbers), 10):
        part = numbers[place : place + 10]
        value: dict[str, Any] = {
            "messaging_product": "whatsapp",
            "metadata": {
                "display_phone_number": "6281200000000",
                "phone_number_id": NUMBERS[place // 10 % len(NUMBERS)],
            },
            "contacts": [{"profile": {"name": "Budi"}, "wa_id": _customer(part[0])}],
        }
        if texts := [text(number) for number in part if number % 3 == 0]:
            value["messages"] = texts
        if statuses := [status(number) for number in part if number % 3]:
            value["statuses"] = statuses
        changes.append({"field": "messages", "value": value})
    return json.dumps(
        {
            "object": "whatsapp_business_account",
            "entry": [{"id": ACCOUNT, "changes": changes[i::entries]} for i in range(entries)],
        }
    ).encode()


def _customer(number: int) -> str:
    return f"62812{number % CUSTOMERS:08}"
