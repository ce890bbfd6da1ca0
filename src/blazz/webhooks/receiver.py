"""Receives webhook requests: checks them, keeps them, answers. For every web framework."""

from __future__ import annotations

import hmac
import logging
import re
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, TypeAlias, cast
from urllib.parse import parse_qsl

from blazz.errors import ConfigurationError, InboxFull, InvalidValue, SignatureMismatch
from blazz.providers.base import WebhookProfile
from blazz.security.secret import Secret
from blazz.webhooks.admission import Admission
from blazz.webhooks.inbox.base import Intake
from blazz.webhooks.internal import internal_signer
from blazz.webhooks.observations import Observer, RequestAnswered, ignore
from blazz.webhooks.routes import Routes
from blazz.webhooks.signature import HEADER

if TYPE_CHECKING:
    from blazz.webhooks.asgi import WebhookApp

_Pairs: TypeAlias = Iterable[tuple[str | bytes, str | bytes]]
Headers: TypeAlias = Mapping[str, str] | _Pairs
Query: TypeAlias = str | bytes | Mapping[str, str] | Iterable[tuple[str, str]]

BODY_LIMIT: Final = 3 * 1024 * 1024
"""The most that Meta sends in one request, in bytes."""

_TEXT: Final = ("Content-Type", "text/plain; charset=utf-8")
# The browser must not take the echoed challenge for anything but text.
_NO_SNIFFING: Final = ("X-Content-Type-Options", "nosniff")
_CHALLENGE: Final = re.compile(r"[A-Za-z0-9._~-]{1,256}")
_SIGNATURE: Final = HEADER.lower()
_NO_BODY: Final = "; its body is empty: something has read it before, or the server passed none on"

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Response:
    """What to answer.

    Attributes:
        status: The HTTP status.
        headers: Pairs of name and value.
        body: The raw body.
    """

    status: int
    headers: tuple[tuple[str, str], ...] = (_TEXT,)
    body: bytes = b""


_ACCEPTED: Final = Response(200)


class Receiver:
    """Takes webhook requests of one URL, for any number of sessions.

    A request is answered 200 once its body is committed in the inbox, and handled afterwards by a
    `Dispatcher`. Refused requests get a status that makes Meta repeat them, for up to 7 days.

    Args:
        inbox: Where bodies are kept.
        routes: The sessions of this process, shared with the dispatcher.
        verify_tokens: What Meta must send in the handshake; any of them, and any of the sessions'
            own, will do.
        limit: The most updates of these sessions that may wait to be handled; above it requests
            are answered 503.
        retry_after: Seconds, told to the sender with a 503.
        body_limit: The most bytes of a body.
        arrived: Called when a body has been kept: wakes the dispatcher of this process.
        observe: Called with what happens, for metrics.

    Example:
        ::

            receiver = Receiver(inbox, routes, verify_tokens=["…"], arrived=dispatcher.wake)
            await receiver.add("acme/sales", provider.webhooks)
            response = await receiver.handle("POST", "", headers, body)
    """

    def __init__(
        self,
        inbox: Intake,
        routes: Routes | None = None,
        *,
        verify_tokens: Iterable[str | Secret] = (),
        limit: int = 100_000,
        retry_after: int = 30,
        body_limit: int = BODY_LIMIT,
        arrived: Callable[[], object] = lambda: None,
        observe: Observer = ignore,
    ) -> None:
        if body_limit < 1:
            raise InvalidValue("body_limit", "at least 1 byte", body_limit)
        self.routes: Routes = Routes() if routes is None else routes
        self.body_limit = body_limit
        self._inbox = inbox
        self._tokens = frozenset(Secret(token) for token in verify_tokens)
        if not all(self._tokens):
            raise ConfigurationError("a verify token is empty: anyone could answer for this URL")
        self._admission = Admission(
            inbox, lambda: self.routes.sessions, limit=limit, observe=observe
        )
        self._busy_headers = (_TEXT, ("Retry-After", str(retry_after)))
        self._arrived = arrived
        self._observe = observe

    @property
    def asgi(self) -> WebhookApp:
        """An ASGI application that answers with this receiver, to serve or to mount."""
        from blazz.webhooks.asgi import WebhookApp

        return WebhookApp(self)

    async def add(
        self, session: str, profile: WebhookProfile, *, owned: Callable[[], bool] = lambda: True
    ) -> int:
        """Accept a session's webhooks; see `Routes.add`.

        Args:
            session: The session's key.
            profile: How its webhooks are recognised and read.
            owned: Whether this process still owns the session.
        """
        kept = await self.routes.add(self._inbox, session, profile, owned=owned)
        if kept:
            self._arrived()
        return kept

    def remove(self, session: str) -> None:
        """Stop accepting a session's webhooks in this process; see `Routes.remove`."""
        self.routes.remove(session)

    async def handle(self, method: str, query: Query, headers: Headers, body: bytes) -> Response:
        """Answer one request.

        Args:
            method: The HTTP method.
            query: The query string, or its parameters.
            headers: The headers; names in any case.
            body: The raw body: as it came, not parsed and written again.
        """
        start = time.perf_counter()
        if method == "POST":
            response = await self._post(headers, body)
        elif method == "GET":
            response = self._handshake(query)
        else:
            response = _refusal(HTTPStatus.METHOD_NOT_ALLOWED, ("Allow", "GET, POST"))
        if self._observe is not ignore:
            seconds = time.perf_counter() - start
            self._observe(RequestAnswered(method, response.status, len(body), seconds))
        return response

    async def take(self, session: str, body: bytes) -> None:
        """Keep updates that a session's provider fetched itself, as `WebhookProfile.internal` says.

        Args:
            session: The session's key.
            body: What its parser reads.

        Raises:
            InboxFull: Too much waits; nothing was kept.
            InboxUnavailable: The inbox cannot be read or written.
        """
        await self.keep(body, signer=internal_signer(session))

    async def keep(self, body: bytes, *, signer: str) -> None:
        """Keep a body that another receiver accepted, which stands before several of these.

        Args:
            body: The body, or the part of it that is for these sessions.
            signer: The fingerprint of the secret that signed it; see `SigningSecret`.

        Raises:
            InboxFull: Too much waits; nothing was kept.
            InboxUnavailable: The inbox cannot be read or written.
        """
        await self._admission.admit(body)
        await self._inbox.put(body, signer=signer)
        self._arrived()

    async def _post(self, headers: Headers, body: bytes) -> Response:
        if len(body) > self.body_limit:
            return self.too_large()
        try:
            signer = self.routes.signer(body, _signature(headers))
        except SignatureMismatch as error:
            _log.warning("a webhook request was refused: %s%s", error, "" if body else _NO_BODY)
            return _refusal(HTTPStatus.FORBIDDEN)
        try:
            await self.keep(body, signer=signer)
        except InboxFull as error:
            _log.warning("a webhook request was put off: %s", error)
            return self._busy()
        except Exception:  # noqa: BLE001  # whatever is wrong, Meta keeps the body until it is mended
            _log.exception("a webhook request was put off: it cannot be kept")
            return self._busy()
        return _ACCEPTED

    def _busy(self) -> Response:
        status = HTTPStatus.SERVICE_UNAVAILABLE
        return Response(int(status), self._busy_headers, status.phrase.encode())

    def too_large(self) -> Response:
        """Answer a body above `body_limit`, which need not be read to its end."""
        return _refusal(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)

    def _handshake(self, query: Query) -> Response:
        """Answer Meta's question whether this URL is ours."""
        parameters = _parameters(query)
        mode, token = parameters.get("hub.mode"), parameters.get("hub.verify_token")
        challenge = parameters.get("hub.challenge")
        if mode is None or token is None or challenge is None:
            return _refusal(HTTPStatus.BAD_REQUEST)
        if (problem := self._problem(mode, token)) is not None:
            _log.warning("a webhook handshake was refused: %s", problem)
            return _refusal(HTTPStatus.FORBIDDEN)
        if not _CHALLENGE.fullmatch(challenge):
            return _refusal(HTTPStatus.BAD_REQUEST)
        return Response(200, (_TEXT, _NO_SNIFFING), challenge.encode())

    def _problem(self, mode: str, token: str) -> str | None:
        """Tell why this question is not Meta's about this URL; None: it is."""
        given = token.encode("utf-8", "surrogatepass")
        # All are compared, so that the time does not tell which one was nearly right.
        tokens = [known for known in self._tokens | self.routes.verify_tokens if known]
        matches = [hmac.compare_digest(known.reveal().encode(), given) for known in tokens]
        if not tokens:
            return "neither the client nor an open session has a verify token"
        if not any(matches):
            return "hub.verify_token is not the verify token of the client or an open session"
        return None if mode == "subscribe" else "hub.mode is not 'subscribe'"


def _refusal(status: HTTPStatus, *headers: tuple[str, str]) -> Response:
    return Response(int(status), (_TEXT, *headers), status.phrase.encode())


def _signature(headers: Headers) -> str | None:
    """Find the signature, whatever the case of the header's name."""
    mapping = cast("Mapping[str, str]", headers) if isinstance(headers, Mapping) else None
    pairs = cast("_Pairs", headers if mapping is None else mapping.items())
    for name, value in pairs:
        if len(name) == len(_SIGNATURE) and _text(name).lower() == _SIGNATURE:
            return _text(value)
    return None


def _parameters(query: Query) -> Mapping[str, str]:
    if isinstance(query, Mapping):
        return cast("Mapping[str, str]", query)
    if isinstance(query, (str, bytes)):
        try:
            return dict(parse_qsl(_text(query), keep_blank_values=True, max_num_fields=32))
        except ValueError:
            return {}
    return dict(query)


def _text(value: str | bytes) -> str:
    return value if isinstance(value, str) else value.decode("latin-1")
