"""What a delivered message costs: an update beside its status, the same for every status of it."""

from __future__ import annotations

from functools import partial

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
    item = status.item
    name = item.get("status")
    if type(name) is not str or name not in _ARRIVED:
        return None
    pricing = item.get("pricing") or inner(item, "conversation").get("pricing")  # in a group
    if type(pricing) is not dict or not pricing:
        return None
    kind = pricing.get("type")
    if kind != "regular" and (type(kind) is str or pricing.get("billable") is not True):
        return None
    of_status = status.key.removeprefix("status:")
    if of_status == status.key:
        return None  # it names no message
    end = f":{name}:"
    message = of_status.removesuffix(end)
    if message == of_status:  # a member follows
        message = of_status.replace(end, ":")
    return CloudUpdate("usage:" + message, None, status.change, item, partial(_cost, status))


def _cost(status: CloudUpdate, _: Json, update: CloudUpdate) -> Event:
    """Read what is to be paid; bound to the status that says it."""
    event = status.event()
    cost = billed(event, update.key) if isinstance(event, StatusChanged) else None
    if cost is None:
        raise Unreadable("the status names no price")
    return cost
