"""Signatures: who may subscribe, who may publish."""

from __future__ import annotations

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from blazz.errors import InvalidValue
from blazz.security.secret import Secret

CLOCK_TOLERANCE: Final = 600.0
"""Seconds that the clock of a publisher may be wrong; Pusher's own limit."""
_SOCKET_ID: Final = re.compile(r"[0-9]{1,20}\.[0-9]{1,20}")
_INTEGER: Final = re.compile(r"[0-9]{1,12}")


class BadSignature(Exception):
    """A signature is missing, wrong, or too old; the message says which."""


@dataclass(frozen=True, slots=True)
class App:
    """An application: what its browsers and its servers prove themselves with.

    Attributes:
        id: In the path of its HTTP API.
        key: Public; browsers connect with it.
        secret: Signs subscriptions and HTTP requests.
        former: Secrets that are accepted, too, while they are rotated.
    """

    id: str
    key: str
    secret: Secret = field(repr=False)
    former: tuple[Secret, ...] = field(default=(), repr=False)

    def authorize(self, socket_id: str, channel: str, channel_data: str | None = None) -> str:
        """Sign a subscription: what the authorization endpoint answers with as `auth`.

        Args:
            socket_id: The socket that asks.
            channel: The private or presence channel.
            channel_data: For presence: who it is, as the very JSON text that is answered with.

        Raises:
            InvalidValue: It is no socket id: it would let other strings be signed.

        Example:
            >>> app = App("1", "app-key", Secret("app-secret"))
            >>> app.authorize("1234.1234", "private-foobar").partition(":")[0]
            'app-key'
        """
        return self._auth(_subscription(socket_id, channel, channel_data))

    def authenticate(self, socket_id: str, user_data: str) -> str:
        """Sign a user's sign-in: what the user authentication endpoint answers with as `auth`."""
        return self._auth(_sign_in(socket_id, user_data))

    def check_subscription(
        self, auth: object, socket_id: str, channel: str, channel_data: str | None
    ) -> None:
        """Check a subscription that a browser asks for.

        Raises:
            BadSignature: The application did not sign it.
        """
        self._check(auth, _subscription(socket_id, channel, channel_data))

    def check_sign_in(self, auth: object, socket_id: str, user_data: str) -> None:
        """Check a user's sign-in.

        Raises:
            BadSignature: The application did not sign it.
        """
        self._check(auth, _sign_in(socket_id, user_data))

    def check_request(
        self, method: str, path: str, query: Mapping[str, str], body: bytes, *, now: float
    ) -> None:
        """Check a request to the HTTP API.

        The same request is accepted again within the tolerance: publishing is not protected from
        repetition by the protocol.

        Args:
            method: Its HTTP method.
            path: Its path, such as `/apps/1/events`.
            query: Its query parameters, decoded.
            body: Its raw body.
            now: The time, in seconds since 1970.

        Raises:
            BadSignature: It is not signed by the application, altered, or too old.
        """
        if not hmac.compare_digest(query.get("auth_key", "").encode(), self.key.encode()):
            raise BadSignature("auth_key is not the application's key")
        timestamp = query.get("auth_timestamp", "")
        if not _INTEGER.fullmatch(timestamp):
            raise BadSignature("auth_timestamp is not in whole seconds")
        if abs(now - int(timestamp)) > CLOCK_TOLERANCE:
            raise BadSignature(f"auth_timestamp is more than {CLOCK_TOLERANCE:.0f} s off")
        body_md5 = query.get("body_md5", "")
        if body or body_md5:
            # The protocol wants MD5 of the body; the HMAC below is what protects it.
            found = hashlib.md5(body, usedforsecurity=False).hexdigest()
            if not hmac.compare_digest(found.encode(), body_md5.encode()):
                raise BadSignature("body_md5 is not that of the body")
        if not self._has_signed(request_text(method, path, query), query.get("auth_signature", "")):
            raise BadSignature("auth_signature does not fit the request")

    def _auth(self, text: str) -> str:
        return f"{self.key}:{_signature(self.secret, text)}"

    def _check(self, given: object, text: str) -> None:
        if not isinstance(given, str):
            raise BadSignature("auth is missing")
        key, _, signature = given.partition(":")
        if not self._has_signed(text, signature) or key != self.key:  # the key is public
            raise BadSignature("auth does not fit: signed for another socket, channel or secret")

    def _has_signed(self, text: str, signature: str) -> bool:
        # All secrets are tried, so that the time does not tell which one fits.
        secrets = (self.secret, *self.former)
        found = [
            hmac.compare_digest(_signature(it, text).encode(), signature.encode()) for it in secrets
        ]
        return any(found)


def request_text(method: str, path: str, query: Mapping[str, str]) -> str:
    """What a request's signature signs: its method, path and sorted parameters, unescaped."""
    signed = sorted((key.lower(), value) for key, value in query.items() if key != "auth_signature")
    parameters = "&".join(f"{key}={value}" for key, value in signed)
    return f"{method.upper()}\n{path}\n{parameters}"


def _signature(secret: Secret, text: str) -> str:
    return hmac.digest(secret.reveal().encode(), text.encode(), "sha256").hex()


def _sign_in(socket_id: str, user_data: str) -> str:
    return f"{_socket_id(socket_id)}::user::{user_data}"


def _subscription(socket_id: str, channel: str, channel_data: str | None) -> str:
    parts = [_socket_id(socket_id), channel, *([] if channel_data is None else [channel_data])]
    return ":".join(parts)


def _socket_id(value: str) -> str:
    if not _SOCKET_ID.fullmatch(value):
        raise InvalidValue("socket_id", "two numbers with a dot in between", value)
    return value
