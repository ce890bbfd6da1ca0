"""Tokens that name one attempt for one recipient, and cannot be forged.

A token is `v1.<campaign>.<recipient>.<attempt>.<mac>`, all numbers of the ledger's; the last part
is a keyed BLAKE2s (RFC 7693) of 8 bytes under the ledger's own key. It travels with the message and
comes back in its status updates, so a status finds its row by primary key.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import blake2s

from blazz.errors import InvalidValue

_TOKEN = re.compile(
    r"v1\.([1-9][0-9]{0,17})\.([1-9][0-9]{0,17})\.([1-9][0-9]{0,8})\.([0-9a-f]{16})"
)


@dataclass(frozen=True, slots=True)
class Attempt:
    """What a token stands for: the campaign's number, the recipient's, and the attempt's."""

    campaign: int
    seq: int
    number: int


class TokenSigner:
    """Makes tokens and tells its own from others.

    Args:
        key: The ledger's key, 16 to 32 bytes.

    Example:
        >>> signer = TokenSigner(b"sixteen bytes at least")
        >>> token = signer.sign(7, 1532, 1)
        >>> token.rpartition(".")[0]
        'v1.7.1532.1'
        >>> signer.verify(token)
        Attempt(campaign=7, seq=1532, number=1)
        >>> TokenSigner(b"the key of another ledger").verify(token) is None
        True
    """

    __slots__ = ("_key",)

    def __init__(self, key: bytes) -> None:
        if not 16 <= len(key) <= 32:
            raise InvalidValue("TokenSigner.key", "16 to 32 bytes", f"{len(key)} bytes")
        self._key = key

    def sign(self, campaign: int, seq: int, attempt: int) -> str:
        """Make the token of one attempt."""
        named = f"v1.{campaign}.{seq}.{attempt}"
        return f"{named}.{self._mac(named)}"

    def verify(self, token: str | None) -> Attempt | None:
        """Read a token; None if it is not one of ours. Compares in constant time."""
        if token is None:
            return None
        match = _TOKEN.fullmatch(token)
        if match is None:
            return None
        named = token[: match.start(4) - 1]
        if not hmac.compare_digest(self._mac(named), match[4]):
            return None
        return Attempt(int(match[1]), int(match[2]), int(match[3]))

    def _mac(self, named: str) -> str:
        return blake2s(named.encode("ascii"), digest_size=8, key=self._key).hexdigest()
