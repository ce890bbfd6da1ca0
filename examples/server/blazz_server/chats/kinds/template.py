"""Templates: messages that Meta approved beforehand, with parameters to fill in."""

from __future__ import annotations

from typing import Annotated, Any, Literal, TypeAlias

from pydantic import ConfigDict, Field

from blazz.messages import (
    CopyCode,
    Currency,
    DateTime,
    Location,
    OpenCatalog,
    OpenFlow,
    Parameter,
    QuickReply,
    Template,
    TemplateButton,
    TemplateHeader,
    UrlSuffix,
)
from blazz_server.chats.kinds.base import Kind, Part, Sources
from blazz_server.chats.kinds.interactive import HeaderDocument, HeaderImage, HeaderVideo
from blazz_server.chats.kinds.media import FileMessage

FilledText = Annotated[str, Field(min_length=1, max_length=32768, pattern=r"^[^\n\r\t]+$")]
ParameterName = Annotated[str, Field(pattern=r"^[a-z0-9_]{1,64}$")]
Place = Annotated[int, Field(ge=0, le=9, description="The button's place in the template.")]


class CurrencyParameter(Part):
    """An amount of money: `amount_1000` is the amount times 1000."""

    type: Literal["currency"]
    fallback: FilledText
    code: Annotated[str, Field(pattern=r"^[A-Z]{3}$", examples=["IDR"])]
    amount_1000: Annotated[int, Field(ge=-(2**31), lt=2**31)]

    def value(self) -> Currency:
        """Make the amount."""
        return Currency(self.fallback, self.code, self.amount_1000)


class DateTimeParameter(Part):
    """A point in time as text."""

    type: Literal["date_time"]
    fallback: FilledText

    def value(self) -> DateTime:
        """Make the time."""
        return DateTime(self.fallback)


Filling: TypeAlias = FilledText | CurrencyParameter | DateTimeParameter


class HeaderParameter(Part):
    """The parameter of a text header, by its name."""

    type: Literal["text"]
    name: ParameterName
    text: Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[^\n\r\t]+$")]


class HeaderLocation(Part):
    """A place as header."""

    type: Literal["location"]
    latitude: Annotated[float, Field(ge=-90, le=90, allow_inf_nan=False)]
    longitude: Annotated[float, Field(ge=-180, le=180, allow_inf_nan=False)]
    name: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    address: Annotated[str, Field(min_length=1, max_length=1000)] | None = None


Head: TypeAlias = Annotated[
    HeaderImage | HeaderVideo | HeaderDocument | HeaderParameter | HeaderLocation,
    Field(discriminator="type"),
]


class QuickReplyButton(Part):
    """What a quick-reply button sends back."""

    type: Literal["quick_reply"]
    payload: Annotated[str, Field(min_length=1, max_length=256)]
    index: Place | None = None

    def value(self) -> TemplateButton:
        """Make the button."""
        return QuickReply(self.payload, index=self.index)


class UrlButton(Part):
    """What is put at the end of a button's link."""

    type: Literal["url"]
    text: Annotated[str, Field(min_length=1, max_length=2000, pattern=r"^\S+$")]
    index: Place | None = None

    def value(self) -> TemplateButton:
        """Make the button."""
        return UrlSuffix(self.text, index=self.index)


class CopyCodeButton(Part):
    """The code that a tap copies."""

    type: Literal["copy_code"]
    code: Annotated[str, Field(min_length=1, max_length=20)]
    index: Place | None = None

    def value(self) -> TemplateButton:
        """Make the button."""
        return CopyCode(self.code, index=self.index)


class FlowButton(Part):
    """What a button gives to the Flow that it opens."""

    type: Literal["flow"]
    token: Annotated[str, Field(min_length=1, max_length=1000)] | None = None
    data: dict[str, Any] | None = None
    index: Place | None = None

    def value(self) -> TemplateButton:
        """Make the button."""
        return OpenFlow(self.token, data=self.data, index=self.index)


class CatalogButton(Part):
    """The product whose picture stands on a button that opens the catalogue."""

    type: Literal["catalog"]
    thumbnail: Annotated[str, Field(min_length=1, max_length=256)] | None = None
    index: Place | None = None

    def value(self) -> TemplateButton:
        """Make the button."""
        return OpenCatalog(self.thumbnail, index=self.index)


FilledButton: TypeAlias = Annotated[
    QuickReplyButton | UrlButton | CopyCodeButton | FlowButton | CatalogButton,
    Field(discriminator="type"),
]


class TemplateMessage(Kind):
    """A template that Meta approved, by its name and language."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "type": "template",
                    "name": "promo",
                    "language": "id",
                    "body": ["Budi", "HEMAT10"],
                }
            ]
        }
    )
    type: Literal["template"]
    name: Annotated[str, Field(pattern=r"^[a-z0-9_]{1,512}$")]
    language: Annotated[str, Field(pattern=r"^[a-z]{2,3}(_[A-Z]{2})?$")]
    header: Annotated[str, Field(min_length=1, max_length=60)] | Head | None = None
    body: (
        Annotated[list[Filling], Field(max_length=100)]
        | Annotated[dict[ParameterName, Filling], Field(max_length=100)]
    ) = Field(default_factory=list)
    buttons: Annotated[list[FilledButton], Field(max_length=10)] = Field(default_factory=list)

    def media_ids(self) -> tuple[str, ...]:
        """The file of the header."""
        return self.header.media_ids() if isinstance(self.header, FileMessage) else ()

    def links(self) -> tuple[str, ...]:
        """The link of the header's file."""
        return self.header.links() if isinstance(self.header, FileMessage) else ()

    def value(self, sources: Sources) -> Template:
        """Make the template."""
        return Template(
            self.name,
            language=self.language,
            header=_header(self.header, sources),
            body=(
                {name: _filled(it) for name, it in self.body.items()}
                if isinstance(self.body, dict)
                else [_filled(it) for it in self.body]
            ),
            buttons=[button.value() for button in self.buttons],
        )


def _filled(value: Filling) -> Parameter:
    return value if isinstance(value, str) else value.value()


def _header(header: str | Head | None, sources: Sources) -> TemplateHeader | None:
    if header is None or isinstance(header, str):
        return header
    if isinstance(header, HeaderParameter):
        return {header.name: header.text}
    if isinstance(header, HeaderLocation):
        return Location(header.latitude, header.longitude, name=header.name, address=header.address)
    return header.value(sources)
