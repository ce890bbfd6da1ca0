"""Split a webhook batch into its updates: every entry, every change, every item."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.providers.meta_cloud.inbound.change import Build, Change, CloudUpdate, hashed, update_of
from blazz.providers.meta_cloud.inbound.decoding import TooDeep, decode
from blazz.providers.meta_cloud.inbound.reading import Json
from blazz.providers.meta_cloud.inbound.registry import ENVELOPE, INSIDE, LISTS, WHOLE

_OBJECT = "whatsapp_business_account"

_Add: TypeAlias = Callable[[CloudUpdate], None]


def parse(body: bytes) -> list[CloudUpdate]:
    """Split a webhook batch into its updates, in the order of the body.

    Each item of each list of each change of each entry is an update of its own, and so is
    everything that is not understood: nothing is dropped. Only keys and conversations are made
    here; events are built when they are asked for.

    Raises:
        WebhookError: The body is not JSON, or not an object with a list of entries.
    """
    try:
        batch = decode(body)
    except TooDeep:
        return [_too_deep(body)]
    entries = batch.get("entry") if type(batch) is dict else None
    if type(entries) is not list:
        raise WebhookError("The webhook's body is not an object with a list of entries.")
    updates: list[CloudUpdate] = []
    # A URL can be subscribed to Instagram and Messenger, too, whose fields have the same names.
    ours = batch.get("object", _OBJECT) == _OBJECT
    for entry in entries:
        _outline_entry(entry, updates.append, ours=ours)
    return updates


def _outline_entry(entry: object, add: _Add, *, ours: bool) -> None:
    if type(entry) is not dict:
        _add_unknown(add, Change(None, {}, {}), {"entry": entry}, "the entry is not an object")
        return
    changes = entry.get("changes")
    if type(changes) is not list or not changes:
        _add_unknown(add, Change(None, {}, entry), entry, "the entry has no changes")
        return
    for change in changes:
        value = change.get("value") if type(change) is dict else None
        field = change.get("field") if type(change) is dict else None
        if type(value) is dict and type(field) is str:
            _outline_change(Change(field, value, entry, inside=INSIDE.get(field)), add, ours=ours)
        else:
            unnamed = Change(field if type(field) is str else None, {}, entry)
            _add_unknown(add, unnamed, {"change": change}, "the change has no field or no value")


def _outline_change(change: Change, add: _Add, *, ours: bool) -> None:
    field = change.field or ""
    if not ours:
        _add_unknown(add, change, change.value, "it is not about WhatsApp")
    elif field in LISTS:
        _outline_lists(change, add)
    elif field in WHOLE:
        add(update_of(WHOLE[field], change.value, change, name=field))
    else:
        _add_unknown(add, change, change.value, "this field is not known")


def _outline_lists(change: Change, add: _Add) -> None:
    """Outline the items of every list; what stands beside the lists is not understood."""
    field = change.field or ""
    lists = LISTS[field]
    found = False
    for name, items in change.holder.items():
        if name in ENVELOPE:
            continue
        found = True
        kind = lists.get(name)
        if kind is None or type(items) is not list or not items:
            _add_unknown(add, change, {name: items}, f"{name[:40]} is not known in {field}")
            continue
        for item in items:
            if type(item) is dict:
                add(update_of(kind, item, change, name=name))
            else:
                _add_unknown(add, change, {name: [item]}, f"an item of {name} is not an object")
    if not found:
        _add_unknown(add, change, change.value, "it holds no update")


def _add_unknown(add: _Add, change: Change, item: Json, reason: str) -> None:
    add(CloudUpdate(hashed(change, "unknown", item), None, change, item, _because(reason)))


def _because(reason: str) -> Build:
    def build(_: Json, update: CloudUpdate) -> Event:
        return update.unknown(reason)

    return build


def _too_deep(body: bytes) -> CloudUpdate:
    item: Json = {"body": body.decode("utf-8")}
    change = Change(None, {}, {})
    reason = "it is nested too deeply to be read"
    return CloudUpdate(hashed(change, "unknown", item), None, change, item, _because(reason))
