"""Messages as JSON and back, for ledgers, queues and files.

    >>> from blazz.messages import Text
    >>> to_json(Text("Halo"))
    '{"type":"text","version":1,"body":"Halo"}'
    >>> from_json(to_json(Text("Halo"))) == Text("Halo")
    True

The same message always gives the same JSON. What it is made of carries its `type`; fields that have
their default are left out. Reading checks every limit again, so JSON from elsewhere does no harm.
"""

from __future__ import annotations

import base64
import dataclasses
import json
from collections.abc import Callable
from datetime import date
from pathlib import Path, PurePath
from typing import Any, Final, TypeAlias

from blazz.errors import InvalidValue
from blazz.messages import contacts, interactive, media, template
from blazz.messages.base import Message, check_kind
from blazz.messages.frozen import FrozenMapping
from blazz.messages.location import Location
from blazz.messages.poll import Poll
from blazz.messages.reaction import Reaction
from blazz.messages.text import Text

VERSION: Final = 1
"""The version of the format; a reader refuses a higher one."""

_Json: TypeAlias = dict[str, Any]

_TYPES: Final[dict[str, type]] = {
    "text": Text,
    "image": media.Image,
    "video": media.Video,
    "audio": media.Audio,
    "voice": media.Voice,
    "document": media.Document,
    "sticker": media.Sticker,
    "media_id": media.MediaId,
    "upload": media.Upload,
    "location": Location,
    "contacts": contacts.Contacts,
    "contact_card": contacts.ContactCard,
    "contact_name": contacts.ContactName,
    "contact_phone": contacts.ContactPhone,
    "contact_email": contacts.ContactEmail,
    "contact_url": contacts.ContactUrl,
    "contact_address": contacts.ContactAddress,
    "organization": contacts.Organization,
    "poll": Poll,
    "reaction": Reaction,
    "buttons": interactive.Buttons,
    "button": interactive.Button,
    "list": interactive.List,
    "section": interactive.Section,
    "row": interactive.Row,
    "call_to_action": interactive.CallToAction,
    "template": template.Template,
    "currency": template.Currency,
    "date_time": template.DateTime,
    "quick_reply": template.QuickReply,
    "url_suffix": template.UrlSuffix,
    "copy_code": template.CopyCode,
    "open_flow": template.OpenFlow,
    "open_catalog": template.OpenCatalog,
}
_TAGS: Final = {kind: tag for tag, kind in _TYPES.items()}


def to_json(message: Message) -> str:
    """Write a message as JSON.

    Raises:
        InvalidValue: It is not one of the messages of `blazz.messages`.
    """
    check_kind("message", message, Message)
    tag = _TAGS.get(type(message))
    if tag is None:
        raise InvalidValue("message", "must be one of the messages of blazz.messages", message)
    tagged = {"type": tag, "version": VERSION, **_encode_fields(message)}
    return json.dumps(tagged, ensure_ascii=False, separators=(",", ":"))


def from_json(text: str | bytes) -> Message:
    """Read a message from JSON.

    Raises:
        InvalidValue: It is not JSON, of an unknown type or version, or breaks a limit.
    """
    try:
        body = json.loads(text)
        version = body.pop("version", VERSION) if isinstance(body, dict) else None
        message = _decode(body) if version == VERSION else None
    except InvalidValue:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidValue("message", f"must be JSON: {error}", text) from error
    if not isinstance(body, dict):
        raise InvalidValue("message", "must be a JSON object", text)
    if version != VERSION:
        raise InvalidValue("version", f"this blazz reads version {VERSION}", version)
    if not isinstance(message, Message):
        raise InvalidValue("type", "must be the type of a message", type(message).__name__)
    return message


def _encode(value: object) -> object:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, tuple):
        return [_encode(item) for item in value]
    tag = _TAGS.get(type(value))
    if tag is not None:
        return {"type": tag, **_encode_fields(value)}
    for kind, write in _WRITERS:
        if isinstance(value, kind):
            return write(value)
    raise InvalidValue("message", "must be made of the parts of blazz.messages", value)


def _encode_fields(value: object) -> _Json:
    present = {}
    for field in dataclasses.fields(value):  # type: ignore[arg-type] # each of _TYPES is one
        inner = getattr(value, field.name)
        if inner != field.default:
            present[field.name] = _encode(inner)
    return present


def _decode(value: object) -> object:
    if isinstance(value, list):
        return [_decode(item) for item in value]
    if not isinstance(value, dict):
        return value
    tag = value.pop("type", None)
    if not isinstance(tag, str) or (tag not in _TYPES and tag not in _READERS):
        raise InvalidValue("type", "is none that blazz knows", tag)
    try:
        if tag in _READERS:
            return _READERS[tag](value)
        fields = {name: _decode(inner) for name, inner in value.items()}
        return _TYPES[tag](**fields)
    except InvalidValue:
        raise
    except (KeyError, TypeError, ValueError) as error:
        raise InvalidValue(tag, f"cannot be read: {error}", value) from error


# A mapping is written in pairs, because a key may be "type", and sorted, because mappings with the
# same entries must give the same JSON.
_WRITERS: Final[list[tuple[type, Callable[[Any], _Json]]]] = [
    (
        FrozenMapping,
        lambda mapping: {
            "type": "mapping",
            "entries": [[key, _encode(mapping[key])] for key in sorted(mapping)],
        },
    ),
    (bytes, lambda data: {"type": "bytes", "base64": base64.b64encode(data).decode()}),
    (PurePath, lambda path: {"type": "path", "path": str(path)}),
    (date, lambda day: {"type": "date", "date": day.isoformat()}),
]
_READERS: Final[dict[str, Callable[[_Json], object]]] = {
    "mapping": lambda body: FrozenMapping({key: _decode(item) for key, item in body["entries"]}),
    "bytes": lambda body: base64.b64decode(body["base64"], validate=True),
    "path": lambda body: Path(body["path"]),
    "date": lambda body: date.fromisoformat(body["date"]),
}
