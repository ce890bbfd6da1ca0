"""Split a webhook batch into its updates: every entry, every change, every item."""

from __future__ import annotations

from collections.abc import Mapping

from blazz.errors import WebhookError
from blazz.events.base import Event
from blazz.providers.meta_cloud.inbound.change import (
    Build,
    Change,
    CloudUpdate,
    Kind,
    hashed,
)
from blazz.providers.meta_cloud.inbound.decoding import TooDeep, decode
from blazz.providers.meta_cloud.inbound.reading import Json
from blazz.providers.meta_cloud.inbound.registry import ENVELOPE, LISTS, WHOLE

_OBJECT = "whatsapp_business_account"


def parse(body: bytes) -> list[CloudUpdate]:
    """Split a webhook batch into its updates, in the order of the body.

    Each item of each list of each change of each entry is an update of its own, and so is
    everything that is not understood: nothing is dropped. A status that names a price is followed
    by an update about what its message costs. Only keys and conversations are made
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
        changes = entry.get("changes") if type(entry) is dict else None
        if type(changes) is list and changes:
            for change in changes:
                _outline(change, entry, updates, ours=ours)
        else:
            nothing = Change(None, {}, entry if type(entry) is dict else {})
            _add_unknown(updates, nothing, {"entry": entry}, "the entry has no changes")
    return updates


def _outline(source: object, entry: Json, updates: list[CloudUpdate], *, ours: bool) -> None:
    """Outline one change."""
    field = value = None
    if type(source) is dict:
        field, value = source.get("field"), source.get("value")
    if type(field) is not str or type(value) is not dict:
        nothing = Change(None, {}, entry)
        _add_unknown(updates, nothing, {"change": source}, "the change has no field or no value")
        return
    change = Change(field, value, entry)
    lists = LISTS.get(field)
    if not ours:
        _add_unknown(updates, change, value, "it is not about WhatsApp")
    elif lists is not None:
        _outline_lists(change, lists, updates)
    elif field in WHOLE:
        kind = WHOLE[field]
        key, conversation = kind.identify(value, change)
        key = key or hashed(change, field, value)
        updates.append(CloudUpdate(key, conversation, change, value, kind.build))
    else:
        _add_unknown(updates, change, value, "this field is not known")


def _outline_lists(change: Change, lists: Mapping[str, Kind], updates: list[CloudUpdate]) -> None:
    """Outline the items of every list; what stands beside the lists is not understood."""
    found = False
    for name, value in change.holder.items():
        if name in ENVELOPE:
            continue
        found = True
        kind = lists.get(name)
        items = [value] if type(value) is dict else value
        if kind is None or type(items) is not list or not items:
            why = f"{name[:40]} is not known in {change.field}"
            _add_unknown(updates, change, {name: value}, why, beside=_envelope(change))
            continue
        identify, build, follow = kind.identify, kind.build, kind.follow
        for item in items:
            if type(item) is dict:
                key, conversation = identify(item, change)
                if key is None:
                    key = hashed(change, name, item)
                update = CloudUpdate(key, conversation, change, item, build)
                updates.append(update)
                if follow is not None and (another := follow(update)) is not None:
                    updates.append(another)
            else:
                why = f"an item of {name} is not an object"
                _add_unknown(updates, change, {name: [item]}, why)
    if not found:
        _add_unknown(updates, change, change.value, "it holds no update")


def _envelope(change: Change) -> Json:
    return {name: value for name, value in change.holder.items() if name in ENVELOPE}


def _add_unknown(
    updates: list[CloudUpdate],
    change: Change,
    item: Json,
    reason: str,
    *,
    beside: Json | None = None,
) -> None:
    """Keep what is not understood; `beside` may say whom it is about, but not what it is."""
    key = hashed(change, "unknown", item)
    item = item if beside is None else beside | item
    updates.append(CloudUpdate(key, None, change, item, _because(reason)))


def _because(reason: str) -> Build:
    def build(_: Json, update: CloudUpdate) -> Event:
        return update.unknown(reason)

    return build


def _too_deep(body: bytes) -> CloudUpdate:
    item: Json = {"body": body.decode("utf-8")}
    change = Change(None, {}, {})
    reason = "it is nested too deeply to be read"
    return CloudUpdate(hashed(change, "unknown", item), None, change, item, _because(reason))
