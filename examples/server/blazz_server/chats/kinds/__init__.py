"""What can be sent, as the API takes it: one model for each kind of message."""

from __future__ import annotations

from typing import Annotated, TypeAlias

from pydantic import Field

from blazz_server.chats.kinds.base import Kind, Sources
from blazz_server.chats.kinds.interactive import ButtonsMessage, CallToActionMessage, ListMessage
from blazz_server.chats.kinds.media import (
    AudioMessage,
    DocumentMessage,
    ImageMessage,
    StickerMessage,
    VideoMessage,
    VoiceMessage,
)
from blazz_server.chats.kinds.people import ContactsMessage
from blazz_server.chats.kinds.simple import (
    LocationMessage,
    PollMessage,
    ReactionMessage,
    TextMessage,
)
from blazz_server.chats.kinds.template import TemplateMessage

AnyMessage: TypeAlias = Annotated[
    TextMessage
    | ImageMessage
    | VideoMessage
    | AudioMessage
    | VoiceMessage
    | DocumentMessage
    | StickerMessage
    | LocationMessage
    | ContactsMessage
    | PollMessage
    | ReactionMessage
    | ButtonsMessage
    | ListMessage
    | CallToActionMessage
    | TemplateMessage,
    Field(discriminator="type"),
]
"""A message of any kind; `type` tells which."""

__all__ = [
    "AnyMessage",
    "Kind",
    "Sources",
    "TemplateMessage",
]
