"""What a phone writes, in WhatsApp Web's words: the content of each kind of message; pure."""

from __future__ import annotations

import mimetypes
import re
from collections.abc import Sequence
from typing import Any, Final

from blazz.sandbox.web.letters import Letter
from blazz.sandbox.web.media import StoredFile
from blazz.sandbox.web.refusals import WebRefusal

_MIME_TYPES: Final = {
    "image": "image/jpeg",
    "video": "video/mp4",
    "audio": "audio/mpeg",
    "voice": "audio/ogg; codecs=opus",
    "document": "application/octet-stream",
    "sticker": "image/webp",
}
_NOT_FORWARDED: Final = frozenset(
    {"quotedStanzaID", "quotedParticipant", "quotedMsg", "mentionedJidList"}
)


def check_kind(kind: str) -> None:
    """Make sure that there are files of this kind.

    Raises:
        WebRefusal: There are not.
    """
    if kind not in _MIME_TYPES:
        raise WebRefusal("no_such_kind", f"one of {', '.join(sorted(_MIME_TYPES))}")


def media(
    file: StoredFile,
    *,
    kind: str,
    mime_type: str | None,
    caption: str | None,
    filename: str | None,
) -> dict[str, Any]:
    """The content of a file's message; without a type, the name or else the kind tells one."""
    guessed = mimetypes.guess_type(filename)[0] if filename else None
    return {
        "mediaPath": file.id,
        "filehash": file.hash,
        "size": len(file.content),
        "mimetype": mime_type or guessed or _MIME_TYPES[kind],
        **given(caption=caption, filename=filename),
    }


def location(latitude: float, longitude: float, *, name: str | None) -> dict[str, Any]:
    """The content of a place."""
    return {"lat": latitude, "lng": longitude, **given(loc=name)}


def card(number: str, *, name: str) -> dict[str, Any]:
    r"""The content of somebody's card, as vCard 3.0.

    Example:
        >>> card("6281200000002", name="Budi; Jakarta")["body"].splitlines()[2]
        'N:;Budi\\; Jakarta;;;'
    """
    escaped = re.sub(r"([\\;,])", r"\\\1", name).replace("\n", "\\n")
    body = (
        f"BEGIN:VCARD\nVERSION:3.0\nN:;{escaped};;;\nFN:{escaped}\n"
        f"TEL;type=CELL;type=VOICE;waid={number}:+{number}\nEND:VCARD"
    )
    return {"body": body, "vcardFormattedName": name}


def poll(question: str, options: Sequence[str], *, most: int) -> dict[str, Any]:
    """The content of a poll."""
    return {
        "pollName": question,
        "pollOptions": [{"name": text, "localId": place} for place, text in enumerate(options)],
        "pollSelectableOptionsCount": most,
    }


def forwarded(letter: Letter) -> dict[str, Any]:
    """The content of a message that is sent on."""
    kept = {name: its for name, its in letter.content.items() if name not in _NOT_FORWARDED}
    score = int(kept.get("forwardingScore") or 0) + 1
    return {**kept, "isForwarded": True, "forwardingScore": score}


def quoting(quoted: Letter) -> dict[str, Any]:
    """What an answer has in addition: which message it answers."""
    return {
        "quotedStanzaID": quoted.id,
        "quotedParticipant": quoted.author,
        "quotedMsg": {"type": quoted.type, **given(body=quoted.body)},
    }


def given(**values: str | None) -> dict[str, str]:
    """Those that there are."""
    return {name: value for name, value in values.items() if value is not None}
