"""Hypothesis strategies for every message, over the whole of what its limits allow."""

from __future__ import annotations

from pathlib import Path
from string import ascii_letters, digits

from hypothesis import strategies as st

from blazz.messages import (
    Audio,
    Button,
    Buttons,
    CallToAction,
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactName,
    ContactPhone,
    Contacts,
    ContactUrl,
    CopyCode,
    Currency,
    DateTime,
    Document,
    Image,
    List,
    Location,
    MediaId,
    Message,
    OpenCatalog,
    OpenFlow,
    Organization,
    QuickReply,
    Reaction,
    Row,
    Section,
    Sticker,
    Template,
    Text,
    Upload,
    UrlSuffix,
    Video,
    Voice,
)

Strategy = st.SearchStrategy


def messages(*, without: str = "") -> Strategy[Message]:
    """Any message; no text in it has one of the characters in `without`."""

    def text(most: int = 30, least: int = 1) -> Strategy[str]:
        # Half of a surrogate pair is no character, and a text must not be blank.
        characters = st.characters(exclude_categories=["Cs"], exclude_characters=without)
        filler = st.text(characters, min_size=max(0, least - 1), max_size=min(most, 30) - 1)
        return st.builds(lambda rest: f"x{rest}", filler) if least else filler

    def optional(most: int = 30) -> Strategy[str | None]:
        return st.none() | text(most)

    slug = st.text(ascii_letters + digits, min_size=1, max_size=12)
    email = slug.map("{}@x.example".format)
    label = st.none() | st.sampled_from(["HOME", "WORK", "CELL"])
    index = st.none()
    media_id = slug.map(MediaId)
    link = slug.map(lambda end: f"https://example.com/{end}")
    filename = slug.map(lambda name: f"{name}.bin")
    path = slug.map(lambda name: Path("media") / f"{name}.bin")

    def source(mime_type: str) -> Strategy[object]:
        content = st.binary(min_size=1, max_size=40)
        return media_id | link | path | st.builds(Upload, content, st.just(mime_type), filename)

    image_source, video_source = source("image/png"), source("video/mp4")
    document = st.builds(
        Document, source("text/plain"), optional(1024), filename=st.none() | filename
    )
    media_header = (
        st.builds(Image, image_source)
        | st.builds(Video, video_source)
        | st.builds(Document, source("text/plain"), filename=st.none() | filename)
    )
    header = text(60) | media_header
    degrees = st.floats(-90, 90)
    location = st.builds(Location, degrees, degrees, optional(), optional())
    button = st.builds(Button, slug, text(20))
    row = st.builds(Row, slug, text(24), optional(72))
    card = st.builds(
        ContactCard,
        text() | st.builds(ContactName, text(), *[optional()] * 5),
        phones=st.lists(text() | st.builds(ContactPhone, text(), label), max_size=2),
        emails=st.lists(st.builds(ContactEmail, email, label), max_size=2),
        urls=st.lists(st.builds(ContactUrl, link, label), max_size=2),
        addresses=st.lists(st.builds(ContactAddress, city=text(), zip=optional()), max_size=2),
        org=st.none() | st.builds(Organization, company=text(), title=optional()),
        birthday=st.none() | st.dates(),
    )
    # What fills a template in has no newline and no tab.
    line = text(60).map(lambda value: " ".join(value.split()))
    line_header = line | media_header | location
    parameter = (
        line
        | st.builds(Currency, line, st.just("IDR"), st.integers(-(2**31), 2**31 - 1))
        | st.builds(DateTime, line)
    )
    numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    json_value = st.recursive(
        st.none() | st.booleans() | numbers | text(least=0),
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text(), inner, max_size=3),
        max_leaves=5,
    )
    data = st.dictionaries(text(), json_value, max_size=3)
    name = st.text("abc_0", min_size=1, max_size=8)
    template_button = st.one_of(
        st.builds(QuickReply, text(256), index),
        st.builds(UrlSuffix, slug, index),
        st.builds(CopyCode, text(20), index),
        st.builds(OpenFlow, optional(), st.none() | data, index),
        st.builds(OpenCatalog, optional(), index),
    )
    template = st.builds(
        Template,
        name,
        language=st.sampled_from(["id", "en_US", "fil"]),
        header=st.none() | line_header | st.dictionaries(name, line, min_size=1, max_size=1),
        body=st.lists(parameter, max_size=4) | st.dictionaries(name, parameter, max_size=4),
        buttons=st.lists(template_button, max_size=4),
    )
    sections = st.lists(
        st.builds(Section, text(24), st.lists(row, min_size=1, max_size=3)), min_size=1, max_size=3
    )
    return st.one_of(
        st.builds(Text, text(4096), st.booleans()),
        st.builds(Image, image_source, optional(1024)),
        st.builds(Video, video_source, optional(1024)),
        st.builds(Audio, source("audio/aac")),
        st.builds(Voice, source("audio/ogg; codecs=opus")),
        document,
        st.builds(Sticker, source("image/webp")),
        location,
        st.builds(Contacts, st.lists(card, min_size=1, max_size=3)),
        st.builds(
            Reaction, text(), st.sampled_from(["", "\N{HEAVY BLACK HEART}", "1\ufe0f\u20e3"])
        ),
        st.builds(
            Buttons,
            text(1024),
            st.lists(button, min_size=1, max_size=3, unique_by=(_id, _title)),
            header=st.none() | header,
            footer=optional(60),
        ),
        st.builds(
            List,
            text(4096),
            text(20),
            sections.filter(_distinct_rows),
            header=optional(60),
            footer=optional(60),
        ),
        st.builds(
            CallToAction, text(1024), text(20), link, header=st.none() | header, footer=optional(60)
        ),
        template,
    )


def _id(button: Button) -> str:
    return button.id


def _title(button: Button) -> str:
    return button.title


def _distinct_rows(sections: list[Section]) -> bool:
    ids = [row.id for section in sections for row in section.rows]
    return len(set(ids)) == len(ids) <= 10
