"""How values are shown to people: words, times, colours. Pure; templates use them as filters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable
from datetime import UTC, datetime, tzinfo
from typing import Any, Final
from zlib import crc32
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

_TONES: Final = {
    "good": ("ready", "done", "delivered", "active", "live", "read", "linked", "connected"),
    "doubt": ("connecting", "reconnecting", "starting", "paused", "draining", "unknown", "moving"),
    "bad": ("logged_out", "banned", "outdated", "failed", "dead", "halted", "gone", "revoked"),
    "news": ("pairing", "sending", "importing", "pending", "running", "scheduled"),
}
_TONE_OF: Final = {word: tone for tone, words in _TONES.items() for word in words}
_BUSY: Final = frozenset(
    {"starting", "connecting", "reconnecting", "running", "importing", "pending"}
)
_PROVIDERS: Final = {"sandbox": "Sandbox", "cloud": "Cloud API", "web": "WhatsApp Web"}
_SHAPES: Final = {
    "clock": "%H:%M",
    "date": "%-d %b %Y",
    "day": "%A, %-d %B %Y",
    "list": "%-d %b",
    "short": "%-d %b %H:%M",
    "long": "%-d %b %Y %H:%M:%S",
    "ago": "%H:%M:%S",
}
_UNSAFE: Final = re.compile(r"[^A-Za-z0-9_-]")
_ZONE: Final = re.compile(r"[A-Za-z0-9_+-]+(/[A-Za-z0-9_+-]+){0,2}")
_MOST_EMOJI: Final = 6


def tone(state: object) -> str:
    """The colour of a state, and whether it is about to change.

    Example:
        >>> tone("ready"), tone("reconnecting"), tone("stopped")
        ('good', 'doubt busy', '')
    """
    word = str(state)
    return " ".join(filter(None, (_TONE_OF.get(word, ""), "busy" if word in _BUSY else "")))


def words(value: object) -> str:
    """A constant as words.

    Example:
        >>> words("logged_out_by_phone")
        'Logged out by phone'
    """
    text = str(value).replace("_", " ")
    return text[:1].upper() + text[1:]


def provider(kind: object) -> str:
    """What a kind of session is called."""
    return _PROVIDERS.get(str(kind), str(kind))


def moment(at: datetime, shape: str = "short", zone: tzinfo = UTC) -> str:
    """A time by the clock of a zone; scripts write times of day anew in the reader's.

    Example:
        >>> late = datetime(2030, 1, 2, 20, 4, tzinfo=UTC)
        >>> moment(late, "day"), moment(late, "day", ZoneInfo("Asia/Jakarta"))
        ('Wednesday, 2 January 2030', 'Thursday, 3 January 2030')
    """
    try:
        local = _utc(at).astimezone(zone)
    except OverflowError:  # at the ends of time
        local = _utc(at)
    return local.strftime(_SHAPES[shape])


def zone_named(name: str) -> tzinfo:
    """A time zone by the name that a browser gives; UTC if it is none.

    Example:
        >>> str(zone_named("Asia/Jakarta")), str(zone_named("../etc/passwd"))
        ('Asia/Jakarta', 'UTC')
    """
    try:
        return ZoneInfo(name) if _ZONE.fullmatch(name) else UTC
    except (ZoneInfoNotFoundError, ValueError, OSError):
        return UTC


def iso(at: datetime) -> str:
    """A time for machines."""
    return _utc(at).isoformat(timespec="milliseconds")


def span(seconds: float) -> str:
    """A length of time, roughly.

    Example:
        >>> span(42), span(600), span(9000)
        ('42 s', '10 min', '2.5 h')
    """
    if seconds < 100:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 6000 else f"{seconds / 3600:.1f} h"


def size(count: float) -> str:
    """A number of bytes.

    Example:
        >>> size(900), size(1_250_000)
        ('900 bytes', '1.2 MB')
    """
    if count < 1000:
        return f"{count:.0f} bytes"
    return f"{count / 1e3:.0f} kB" if count < 1e6 else f"{count / 1e6:.1f} MB"


def initials(name: str) -> str:
    """One or two letters that stand for a name; a number has its last two digits.

    Example:
        >>> initials("Budi Santoso"), initials("+62 812-3456-7890"), initials("")
        ('BS', '90', '?')
    """
    parts = [part for part in re.split(r"[\s_-]+", name) if part and part[0].isalpha()]
    if parts:
        return "".join(part[0] for part in (parts if len(parts) == 1 else (parts[0], parts[-1])))
    digits = [letter for letter in name if letter.isdigit()]
    return "".join(digits[-2:]) or "?"


def colour(name: str) -> int:
    """One of six colours, always the same for one name."""
    return crc32(name.encode("utf-8", "replace")) % 6


def anchor(value: str) -> str:
    """A text as a part of an element's id: different texts stay different.

    Example:
        >>> anchor("wamid.A=="), anchor("plain-1")
        ('wamid_2eA_3d_3d', 'plain-1')
    """
    return _UNSAFE.sub(lambda found: f"_{ord(found[0]):x}", value)


def only_emoji(text: str) -> bool:
    """Whether a text is a few emoji and nothing else, which messengers show large.

    Example:
        >>> only_emoji("\N{THUMBS UP SIGN}"), only_emoji("ok"), only_emoji("")
        (True, False, False)
    """
    seen = [unicodedata.category(letter) for letter in text.strip()]
    drawn = sum(kind == "So" for kind in seen)
    return 0 < drawn <= _MOST_EMOJI and set(seen) <= {"So", "Sk", "Mn", "Me", "Cf", "Zs"}


def _utc(at: datetime) -> datetime:
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


FILTERS: Final[dict[str, Callable[..., Any]]] = {
    name.__name__: name
    for name in (
        tone, words, provider, moment, iso, span, size, initials, colour, anchor, only_emoji
    )
}  # fmt: skip
