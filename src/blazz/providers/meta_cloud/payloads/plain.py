"""Text, locations and reactions."""

from __future__ import annotations

from typing import Any

from blazz.messages import Location, Reaction, Text


def text(message: Text) -> dict[str, Any]:
    """The `text` object."""
    return {"body": message.body, "preview_url": message.preview_url}


def location(message: Location) -> dict[str, Any]:
    """The `location` object."""
    place: dict[str, Any] = {"latitude": message.latitude, "longitude": message.longitude}
    if message.name is not None:
        place["name"] = message.name
    if message.address is not None:
        place["address"] = message.address
    return place


def reaction(message: Reaction) -> dict[str, Any]:
    """The `reaction` object; an empty emoji takes the reaction back."""
    return {"message_id": message.message_id, "emoji": message.emoji}
