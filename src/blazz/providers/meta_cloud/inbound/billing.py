"""What a delivered message costs: an update beside its status, the same for every status of it."""

from __future__ import annotations

from blazz.events.base import Event
from blazz.events.statuses import StatusChanged
from blazz.events.usage import billed
from blazz.providers.meta_cloud.inbound import statuses
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, Unreadable, inner

_ARRIVED = frozenset({"delivered", "read", "played"})


def charge(item: Json, change: Change) -> CloudUpdate | None:
    """Find what is to be paid for in a status; None if nothing, or not yet.

    Its key is that of the message, in a group of the message and the member: however many statuses
    name the price, it counts once.
    """
    status, pricing = item.get("status"), _pricing(item)
    if type(status) is not str or status not in _ARRIVED or pricing is None:
        return None
    kind = pricing.get("type")
    if (kind != "regular") if type(kind) is str else (pricing.get("billable") is not True):
        return None
    key, _ = statuses.identify(item, change)
    if key is None:
        return None
    key = f"usage:{key.removeprefix('status:').replace(f':{status}:', ':')}".removesuffix(":")
    return CloudUpdate(key, None, change, item, _build)


def _pricing(item: Json) -> Json | None:
    """Find the price, which the guide to groups shows inside of the conversation."""
    pricing = item.get("pricing") or inner(item, "conversation").get("pricing")
    return pricing if type(pricing) is dict and pricing else None


def _build(item: Json, update: CloudUpdate) -> Event:
    event = statuses.build(item, update)
    cost = billed(event) if isinstance(event, StatusChanged) else None
    if cost is None:
        raise Unreadable("the status names no price")
    return cost
