"""The webhook fixtures: hand-made, synthetic examples of every kind of update."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parents[4] / "fixtures" / "webhooks"

NAMES = sorted(str(path.relative_to(FOLDER).with_suffix("")) for path in FOLDER.rglob("*.json"))


def body(name: str) -> bytes:
    """The fixture's webhook body."""
    return (FOLDER / f"{name}.json").read_bytes()


def items(document: Any) -> int:
    """How many updates a batch holds, counted without the parser."""
    ours = document.get("object", "whatsapp_business_account") == "whatsapp_business_account"
    return sum(1 for entry in document["entry"] for _ in _items_of_entry(entry, ours=ours))


def _items_of_entry(entry: Any, *, ours: bool) -> Iterator[Any]:
    changes = entry.get("changes") if isinstance(entry, dict) else None
    if not isinstance(changes, list) or not changes:
        yield entry
        return
    for change in changes:
        yield from _items_of_change(change) if ours else [change]


def _items_of_change(change: Any) -> Iterator[Any]:
    if not isinstance(change, dict):
        yield change
        return
    field, value = change.get("field"), change.get("value")
    if not isinstance(field, str) or not isinstance(value, dict) or field not in WITH_LISTS:
        yield change
        return
    if field == "standby" and isinstance(value.get("standby"), dict) and value["standby"]:
        value = value["standby"]
    found = {name: part for name, part in value.items() if name not in ABOUT_ALL}
    for name, part in found.items():
        yield from part if name in WITH_LISTS[field] and isinstance(part, list) and part else [part]
    if not found:
        yield value


ABOUT_ALL = {"messaging_product", "metadata", "contacts"}
GROUPS = {"groups", "errors"}
ECHOES = {"message_echoes", "errors"}
WITH_LISTS: dict[str, set[str]] = {
    "automatic_events": {"automatic_events", "errors"},
    "calls": {"calls", "statuses", "errors"},
    "group_lifecycle_update": GROUPS,
    "group_participant_update": GROUPS,
    "group_participants_update": GROUPS,
    "group_settings_update": GROUPS,
    "group_status_update": GROUPS,
    "history": {"history", "messages", "message_echoes", "errors"},
    "message_echoes": ECHOES,
    "messages": {"messages", "statuses", "errors", "user_actions", "conversation_context"},
    "smb_app_state_sync": {"state_sync", "errors"},
    "smb_message_echoes": ECHOES,
    "standby": {"messages", "statuses", "message_echoes", "errors", "conversation_context"},
    "user_id_update": {"user_id_update", "errors"},
    "user_preferences": {"user_preferences", "errors"},
}
