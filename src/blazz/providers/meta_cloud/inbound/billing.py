"""What a delivered message costs: an update beside its status, the same for every status of it."""

from __future__ import annotations

from blazz.events.base import Event
from blazz.events.statuses import StatusChanged
from blazz.events.usage import billed
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, Unreadable, inner

_ARRIVED = frozenset({"delivered", "read", "played"})


def charge(status: CloudUpdate) -> CloudUpdate | None:
    """Find what is to be paid for in a status; None if nothing, or not yet.

    Its key is that of the message, in a group of the message and the member: however many statuses
    name the price, it counts once.
    """
    item, key = status.item, status.key
    name = item.get("status")
    if type(name) is not str or name not in _ARRIVED:
        return None
    pricing = item.get("pricing") or inner(item, "conversation").get("pricing")  # in a group
    if type(pricing) is not dict or not pricing:
        return None
    kind = pricing.get("type")
    if kind != "regular" and (type(kind) is str or pricing.get("billable") is not True):
        return None
    if not key.startswith("status:"):
        return None  # it names no message
    end = f":{name}:"
    message = key[7 : -len(end)] if key.endswith(end) else key[7:].replace(end, ":")

    def build(_: Json, update: CloudUpdate) -> Event:
        event = status.event()
        cost = billed(event, update.key) if isinstance(event, StatusChanged) else None
        if cost is None:
            raise Unreadable("the status names no price")
        return cost

    return CloudUpdate("usage:" + message, None, status.change, item, build)
