"""Ids as WhatsApp Web writes them: `…@c.us` for numbers, `…@lid` for LIDs, `…@g.us` for groups.

A LID is made out of the number and can be told apart from it, but not turned back.
"""

from __future__ import annotations

import hashlib
import re
from typing import Final

from blazz.errors import InvalidAddress

_DIGITS: Final = re.compile(r"[1-9][0-9]{5,14}")
_JID: Final = re.compile(r"([0-9]{1,20})(?::[0-9]{1,3})?@(c\.us|s\.whatsapp\.net|lid|g\.us)")


def digits(number: str) -> str:
    """The digits of a phone number as people write it, or of its `…@c.us` id.

    Raises:
        InvalidAddress: It is not a phone number with its country code.

    Example:
        >>> digits("+62 812-3456-7890"), digits("6281234567890@c.us")
        ('6281234567890', '6281234567890')
    """
    bare = re.sub(r"[+ ().-]", "", str(number).removesuffix("@c.us"))
    if not _DIGITS.fullmatch(bare):
        raise InvalidAddress("number", "a phone number of 6 to 15 digits", number)
    return bare


def phone_jid(number: str) -> str:
    """The id of a phone number."""
    return f"{number}@c.us"


def lid_jid(number: str) -> str:
    """The LID of whoever has this number.

    Example:
        >>> lid_jid("6281234567890") == lid_jid("6281234567890")
        True
    """
    digest = hashlib.blake2b(f"lid:{number}".encode(), digest_size=8).digest()
    return f"{10**14 + int.from_bytes(digest, 'big') % (9 * 10**14)}@lid"


def split(jid: str) -> tuple[str, str]:
    """The user and the server of an id, without a device.

    Raises:
        InvalidAddress: It is not an id of a person or a group.

    Example:
        >>> split("6281234567890:3@c.us")
        ('6281234567890', 'c.us')
    """
    match = _JID.fullmatch(str(jid))
    if match is None:
        raise InvalidAddress("jid", "an id that ends in @c.us, @lid or @g.us", jid)
    return match[1], match[2].replace("s.whatsapp.net", "c.us")
