"""The webhooks that `benchmarks.webhooks` measures with: signed, synthetic, as Meta sends them.

Standard library alone: every subject reads them in an environment of its own.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

SECRET = "a-synthetic-app-secret"
NUMBER = "110000000000001"
ACCOUNT = "220000000000002"
CUSTOMERS = 2_000
STEPS = ("sent", "delivered", "read")

Json = dict[str, Any]
Post = tuple[bytes, str]


def rounds(number: int, *, quick: bool) -> dict[str, list[Post]]:
    """The requests of one round, by scenario; no round repeats an update of another."""
    singles, batches, mixes = (500, 5, 1) if quick else (1_000, 10, 2)
    first = number * 10_000
    texts = [signed([text(first + i)]) for i in range(singles)]
    statuses = [signed([status(first + i)]) for i in range(singles)]
    return {
        "one text": texts,
        "one status": statuses,
        "100 updates": [signed(mixed(first + i * 100, 100)) for i in range(batches)],
        "1000 updates": [signed(mixed(first + i * 1_000, 1_000), entries=5) for i in range(mixes)],
    }


def mixed(start: int, count: int) -> list[Json]:
    """Three statuses for each text, as when people answer what they are sent."""
    return [text(i) if i % 4 == 3 else status(i) for i in range(start, start + count)]


def text(i: int) -> Json:
    """A change with one text message, each from another person."""
    person = _person(i)
    message = {
        "from": person["wa_id"],
        "from_user_id": person["user_id"],
        "id": f"wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABIYFDNB{i:016d}AA==",
        "timestamp": _at(i),
        "type": "text",
        "text": {"body": f"Halo, apakah pesanan nomor {i} sudah dikirim?"},
    }
    return _change({"contacts": [person], "messages": [message]})


def status(i: int) -> Json:
    """A change with one status: of each message sent, delivered and read.

    Meta names the price with `sent` and with one of `delivered` and `read` (the reference of status
    webhooks, developers.facebook.com/documentation/business-messaging/whatsapp/webhooks).
    """
    message = i // len(STEPS)
    person = _person(message)
    update = {
        "id": f"wamid.HBgNNjI4MTIzNDU2Nzg5MBUCABEYEjNB{message:016d}AA==",
        "status": STEPS[i % len(STEPS)],
        "timestamp": _at(i),
        "recipient_id": person["wa_id"],
        "recipient_user_id": person["user_id"],
        "biz_opaque_callback_data": f"v1.promo-11.{message}.1.c2lnbmF0dXJl",
    }
    if update["status"] != "read":
        update["pricing"] = {
            "billable": True,
            "pricing_model": "PMP",
            "category": "marketing",
            "type": "regular",
        }
    return _change({"contacts": [person], "statuses": [update]})


def _at(i: int) -> str:
    """Time stamps are whole seconds: of a hundred updates a second, a hundred have the same one."""
    return str(1_780_000_000 + i // 100)


def _person(i: int) -> Json:
    i %= CUSTOMERS
    return {
        "profile": {"name": f"Budi {i}"},
        "wa_id": f"62812{i:08d}",
        "user_id": f"ID.{10**19 + i}",
    }


def _change(content: Json) -> Json:
    metadata = {"display_phone_number": "6281200000000", "phone_number_id": NUMBER}
    value = {"messaging_product": "whatsapp", "metadata": metadata, **content}
    return {"value": value, "field": "messages"}


def signed(changes: list[Json], *, entries: int = 1) -> Post:
    """One request: its body, in Meta's spelling, and its `X-Hub-Signature-256`."""
    batch = {
        "object": "whatsapp_business_account",
        "entry": [{"id": ACCOUNT, "changes": changes[i::entries]} for i in range(entries)],
    }
    body = json.dumps(batch, separators=(",", ":")).encode()
    return body, "sha256=" + hmac.new(SECRET.encode(), body, hashlib.sha256).hexdigest()


def count(posts: Iterable[Post]) -> int:
    """Count the updates in requests."""
    return sum(body.count(b'"timestamp"') for body, _ in posts)


def save(posts: Iterable[Post], path: Path) -> None:
    """Write requests to a file, one to a line."""
    with path.open("w") as file:
        file.writelines(json.dumps([body.decode(), signature]) + "\n" for body, signature in posts)


def load(path: Path) -> Iterator[Post]:
    """Read requests from a file."""
    with path.open() as file:
        for line in file:
            body, signature = json.loads(line)
            yield body.encode(), signature
