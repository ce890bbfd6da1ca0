"""The receiver for frameworks that block: an event loop in a thread of its own."""

from __future__ import annotations

import atexit
import contextlib
import logging
import os
import threading
from collections.abc import Callable
from concurrent.futures import CancelledError, Future, wait
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Final

import anyio
from anyio.abc import TaskStatus
from anyio.from_thread import BlockingPortal, start_blocking_portal

from blazz.errors import ConfigurationError
from blazz.webhooks.receiver import Headers, Query, Receiver, Response

_ENDING_SECONDS: Final = 30.0

_log = logging.getLogger(__name__)


class ThreadedReceiver:
    """Takes requests from any thread, for Flask, Django and other WSGI applications.

    It starts with the first request of a process, or with `start`, and ends with the process; if
    its loop ends before, the next request starts it again. A server that forks its workers gets one
    in each of them, unless it is started before the fork: neither threads nor open databases
    survive one.

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
        self._running: _Running | None = None

    def start(self) -> None:
        """Open the receiver; a second call does nothing.

        Raises:
            ConfigurationError: It was started in another process, which has forked since.
        """
        self._start()

    def handle(self, method: str, query: Query, headers: Headers, body: bytes) -> Response:
        """Answer one request; see `Receiver.handle`."""
        running = self._start()
        try:
            return running.answer(method, query, headers, body)
        except (CancelledError, RuntimeError):
            # Its loop is ending. What it may have kept already is left out the second time.
            if wait([running.served], _ENDING_SECONDS).not_done:
                raise
            return self._start().answer(method, query, headers, body)

    def close(self) -> None:
        """Close the receiver and end its thread; a second call does nothing."""
        with self._lock:
            running = self._running
            if running is not None and running.process == os.getpid():
                self._running = None
                running.close()
                if not running.served.cancelled():  # by the end of its loop
                    running.served.result()  # raises what closing has raised

    def _start(self) -> _Running:
        with self._lock:
            running = self._running
            if running is not None and running.process != os.getpid():
                raise ConfigurationError(
                    "the receiver was started before this process was forked; start it in each"
                    " worker, or leave that to the first request"
                )
            if running is not None and running.served.done():
                _log.error("the receiver ended by itself, and is opened again")
                self._running = None
                running.close()
            if self._running is None:
                self._running = _opened(self._opened)
                atexit.unregister(self.close)
                atexit.register(self.close)
            return self._running


@dataclass(frozen=True, slots=True, kw_only=True)
class _Running:
    """A receiver in its thread.

    Attributes:
        process: Which process has the thread.
        portal: How to call into it.
        receiver: What was opened there.
        closing: Set to have it closed.
        served: Done once it is closed, for whatever reason.
        stack: Ends the thread.
    """

    process: int
    portal: BlockingPortal
    receiver: Receiver
    closing: anyio.Event
    served: Future[None]
    stack: contextlib.ExitStack

    def answer(self, method: str, query: Query, headers: Headers, body: bytes) -> Response:
        """Answer one request.

        Raises:
            CancelledError: The loop ended meanwhile.
            RuntimeError: It had ended before.
        """
        return self.portal.call(self.receiver.handle, method, query, headers, body)

    def close(self) -> None:
        """Close what was opened, and end the thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended before, by `sys.exit` for one
            self.portal.call(self.closing.set)
        wait([self.served])
        self.stack.close()


def _opened(make: Callable[[], AbstractAsyncContextManager[Receiver]]) -> _Running:
    """Open a receiver in a thread of its own."""

    async def serve(*, task_status: TaskStatus[tuple[Receiver, anyio.Event]]) -> None:
        async with make() as receiver:
            closing = anyio.Event()
            task_status.started((receiver, closing))
            await closing.wait()

    with contextlib.ExitStack() as stack:
        portal = stack.enter_context(start_blocking_portal())
        served, (receiver, closing) = portal.start_task(serve)
        return _Running(
            process=os.getpid(),
            portal=portal,
            receiver=receiver,
            closing=closing,
            served=served,
            stack=stack.pop_all(),
        )
