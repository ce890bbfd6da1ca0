"""Signs calls from one service to another: who sent them, unaltered, lately, and once.

A signature is the hex HMAC-SHA256 of the time, a number used once, the method, the path with its
query, and the body. An older form signs only time and body, as services did that know nothing of
the other parts; it can be accepted for as long as such services exist.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import Final

from blazz.errors import ConfigurationError, RequestNotAuthentic
from blazz.security.secret import Secret

SIGNATURE: Final = "X-HMAC-Signature"
TIMESTAMP: Final = "X-HMAC-Timestamp"
NONCE: Final = "X-HMAC-Nonce"
WINDOW: Final = 300.0
"""Seconds that a signature is good for, and that the clocks of two services may differ."""
_SHORTEST_SECRET: Final = 16
_TIME: Final = re.compile(r"[0-9]{1,12}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")


class RequestSigner:
    """Signs requests with a secret that both services know.

    Args:
        secret: At least 16 bytes.

    Raises:
        ConfigurationError: The secret is shorter.

    Example:
        >>> signer = RequestSigner(Secret("0123456789abcdef"))
        >>> sorted(signer.sign("POST", "/send?to=1", b"{}", now=1_800_000_000))
        ['X-HMAC-Nonce', 'X-HMAC-Signature', 'X-HMAC-Timestamp']
    """

    def __init__(self, secret: Secret) -> None:
        self._key = _key(secret)

    def sign(self, method: str, target: str, body: bytes, *, now: float) -> dict[str, str]:
        """Make the headers of a request.

        Args:
            method: Its HTTP method.
            target: Its path, with the query if it has one.
            body: Its raw body.
            now: The time, in seconds since 1970.
        """
        timestamp, nonce = str(int(now)), secrets.token_urlsafe(18)
        text = _text(timestamp, nonce, method, target, body)
        return {
            TIMESTAMP: timestamp,
            NONCE: nonce,
            SIGNATURE: hmac.digest(self._key, text, "sha256").hex(),
        }


class RequestVerifier:
    """Checks signed requests, and remembers which were used.

    Args:
        accepted: The secrets that are accepted; several while they are rotated.
        window: Seconds that a signature is good for.
        accept_unbound: Also accept the older form, which signs time and body alone: within the
            window, whoever reads such a request can send it again, also to another path.

    Raises:
        ConfigurationError: A secret is too short, or there is none.
    """

    def __init__(
        self,
        accepted: Sequence[Secret],
        *,
        window: float = WINDOW,
        accept_unbound: bool = False,
    ) -> None:
        if not accepted:
            raise ConfigurationError("no secret is given that requests could be signed with")
        self._keys = [_key(secret) for secret in accepted]
        self._window = window
        self._accept_unbound = accept_unbound
        self._seen = _Nonces(2 * window)

    def check(
        self, method: str, target: str, headers: Mapping[str, str], body: bytes, *, now: float
    ) -> None:
        """Check a request.

        Args:
            method: Its HTTP method.
            target: Its path, with the query if it has one.
            headers: Its headers, in any case.
            body: Its raw body.
            now: The time, in seconds since 1970.

        Raises:
            RequestNotAuthentic: It is not signed, altered, too old, or was used before.
        """
        given = {name.lower(): value for name, value in headers.items()}
        signature, timestamp = given.get(SIGNATURE.lower()), given.get(TIMESTAMP.lower(), "")
        if signature is None:
            raise RequestNotAuthentic(f"the request has no {SIGNATURE} header")
        if not _TIME.fullmatch(timestamp):
            raise RequestNotAuthentic(f"the {TIMESTAMP} header is not in whole seconds")
        if abs(now - int(timestamp)) > self._window:
            raise RequestNotAuthentic(f"the {TIMESTAMP} header is over {self._window:.0f} s off")
        nonce = given.get(NONCE.lower())
        if nonce is None:
            self._check_unbound(signature, timestamp, body)
            return
        if not _NONCE.fullmatch(nonce):
            raise RequestNotAuthentic(f"the {NONCE} header is not 16 to 128 letters and digits")
        self._check_signature(signature, _text(timestamp, nonce, method, target, body))
        # Only what is signed is remembered: nobody else can fill the memory.
        if not self._seen.add(nonce, now):
            raise RequestNotAuthentic("the request was used before")

    def _check_unbound(self, signature: str, timestamp: str, body: bytes) -> None:
        if not self._accept_unbound:
            raise RequestNotAuthentic(f"the request has no {NONCE} header")
        self._check_signature(signature, timestamp.encode() + body)

    def _check_signature(self, signature: str, text: bytes) -> None:
        given = signature.lower().encode()
        # All keys are tried, so that the time does not tell which one fits.
        found = [
            hmac.compare_digest(hmac.digest(key, text, "sha256").hex().encode(), given)
            for key in self._keys
        ]
        if not any(found):
            raise RequestNotAuthentic("the signature does not fit the request")


class _Nonces:
    """Numbers that were used, for as long as they could be used again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()

    def add(self, nonce: str, now: float) -> bool:
        """Remember a number; False: it is known."""
        while self._until and next(iter(self._until.values())) < now:
            self._until.popitem(last=False)
        if nonce in self._until:
            return False
        self._until[nonce] = now + self._seconds
        return True


def _text(timestamp: str, nonce: str, method: str, target: str, body: bytes) -> bytes:
    # No part but the last can hold a line break, so no two requests have the same text; and it does
    # not begin with a number as the older form does, so neither can be taken for the other.
    return f"bound\n{timestamp}\n{nonce}\n{method.upper()}\n{target}\n".encode() + body


def _key(secret: Secret) -> bytes:
    key = secret.reveal().encode()
    if len(key) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"a secret that signs requests has at least {_SHORTEST_SECRET} bytes, not {len(key)}"
        )
    return key
