"""Connections whose other end is gone or says nothing are closed; a few thousand would be enough.

A peer that vanished without a word (a cable, a phone without signal) leaves a half-open socket: the
kernel finds out by asking now and then. One that connects and then sends nothing, or its headers a
byte at a time, is closed here: uvicorn itself waits for ever.
"""

from __future__ import annotations

import asyncio
import socket
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

HEADERS_WITHIN: Final = 20.0
"""Seconds that a client has to send the headers of its first call."""
_QUIET, _BETWEEN, _ASKED = 30, 10, 3
"""Asked after so many quiet seconds, every so many more, so many times without an answer."""
_UNACKNOWLEDGED: Final = 60_000
"""Milliseconds that what was sent may stay unacknowledged."""


class ImpatientProtocol(HttpToolsProtocol):
    """Uvicorn's HTTP, for clients that also say what they want."""

    headers_within: float = HEADERS_WITHIN

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  # uvicorn's own
        super().__init__(*args, **kwargs)
        self._silence: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to wait for a call."""
        super().connection_made(transport)
        self._silence = self.loop.call_later(self.headers_within, transport.abort)

    def on_message_begin(self) -> None:
        """Wait for the headers of a later call, too."""
        super().on_message_begin()
        if self._silence is None:
            self._silence = self.loop.call_later(self.headers_within, self.transport.abort)

    def on_headers_complete(self) -> None:
        """Wait no longer: the body has its own limit of time."""
        self._be_patient()
        super().on_headers_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no longer."""
        self._be_patient()
        super().connection_lost(exc)

    def _be_patient(self) -> None:
        if self._silence is not None:
            self._silence.cancel()
            self._silence = None


def listen(host: str, port: int) -> socket.socket:
    """Open a socket whose connections notice that the other end is gone.

    Raises:
        OSError: The address is not this machine's, or is in use.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listening = socket.socket(family, socket.SOCK_STREAM)
    try:
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        # asyncio does this for sockets that it opens itself. Without it an answer's body waits for
        # the client to acknowledge its headers: 40 ms.
        listening.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        # Accepted sockets inherit these. Where a name is missing, the system's defaults hold.
        for name, value in (
            ("TCP_KEEPIDLE", _QUIET),
            ("TCP_KEEPINTVL", _BETWEEN),
            ("TCP_KEEPCNT", _ASKED),
            ("TCP_USER_TIMEOUT", _UNACKNOWLEDGED),
        ):
            if hasattr(socket, name):
                listening.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
        listening.bind((host, port))
        listening.listen(2048)
    except OSError:
        listening.close()
        raise
    return listening
