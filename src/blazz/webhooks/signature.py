"""Signing and checking webhook bodies: `X-Hub-Signature-256`.

Meta signs the raw bytes of a body with the app secret: `sha256=` and the hex HMAC-SHA256
(developers.facebook.com/docs/graph-api/webhooks/getting-started). The bytes must be checked before
they are parsed: parsing and writing JSON again changes them.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from hashlib import sha256
from typing import Final

from blazz.errors import ConfigurationError, SignatureMismatch
from blazz.security.secret import Secret

HEADER: Final = "X-Hub-Signature-256"

_PREFIX: Final = "sha256="
_BLOCK: Final = 64  # bytes that SHA-256 takes at a time
_INNER_PAD: Final = bytes(byte ^ 0x36 for byte in range(256))
_OUTER_PAD: Final = bytes(byte ^ 0x5C for byte in range(256))
_SIGNATURE: Final = re.compile(_PREFIX + r"[0-9a-f]{64}")


def sign(body: bytes, secret: str | Secret) -> str:
    """Make the value of `X-Hub-Signature-256`.

    Example:
        >>> sign(b"{}", "app secret")
        'sha256=1fd1121b7be512e97dec92620e8b1a60157798c77930f3f92faaf27373a52e57'
    """
    return _PREFIX + hmac.digest(_key(secret), body, "sha256").hex()


class SigningSecret:
    """An app secret that checks signatures.

    Attributes:
        fingerprint: Tells the secret apart from others without telling what it is.

    Raises:
        ConfigurationError: The secret is empty: anyone could sign with it.
    """

    __slots__ = ("_inner", "_outer", "fingerprint")

    def __init__(self, secret: str | Secret) -> None:
        key = _key(secret)
        if not key:
            raise ConfigurationError("an app secret is empty; copy it from the app's settings")
        # HMAC as RFC 2104 writes it, of two hashes that know the key: copied for each body they
        # take two thirds of what `hmac` takes, and unlike `hmac.digest` keep the GIL.
        padded = (key if len(key) <= _BLOCK else sha256(key).digest()).ljust(_BLOCK, b"\0")
        self._inner = sha256(padded.translate(_INNER_PAD))
        self._outer = sha256(padded.translate(_OUTER_PAD))
        self.fingerprint = self.digits(b"blazz webhook signer")[:16]

    def digits(self, body: bytes) -> str:
        """Make the 64 hex digits of its signature; compare them in constant time."""
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        return outer.hexdigest()

    def __repr__(self) -> str:
        return f"<SigningSecret {self.fingerprint}>"


def signer_of(
    body: bytes, signature: str | None, secrets: Iterable[SigningSecret]
) -> SigningSecret:
    """Find the secret that signed a body.

    Args:
        body: The raw bytes.
        signature: The value of `X-Hub-Signature-256`; None if the header is missing.
        secrets: The secrets that are accepted; more than one while they are rotated.

    Raises:
        SignatureMismatch: None of the secrets made this signature.
    """
    if signature is None:
        raise SignatureMismatch(f"the request has no {HEADER} header")
    given = signature.lower()
    if given.isascii():  # nothing else can be compared in constant time
        for secret in secrets:
            if hmac.compare_digest(_PREFIX + secret.digits(body), given):
                return secret
        if _SIGNATURE.fullmatch(given):
            raise SignatureMismatch
    raise SignatureMismatch(f"the {HEADER} header is not {_PREFIX} and 64 hex digits")


def _key(secret: str | Secret) -> bytes:
    return (secret.reveal() if isinstance(secret, Secret) else secret).encode()
