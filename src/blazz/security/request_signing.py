"""Signs calls from one service to another: from whom knows the secret, to one, lately, and once.

A signature is the hex HMAC-SHA256 of the receiver's name, the time, a number used once, the method,
the path with its query, and the body. Each receiver remembers the numbers that it has seen, so the
name is part of it: a call that was overheard is no use at another receiver, either.

On whose account a call is made can be told, too. That is signed apart, with the number used once:
receivers of a former version need not know of it. An older form signs only time and body, as
services did that know nothing of the other parts; it can be accepted for as long as such services
exist.
"""

from __future__ import annotations

import hmac
import re
import secrets
import threading
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final, TypeAlias
from urllib.parse import quote, unquote

from blazz.errors import ConfigurationError, InvalidValue, RequestNotAuthentic, WrongReceiver
from blazz.security.secret import Secret

SIGNATURE: Final = "X-HMAC-Signature"
TIMESTAMP: Final = "X-HMAC-Timestamp"
NONCE: Final = "X-HMAC-Nonce"
RECEIVER: Final = "X-HMAC-Receiver"
CALLER: Final = "X-HMAC-Caller"
CALLER_SIGNATURE: Final = "X-HMAC-Caller-Signature"
WINDOW: Final = 300.0
"""Seconds that a signature is good for, and that the clocks of two services may differ."""
_SHORTEST_SECRET: Final = 16
_TIME: Final = re.compile(r"[0-9]{1,12}")
_NONCE: Final = re.compile(r"[A-Za-z0-9_-]{16,128}")
_LONGEST_NAME: Final = 100
_PIECE: Final = 256 * 1024

Body: TypeAlias = bytes | Path
"""The raw body of a request: itself, or the file that it is in, which is read piece by piece."""


class RequestSigner:
    """Signs requests with a secret that both services know.

    Args:
        secret: At least 16 bytes.

    Raises:
        ConfigurationError: The secret is shorter.

    Example:
        >>> signer = RequestSigner(Secret("0123456789abcdef"))
        >>> headers = signer.sign("POST", "/send?to=1", b"{}", receiver="east-2", now=1_800_000_000)
        >>> sorted(headers)
        ['X-HMAC-Nonce', 'X-HMAC-Receiver', 'X-HMAC-Signature', 'X-HMAC-Timestamp']
    """

    def __init__(self, secret: Secret) -> None:
        self._key = _key(secret)

    def sign(
        self, method: str, target: str, body: Body, *, receiver: str, now: float, caller: str = ""
    ) -> dict[str, str]:
        """Make the headers of a request.

        Args:
            method: Its HTTP method.
            target: Its path, with the query if it has one.
            body: Its raw body, or the file that it is in.
            receiver: The name of the service that it is for: no other one accepts it.
            now: The time, in seconds since 1970.
            caller: On whose account it is made: a name of up to 100 characters; empty: not told.

        Raises:
            InvalidValue: A name is not of its form.
            OSError: The file cannot be read.
        """
        timestamp, nonce = str(int(now)), secrets.token_urlsafe(18)
        name = _written(receiver)
        head = _head(name, timestamp, nonce, method, target)
        headers = {
            RECEIVER: name,
            TIMESTAMP: timestamp,
            NONCE: nonce,
            SIGNATURE: _signature(self._key, head, body),
        }
        if caller:
            told = _written(caller, "caller")
            headers[CALLER] = told
            headers[CALLER_SIGNATURE] = _signature(self._key, _account(nonce, told), b"")
        return headers


class RequestVerifier:
    """Checks signed requests, and remembers which were used; threads may share one.

    Args:
        accepted: The secrets that are accepted; several while they are rotated.
        receiver: The name of this service: 1 to 100 characters.
        window: Seconds that a signature is good for.
        accept_unbound: Also accept the older form, which signs time and body alone: within the
            window, whoever reads such a request can send it again, also to another path or service.

    Raises:
        ConfigurationError: A secret is too short, or there is none.
        InvalidValue: The name is not of its form.

    Example:
        >>> secret = Secret("0123456789abcdef")
        >>> headers = RequestSigner(secret).sign("GET", "/", b"", receiver="east-2", now=0)
        >>> RequestVerifier([secret], receiver="east-2").check("GET", "/", headers, b"", now=0)
        ''
    """

    def __init__(
        self,
        accepted: Sequence[Secret],
        *,
        receiver: str,
        window: float = WINDOW,
        accept_unbound: bool = False,
    ) -> None:
        if not accepted:
            raise ConfigurationError("no secret is given that requests could be signed with")
        self._keys = [_key(secret) for secret in accepted]
        self._receiver = _written(receiver)
        self._window = window
        self._accept_unbound = accept_unbound
        self._seen = _Nonces(2 * window)

    def check(
        self, method: str, target: str, headers: Mapping[str, str], body: Body, *, now: float
    ) -> str:
        """Check a request; give on whose account it is made, or nothing if that is not told.

        Args:
            method: Its HTTP method.
            target: Its path, with the query if it has one.
            headers: Its headers, in any case.
            body: Its raw body, or the file that it is in.
            now: The time, in seconds since 1970.

        Raises:
            OSError: The file cannot be read.
            RequestNotAuthentic: It is not signed, altered, too old, or was used before.
            WrongReceiver: It is signed well, for another service.
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
            return ""
        if not _NONCE.fullmatch(nonce):
            raise RequestNotAuthentic(f"the {NONCE} header is not 16 to 128 letters and digits")
        receiver = given.get(RECEIVER.lower(), "")
        if not receiver:
            raise RequestNotAuthentic(f"the request has no {RECEIVER} header")
        head = _head(receiver, timestamp, nonce, method, target)
        self._check_signature(signature, head, body)
        if receiver != self._receiver:
            raise WrongReceiver(f"the request is for {receiver!r}, and this is {self._receiver!r}")
        caller = given.get(CALLER.lower(), "")
        if caller:
            told = given.get(CALLER_SIGNATURE.lower(), "")
            self._check_signature(told, _account(nonce, caller), b"")
        # Only what is signed is remembered: nobody else can fill the memory.
        if not self._seen.add(nonce, now):
            raise RequestNotAuthentic("the request was used before")
        return unquote(caller)

    def _check_unbound(self, signature: str, timestamp: str, body: Body) -> None:
        if not self._accept_unbound:
            raise RequestNotAuthentic(f"the request has no {NONCE} header")
        self._check_signature(signature, timestamp.encode(), body)

    def _check_signature(self, signature: str, head: bytes, body: Body) -> None:
        given = signature.lower().encode()
        # All keys are tried, so that the time does not tell which one fits.
        found = [
            hmac.compare_digest(_signature(key, head, body).encode(), given) for key in self._keys
        ]
        if not any(found):
            raise RequestNotAuthentic("the signature does not fit the request")


class _Nonces:
    """Numbers that were used, for as long as they could be used again."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._until: OrderedDict[str, float] = OrderedDict()
        self._adding = threading.Lock()

    def add(self, nonce: str, now: float) -> bool:
        """Remember a number; False: it is known."""
        with self._adding:
            while self._until and next(iter(self._until.values())) < now:
                self._until.popitem(last=False)
            if nonce in self._until:
                return False
            self._until[nonce] = now + self._seconds
            return True


def _head(receiver: str, timestamp: str, nonce: str, method: str, target: str) -> bytes:
    # No part but the last can hold a line break, so no two requests have the same text; and it does
    # not begin with a number as the older form does, so neither can be taken for the other.
    return f"bound\n{receiver}\n{timestamp}\n{nonce}\n{method.upper()}\n{target}\n".encode()


def _account(nonce: str, caller: str) -> bytes:
    # It begins as neither of the other two does, and its number is good for one request.
    return f"caller\n{nonce}\n{caller}\n".encode()


def _signature(key: bytes, head: bytes, body: Body) -> str:
    """Sign what stands before the body, and the body."""
    if isinstance(body, bytes):
        return hmac.digest(key, head + body, "sha256").hex()
    signing = hmac.new(key, head, "sha256")
    with body.open("rb") as file:
        while piece := file.read(_PIECE):
            signing.update(piece)
    return signing.hexdigest()


def _written(name: str, field: str = "receiver") -> str:
    """The name as a header can hold it, whatever characters it has."""
    if not 1 <= len(name) <= _LONGEST_NAME:
        raise InvalidValue(field, f"1 to {_LONGEST_NAME} characters", name)
    return quote(name, safe="")


def _key(secret: Secret) -> bytes:
    key = secret.reveal().encode()
    if len(key) < _SHORTEST_SECRET:
        raise ConfigurationError(
            f"a secret that signs requests has at least {_SHORTEST_SECRET} bytes, not {len(key)}"
        )
    return key
