"""Ids as Meta makes them: message ids, business-scoped user ids, trace ids.

Ids carry what the sandbox would otherwise have to remember: a message id holds the message's place
in the log, a user id can be turned back into the phone number. So memory stays flat, however many
messages and recipients there are.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from functools import lru_cache
from typing import Final

_OUTGOING: Final = 0x11
_INCOMING: Final = 0x12
_MASK: Final = (1 << 64) - 1
_MULTIPLIER: Final = 0x9E3779B97F4A7C15  # odd, so that it can be undone modulo 2^64
_INVERSE: Final = pow(_MULTIPLIER, -1, 1 << 64)
_LONGEST_NUMBER: Final = 10**15


def message_id(wa_id: str, run: int, sequence: int, *, incoming: bool = False) -> str:
    """Make the id of a message.

    Args:
        wa_id: The other side: digits of a phone number, or any short id.
        run: Tells apart the runs of a sandbox, so that ids never repeat; 32 bits.
        sequence: The message's place in the log, from 1; 40 bits.
        incoming: A message that a user sent.

    Example:
        >>> sent_sequence(message_id("16505551234", 7, 42))
        42
    """
    party = wa_id.encode("ascii", "replace")[:60]
    serial = f"{run & 0xFFFFFFFF:08X}{sequence & 0xFFFFFFFFFF:010X}"
    if incoming:
        serial = f"3A{serial}"
    raw = bytes((0x1C, 0x18, len(party))) + party
    raw += bytes((0x15, 0x02, 0x00, _INCOMING if incoming else _OUTGOING, 0x18, len(serial)))
    return "wamid." + base64.b64encode(raw + serial.encode() + b"\x00").decode()


def sent_sequence(message: str) -> int | None:
    """Read the place in the log out of the id of a sent message; None for any other text."""
    serial = _serial(message, _OUTGOING)
    return int(serial[8:18], 16) if serial else None


def is_message_id(text: str) -> bool:
    """Whether a text could be the id of a message."""
    return text.startswith("wamid.") and len(text) <= 256


def party(message: str) -> str | None:
    """Read the other side out of a message id that `message_id` made; None for any other text.

    Example:
        >>> party(message_id("16505551234", 7, 42, incoming=True))
        '16505551234'
    """
    parts = _parts(message)
    return parts[0] if parts else None


def _serial(message: str, direction: int) -> str | None:
    """The hexadecimal part of one of our own message ids."""
    parts = _parts(message)
    return parts[2] if parts and parts[1] == direction else None


def _parts(message: str) -> tuple[str, int, str] | None:
    """The other side, the direction and the hexadecimal part of one of our own message ids."""
    if not is_message_id(message):
        return None
    try:
        raw = base64.b64decode(message[6:], validate=True)
        head = 3 + raw[2]
        serial = raw[head + 6 : head + 6 + raw[head + 5]].decode("ascii")
        int(serial, 16)
        parts = raw[3:head].decode("ascii"), raw[head + 3], serial
    except (binascii.Error, ValueError, IndexError):
        return None
    return parts if len(serial) >= 18 else None


def user_id(wa_id: str, *, country: str, scope: str, parent: bool = False) -> str:
    """Make a business-scoped user id (BSUID) out of a phone number.

    The same number has another id for every business (`scope`), and a new number a new id.

    Example:
        >>> number = user_number(user_id("6281234567890", country="ID", scope="acme"), scope="acme")
        >>> number
        '6281234567890'
    """
    value = ((int(wa_id) * _MULTIPLIER) ^ _pad(scope, parent)) & _MASK
    return f"{country}.{'ENT.' if parent else ''}{value:020d}"


def user_number(value: str, *, scope: str) -> str | None:
    """Turn a BSUID that `user_id` made back into its phone number; None for any other id."""
    country, _, rest = value.partition(".")
    parent = rest.startswith("ENT.")
    digits = rest.removeprefix("ENT.")
    if len(country) != 2 or len(digits) != 20 or not digits.isascii() or not digits.isdigit():
        return None
    number = ((int(digits) ^ _pad(scope, parent)) * _INVERSE) & _MASK
    return str(number) if 10**6 <= number < _LONGEST_NUMBER else None


def trace_id(run: int, request: int) -> str:
    """Make an `fbtrace_id`."""
    digest = hashlib.blake2b(f"{run}:{request}".encode(), digest_size=16).digest()
    return "A" + base64.urlsafe_b64encode(digest).decode().rstrip("=")


def object_id(name: str) -> str:
    """Make the numeric id of an object (media, template) out of its name."""
    digest = hashlib.blake2b(name.encode("utf-8", "replace"), digest_size=7).digest()
    return str(10**15 + int.from_bytes(digest, "big") % (9 * 10**15))


@lru_cache(maxsize=1024)
def _pad(scope: str, parent: bool) -> int:
    digest = hashlib.blake2b(f"{scope}:{parent}".encode("utf-8", "replace"), digest_size=8).digest()
    return int.from_bytes(digest, "big")
