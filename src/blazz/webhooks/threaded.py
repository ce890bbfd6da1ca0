"""The receiver for frameworks that block: an event loop in a thread of its own."""

from __future__ import annotations

import atexit
import contextlib
import os
import threading
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING

from anyio.from_thread import start_blocking_portal

from blazz.errors import ConfigurationError
from blazz.webhooks.receiver import Headers, Query, Receiver, Response

if TYPE_CHECKING:
    from anyio.from_thread import BlockingPortal


class ThreadedReceiver:
    """Takes requests from any thread, for Flask, Django and other WSGI applications.

    It starts with the first request of a process, or with `start`, and ends with the process. A
    server that forks its workers gets one in each of them, unless it is started before the fork:
    neither threads nor open databases survive one.

    Args:
        opened: Makes an async context manager that opens what is needed and gives the receiver.

    Example:
        ::

            @contextlib.asynccontextmanager
            async def opened():
                async with client:
                    await client.open("sales", blazz.MetaCloud(...))
                    yield client.webhooks

            webhooks = ThreadedReceiver(opened)
            answer = webhooks.handle("POST", request.query_string, request.headers, request.data)
    """

    def __init__(self, opened: Callable[[], AbstractAsyncContextManager[Receiver]]) -> None:
        self._opened = opened
        self._lock = threading.Lock()
        self._process: int | None = None
        self._stack = contextlib.ExitStack()
        self._running: tuple[BlockingPortal, Receiver] | None = None

    def start(self) -> None:
        """Open the receiver; a second call does nothing.

        Raises:
            ConfigurationError: It was started in another process, which has forked since.
        """
        self._start()

    def handle(self, method: str, query: Query, headers: Headers, body: bytes) -> Response:
        """Answer one request; see `Receiver.handle`."""
        portal, receiver = self._start()
        return portal.call(receiver.handle, method, query, headers, body)

    def close(self) -> None:
        """Close the receiver and end its thread; a second call does nothing."""
        with self._lock:
            if self._running is not None and self._process == os.getpid():
                self._running = None
                self._stack.close()

    def _start(self) -> tuple[BlockingPortal, Receiver]:
        with self._lock:
            if self._running is not None and self._process != os.getpid():
                raise ConfigurationError(
                    "the receiver was started before this process was forked; start it in each"
                    " worker, or leave that to the first request"
                )
            if self._running is None:
                with contextlib.ExitStack() as stack:
                    portal = stack.enter_context(start_blocking_portal())
                    receiver = stack.enter_context(
                        portal.wrap_async_context_manager(self._opened())
                    )
                    self._stack = stack.pop_all()
                self._running = (portal, receiver)
                self._process = os.getpid()
                atexit.register(self.close)
            return self._running
