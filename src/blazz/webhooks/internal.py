"""Updates that do not come by HTTP: what a provider fetched itself, and events of the session.

They are kept and handled like webhooks. Instead of a secret that signs them they have a signer that
no request can have, one for each session, so that nobody else can bring any in.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from pydantic_core import from_json, to_json

from blazz.errors import WebhookError
from blazz.events import sessions
from blazz.events.base import Event
from blazz.events.sessions import SessionEvent
from blazz.providers.base import Update, WebhookParser

if TYPE_CHECKING:
    from pydantic import TypeAdapter

_START: Final = b'{"session_event":'


def internal_signer(session: str) -> str:
    """The signer of a session's own updates; a secret's fingerprint never has a colon.

    Example:
        >>> internal_signer("acme/sales")
        'internal:acme/sales'
    """
    return f"internal:{session}"


def encode(event: SessionEvent) -> bytes:
    """Write an event of a session as a body that `ReadsSessionEvents` reads.

    Example:
        >>> from blazz.events.base import UNDATED
        >>> encode(SessionEvent(key="k", at=UNDATED))[:47]
        b'{"session_event":{"type":"SessionEvent","event"'
    """
    name = type(event).__name__
    fields = _adapter(name).dump_python(event, mode="json", exclude={"raw"})
    return to_json({"session_event": {"type": name, "event": fields}})


@dataclass(frozen=True, slots=True)
class ReadsSessionEvents:
    """A parser of a session's own updates: its events, and whatever its provider hands over.

    Attributes:
        parse: The provider's own parser.
    """

    parse: WebhookParser

    def __call__(self, body: bytes) -> Sequence[Update]:
        """Split a body into updates.

        Raises:
            WebhookError: It is neither.
        """
        if body.startswith(_START):
            return [_Reported(_decoded(body))]
        return self.parse(body)


@dataclass(frozen=True, slots=True)
class _Reported:
    """An event of the session itself, as an update."""

    reported: SessionEvent

    @property
    def key(self) -> str:
        return self.reported.key

    @property
    def account(self) -> None:
        return None  # the signer tells the session

    @property
    def conversation(self) -> str:
        return "session"  # its events are handled in order

    def event(self) -> Event:
        return self.reported


def _decoded(body: bytes) -> SessionEvent:
    try:
        written: Mapping[str, Any] = from_json(body)["session_event"]
        adapter = _adapter(str(written["type"]))
        event: SessionEvent = adapter.validate_python({**written["event"], "raw": written})
    except (ValueError, KeyError, TypeError) as error:  # pydantic's is a ValueError
        raise WebhookError(f"not an event of a session: {error}") from error
    return event


@functools.cache
def _adapter(name: str) -> TypeAdapter[Any]:
    from pydantic import TypeAdapter  # takes a tenth of a second to load

    kind = getattr(sessions, name, None)
    if not (isinstance(kind, type) and issubclass(kind, SessionEvent)):
        raise WebhookError(f"there is no session event of the type {name!r}")
    return TypeAdapter(kind)
