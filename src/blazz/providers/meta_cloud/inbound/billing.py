"""What a delivered message costs: an update beside its status, the same for every status of it."""

from __future__ import annotations

from blazz.events.base import Event
from blazz.events.statuses import StatusChanged
from blazz.events.usage import billed
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, Unreadable, inner

_ARRIVED = frozenset({"delivered", "read", "played"})
_PREFIX = "status:"


def charge(status: CloudUpdate) -> CloudUpdate | None:
    """Find what is to be paid for in a status; None if nothing, or not yet.

    Its key is that of the message, in a group of the message and the member: however many statuses
    name the price, it counts once.
    """
    item = status.item
    name, pricing = item.get("status"), _pricing(item)
    if type(name) is not str or name not in _ARRIVED or pricing is None:
        return None
    kind = pricing.get("type")
    if (kind != "regular") if type(kind) is str else (pricing.get("billable") is not True):
        return None
    if not status.key.startswith(_PREFIX):
        return None  # it names no message
    message = status.key[len(_PREFIX) :].replace(f":{name}:", ":").removesuffix(":")

    def build(_: Json, update: CloudUpdate) -> Event:
        event = status.event()
        cost = billed(event, update.key) if isinstance(event, StatusChanged) else None
        if cost is None:
            raise Unreadable("the status names no price")
        return cost

    return CloudUpdate(f"usage:{message}", None, status.change, item, build)


def _pricing(item: Json) -> Json | None:
    """Find the price, which the guide to groups shows inside of the conversation."""
    pricing = item.get("pricing") or inner(item, "conversation").get("pricing")
    return pricing if type(pricing) is dict and pricing else None
