"""What can be sent."""

from __future__ import annotations

from blazz.messages.base import Message
from blazz.messages.contacts import (
    ContactAddress,
    ContactCard,
    ContactEmail,
    ContactName,
    ContactPhone,
    Contacts,
    ContactUrl,
    Organization,
)
from blazz.messages.interactive import (
    Button,
    Buttons,
    CallToAction,
    Header,
    List,
    Row,
    Section,
)
from blazz.messages.location import Location
from blazz.messages.media import (
    Audio,
    Document,
    Image,
    Media,
    MediaId,
    Source,
    Sticker,
    Upload,
    Video,
    Voice,
)
from blazz.messages.poll import Poll
from blazz.messages.reaction import Reaction
from blazz.messages.template import (
    CopyCode,
    Currency,
    DateTime,
    OpenCatalog,
    OpenFlow,
    Parameter,
    Parameters,
    QuickReply,
    Template,
    TemplateButton,
    TemplateHeader,
    UrlSuffix,
)
from blazz.messages.text import Text

__all__ = [
    "Audio",
    "Button",
    "Buttons",
    "CallToAction",
    "ContactAddress",
    "ContactCard",
    "ContactEmail",
    "ContactName",
    "ContactPhone",
    "ContactUrl",
    "Contacts",
    "CopyCode",
    "Currency",
    "DateTime",
    "Document",
    "Header",
    "Image",
    "List",
    "Location",
    "Media",
    "MediaId",
    "Message",
    "OpenCatalog",
    "OpenFlow",
    "Organization",
    "Parameter",
    "Parameters",
    "Poll",
    "QuickReply",
    "Reaction",
    "Row",
    "Section",
    "Source",
    "Sticker",
    "Template",
    "TemplateButton",
    "TemplateHeader",
    "Text",
    "Upload",
    "UrlSuffix",
    "Video",
    "Voice",
]
