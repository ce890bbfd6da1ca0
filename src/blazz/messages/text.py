"""Plain text messages."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from blazz.messages.base import Message, check_kind, check_text


@dataclass(frozen=True, slots=True)
class Text(Message):
    """A text of up to 4096 characters; WhatsApp's own formatting (`*bold*`, `_italic_`) works.

    Attributes:
        body: The text.
        preview_url: Show a preview of the first link in it.

    Raises:
        InvalidValue: The body is empty or too long.

    Example:
        >>> Text("Halo Budi").body
        'Halo Budi'
    """

    capability: ClassVar[str] = "text"
    body: str
    preview_url: bool = True

    def __post_init__(self) -> None:
        check_text("Text.body", self.body, longest=4096)
        check_kind("Text.preview_url", self.preview_url, bool)
