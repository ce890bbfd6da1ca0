"""Putting updates into webhook requests: shapes, bytes, signature; pure."""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from blazz.sandbox.settings import BatchShape

_LISTS: Final = ("statuses", "messages")


@dataclass(frozen=True, slots=True)
class Change:
    """One update, on its way into a webhook.

    Attributes:
        waba_id: The account, which becomes `entry.id`.
        field: The webhook field, such as `messages`.
        value: The value object.
        at: When it happened, in seconds since 1970; becomes `entry.time`. Meta tells it in
            webhooks about accounts and templates, not in those about messages.
    """

    waba_id: str
    field: str
    value: dict[str, Any]
    at: int | None = None

    def as_json(self) -> dict[str, Any]:
        """The change as Meta writes it."""
        return {"value": self.value, "field": self.field}


def assemble(changes: Sequence[Change], shape: BatchShape, dice: Random) -> dict[str, Any]:
    """Build the body of one webhook request; no update is lost, whatever the shape.

    Args:
        changes: The updates.
        shape: `changes`: an entry for each account, a change for each update. `entries`: an entry
            for each update. `values`: neighbouring statuses or messages of a number share a value.
            `mixed`: a mixture of these.
        dice: Chooses the mixture.

    Example:
        >>> pair = [Change("1", "messages", {"statuses": [n]}) for n in (1, 2)]
        >>> len(assemble(pair, "entries", Random(0))["entry"])
        2
        >>> assemble(pair, "values", Random(0))["entry"][0]["changes"][0]["value"]
        {'statuses': [1, 2]}
    """
    entries: list[dict[str, Any]] = []
    open_for: tuple[str, int | None] | None = None
    for change in changes:
        how = dice.choice(("changes", "entries", "values")) if shape == "mixed" else shape
        if (change.waba_id, change.at) != open_for or how == "entries":
            open_for = (change.waba_id, change.at)
            entries.append(_entry(change))
        elif how != "values" or not _merge(entries[-1]["changes"][-1], change):
            entries[-1]["changes"].append(change.as_json())
    return {"object": "whatsapp_business_account", "entry": entries}


def encode(body: dict[str, Any]) -> bytes:
    r"""Write a body as Meta does: no spaces, escaped Unicode, and `\/` for every slash.

    Example:
        >>> encode({"a": "é/"})
        b'{"a":"\\u00e9\\/"}'
    """
    return json.dumps(body, separators=(",", ":")).replace("/", "\\/").encode("ascii")


def signature(body: bytes, app_secret: str) -> str:
    """The value of `X-Hub-Signature-256`."""
    return "sha256=" + hmac.new(app_secret.encode(), body, hashlib.sha256).hexdigest()


def _entry(change: Change) -> dict[str, Any]:
    time = {} if change.at is None else {"time": change.at}
    return {"id": change.waba_id, **time, "changes": [change.as_json()]}


def _merge(last: dict[str, Any], change: Change) -> bool:
    """Move an update into the value before it, if both are of one kind and number."""
    value, other = last["value"], change.value
    if last["field"] != change.field or value.get("metadata") != other.get("metadata"):
        return False
    kinds = [name for name in _LISTS if name in value and name in other]
    if len(kinds) != 1 or ("contacts" in value) != ("contacts" in other):
        return False
    value[kinds[0]] = [*value[kinds[0]], *other[kinds[0]]]
    if "contacts" in value:
        value["contacts"] = [*value["contacts"], *other["contacts"]]
    return True
