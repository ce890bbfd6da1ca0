"""Makes and checks secrets: API keys, cookies, tokens against forged requests. No I/O."""

from __future__ import annotations

import hashlib
import hmac
import re
import secrets
from dataclasses import dataclass
from typing import Final

_TOKEN: Final = re.compile(r"bz_([0-9a-z]{4,32})_([A-Za-z0-9_-]{43})")


@dataclass(frozen=True, slots=True, repr=False)
class KeyText:
    """A key as its owner has it: `bz_<id>_<secret>`; only the secret needs to be kept secret.

    Example:
        >>> key = KeyText.make()
        >>> KeyText.parse(key.reveal()) == key
        True
        >>> KeyText.parse("bz_guess") is None
        True
    """

    id: str
    secret: str

    @classmethod
    def make(cls, *, id: str = "") -> KeyText:  # noqa: A002  # a word of this field
        """Make a key; its secret has 256 random bits, so a plain hash of it tells nothing."""
        return cls(id or secrets.token_hex(8), secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> KeyText | None:
        """Read a key; None: it is none."""
        match = _TOKEN.fullmatch(text)
        return None if match is None else cls(match[1], match[2])

    @property
    def digest(self) -> str:
        """What is stored of it."""
        return digest_of(self.secret)

    def reveal(self) -> str:
        """Write it, for the one answer that shows it."""
        return f"bz_{self.id}_{self.secret}"

    def __repr__(self) -> str:
        return f"<KeyText {self.id}>"


def digest_of(secret: str) -> str:
    """The digest of a secret that has enough random bits."""
    return hashlib.sha256(secret.encode()).hexdigest()


def same(one: str, other: str) -> bool:
    """Compare in a time that tells nothing."""
    return hmac.compare_digest(one.encode(), other.encode())


def csrf_token(cookie: str) -> str:
    """The token that a page sends along with its cookie.

    Another site can make a browser send the cookie, but cannot read it, so it cannot know this.
    """
    return hmac.new(cookie.encode(), b"csrf", hashlib.sha256).hexdigest()
