"""Messages that are answered by tapping: reply buttons, a list, a link button."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

from pydantic import ConfigDict, Field

from blazz.messages import (
    Button,
    Buttons,
    CallToAction,
    Document,
    Header,
    Image,
    List,
    Message,
    Row,
    Section,
    Video,
)
from blazz_server.chats.kinds.base import Kind, Link, Part, Sources
from blazz_server.chats.kinds.media import FileMessage, Filename

HeaderText = Annotated[str, Field(min_length=1, max_length=60)]
Footer = Annotated[str, Field(min_length=1, max_length=60)]
ShortBody = Annotated[str, Field(min_length=1, max_length=1024)]


class HeaderImage(FileMessage):
    """An image above a text."""

    type: Literal["image"]

    def value(self, sources: Sources) -> Image:
        """Make the image."""
        return Image(self.source(sources))


class HeaderVideo(FileMessage):
    """A video above a text."""

    type: Literal["video"]

    def value(self, sources: Sources) -> Video:
        """Make the video."""
        return Video(self.source(sources))


class HeaderDocument(FileMessage):
    """A document above a text."""

    type: Literal["document"]
    filename: Filename | None = None

    def value(self, sources: Sources) -> Document:
        """Make the document."""
        return Document(self.source(sources), filename=self.filename)


HeaderFile: TypeAlias = Annotated[
    HeaderImage | HeaderVideo | HeaderDocument, Field(discriminator="type")
]


class _WithHeader(Kind):
    header: HeaderText | HeaderFile | None = None

    def media_ids(self) -> tuple[str, ...]:
        """The file of the header."""
        return self.header.media_ids() if isinstance(self.header, FileMessage) else ()

    def links(self) -> tuple[str, ...]:
        """The link of the header's file."""
        return self.header.links() if isinstance(self.header, FileMessage) else ()

    def header_value(self, sources: Sources) -> Header | None:
        """Make the header."""
        return (
            self.header
            if self.header is None or isinstance(self.header, str)
            else (self.header.value(sources))
        )


class ReplyButton(Part):
    """A reply button; its id comes back when it is tapped."""

    id: Annotated[str, Field(min_length=1, max_length=256)]
    title: Annotated[str, Field(min_length=1, max_length=20)]


class ButtonsMessage(_WithHeader):
    """A text with one to three reply buttons."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "buttons",
                    "body": "Shall we deliver today?",
                    "buttons": [{"id": "yes", "title": "Yes"}, {"id": "no", "title": "No"}],
                }
            ]
        }
    )
    type: Literal["buttons"]
    body: ShortBody
    buttons: Annotated[list[ReplyButton], Field(min_length=1, max_length=3)]
    footer: Footer | None = None

    def value(self, sources: Sources) -> Message:
        """Make the text and its buttons."""
        return Buttons(
            self.body,
            [Button(it.id, it.title) for it in self.buttons],
            header=self.header_value(sources),
            footer=self.footer,
        )


class ListRow(Part):
    """A choice in a list."""

    id: Annotated[str, Field(min_length=1, max_length=200)]
    title: Annotated[str, Field(min_length=1, max_length=24)]
    description: Annotated[str, Field(min_length=1, max_length=72)] | None = None


class ListSection(Part):
    """A group of rows; its title may only be missing if it is the sole one."""

    title: Annotated[str, Field(min_length=1, max_length=24)] | None = None
    rows: Annotated[list[ListRow], Field(min_length=1, max_length=10)]


class ListMessage(Kind):
    """A text with a button that opens a list to choose one row from."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "list",
                    "body": "What may it be?",
                    "button": "Menu",
                    "sections": [{"rows": [{"id": "soto", "title": "Soto ayam"}]}],
                }
            ]
        }
    )
    type: Literal["list"]
    body: Annotated[str, Field(min_length=1, max_length=4096)]
    button: Annotated[str, Field(min_length=1, max_length=20)]
    sections: Annotated[list[ListSection], Field(min_length=1, max_length=10)]
    header: HeaderText | None = None
    footer: Footer | None = None

    def value(self, sources: Sources) -> Message:
        """Make the text and its list."""
        sections = [
            Section(part.title, [Row(it.id, it.title, it.description) for it in part.rows])
            for part in self.sections
        ]
        return List(self.body, self.button, sections, header=self.header, footer=self.footer)


class CallToActionMessage(_WithHeader):
    """A text with a button that opens a link."""

    type: Literal["call_to_action"]
    body: ShortBody
    text: Annotated[str, Field(min_length=1, max_length=20, examples=["Track"])]
    url: Link
    footer: Footer | None = None

    def value(self, sources: Sources) -> Message:
        """Make the text and its button."""
        return CallToAction(
            self.body,
            self.text,
            self.url,
            header=self.header_value(sources),
            footer=self.footer,
        )
