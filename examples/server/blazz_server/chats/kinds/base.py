"""What all kinds of messages share: strict fields, and the files that they name."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field

from blazz.messages import MediaId, Message, Upload

MediaName = Annotated[
    str,
    Field(
        pattern=r"^[A-Za-z0-9_.:-]{1,256}$",
        description="What uploading a file or receiving one gave.",
        examples=["1037543291543636"],
    ),
]
Link = Annotated[
    str,
    Field(
        pattern=r"^https?://[^\s/?#]+\S*$",
        max_length=2048,
        description="An address that starts with https:// or http://.",
        examples=["https://example.com/cat.jpg"],
    ),
]
Sources: TypeAlias = Mapping[str, MediaId | Upload]
"""Where the content of files is, by their id or link; what is missing is named as it is."""


class Part(BaseModel):
    """A part of a message; fields that nobody knows are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Kind(Part):
    """A kind of message."""

    def media_ids(self) -> tuple[str, ...]:
        """The files that it names by their ids."""
        return ()

    def links(self) -> tuple[str, ...]:
        """The files that it names by their links."""
        return ()

    def value(self, sources: Sources) -> Message:
        """Make what blazz sends.

        Args:
            sources: What stands for a file.

        Raises:
            InvalidValue: A limit of WhatsApp is broken.
        """
        raise NotImplementedError
