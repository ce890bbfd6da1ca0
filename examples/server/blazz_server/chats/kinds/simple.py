"""Texts, places, polls and reactions."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import ConfigDict, Field

from blazz.messages import Location, Message, Poll, Reaction, Text
from blazz_server.chats.kinds.base import Kind, Sources


class TextMessage(Kind):
    """A text; WhatsApp's own formatting (`*bold*`, `_italic_`) works."""

    model_config = ConfigDict(
        json_schema_extra={"examples": [{"type": "text", "body": "Halo Budi"}]}
    )
    type: Literal["text"]
    body: Annotated[str, Field(min_length=1, max_length=4096)]
    preview_url: bool = True

    def value(self, sources: Sources) -> Message:
        """Make the text."""
        return Text(self.body, preview_url=self.preview_url)


class LocationMessage(Kind):
    """A place on the map, in degrees."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {"type": "location", "latitude": -6.1754, "longitude": 106.8272, "name": "Monas"}
            ]
        }
    )
    type: Literal["location"]
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    name: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    address: Annotated[str, Field(min_length=1, max_length=1000)] | None = None

    def value(self, sources: Sources) -> Message:
        """Make the place."""
        return Location(self.latitude, self.longitude, name=self.name, address=self.address)


class PollMessage(Kind):
    """A question with two to twelve choices (WhatsApp Web)."""

    type: Literal["poll"]
    question: Annotated[str, Field(min_length=1, max_length=255)]
    choices: Annotated[
        list[Annotated[str, Field(min_length=1, max_length=100)]],
        Field(min_length=2, max_length=12),
    ]
    most: Annotated[
        int, Field(ge=0, le=12, description="How many may be chosen; 0: any number.")
    ] = 1

    def value(self, sources: Sources) -> Message:
        """Make the poll."""
        return Poll(self.question, self.choices, most=self.most)


class ReactionMessage(Kind):
    """An emoji on a message; an empty one takes the reaction back."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [{"type": "reaction", "message_id": "wamid.HBgN", "emoji": "👍"}]
        }
    )
    type: Literal["reaction"]
    message_id: Annotated[str, Field(min_length=1, max_length=256)]
    emoji: Annotated[str, Field(max_length=30)]

    def value(self, sources: Sources) -> Message:
        """Make the reaction."""
        return Reaction(self.message_id, self.emoji)
