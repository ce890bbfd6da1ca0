"""Serving a sandbox: listening, delivering webhooks, and ending cleanly."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import Any

import anyio
import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from blazz.client.background import Background
from blazz.errors import ConfigurationError, InvalidValue
from blazz.sandbox.accounts import DEFAULT_DISPLAY_NUMBER, PhoneNumber, Subscription
from blazz.sandbox.api.answers import EXTENSION
from blazz.sandbox.api.app import create_app
from blazz.sandbox.courier import Courier
from blazz.sandbox.settings import Settings
from blazz.sandbox.web.simulated import SimulatedWeb
from blazz.sandbox.world import World


@dataclasses.dataclass(frozen=True, slots=True, kw_only=True)
class ServerOptions:
    """How a sandbox is served.

    Attributes:
        host: The address to listen on.
        port: The port; 0: any free one.
        allow_remote: Listen on addresses that other machines can reach.
        log_file: Where accepted messages are logged; None: a temporary file.
        settings: How it behaves.
        phone_number_id: The id of its business number; None: the default one.
        waba_id: The account of that number; None: the default one.
        webhook: Where webhooks go from the start; None: nowhere yet.
        app_secret: Signs the webhooks of subscriptions that are made through the Graph API.
        exit_with_stdin: End when standard input ends, as it does when the parent process dies.

    Raises:
        InvalidValue: There is no such port.
        ConfigurationError: `host` can be reached from other machines and that is not allowed.
    """

    host: str = "127.0.0.1"
    port: int = 0
    allow_remote: bool = False
    log_file: Path | None = None
    settings: Settings = dataclasses.field(default_factory=Settings)
    phone_number_id: str | None = None
    waba_id: str | None = None
    webhook: Subscription | None = None
    app_secret: str = dataclasses.field(default="", repr=False)
    exit_with_stdin: bool = False

    def __post_init__(self) -> None:
        if not 0 <= self.port <= 65_535:
            raise InvalidValue("ServerOptions.port", "0 to 65535", self.port)
        if not self.allow_remote and not is_loopback(self.host):
            raise ConfigurationError(
                f"{self.host} can be reached from other machines, and the sandbox has no guard;"
                " allow it with --allow-remote if that is what you want"
            )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    Example:
        >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("0.0.0.0")
        (True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


async def serve(
    options: ServerOptions | None = None,
    *,
    on_ready: Callable[[str, World], None] | None = None,
    stop: asyncio.Event | None = None,
) -> None:
    """Serve a sandbox until SIGTERM or SIGINT, or until `stop` is set.

    Args:
        options: How it is served.
        on_ready: Called with its URL and its state as soon as it listens.
        stop: Ends it from within the program; signals are left alone then.

    Raises:
        ConfigurationError: The log file cannot be used.
        OSError: The port is taken.
    """
    options = options or ServerOptions()
    with (
        contextlib.closing(listen(options.host, options.port)) as listener,
        contextlib.closing(_open_world(options)) as world,
    ):
        web = SimulatedWeb(url=f"{url_of(listener)}/web/")
        async with Courier(world) as courier, anyio.create_task_group() as tasks:
            app = create_app(world, verify=courier.verify, web=web)
            server = QuietServer(
                uvicorn.Config(app, http=HangingProtocol, lifespan="off", **WEBSOCKETS, **QUIET)
            )
            stopping = stop or asyncio.Event()
            with _signals(stopping) if stop is None else contextlib.nullcontext():
                if options.exit_with_stdin:
                    _watch_stdin(stopping)
                tasks.start_soon(courier.run)
                tasks.start_soon(server.serve, [listener])
                await server.listening.wait()
                if on_ready is not None:
                    on_ready(url_of(listener), world)
                await stopping.wait()
                web.services.drop_connections()
                server.should_exit = True
                await server.ended.wait()
                tasks.cancel_scope.cancel()


@contextlib.asynccontextmanager
async def running(options: ServerOptions | None = None) -> AsyncIterator[tuple[str, World]]:
    """Serve a sandbox inside this process, for tests; gives its URL and its state.

    It may be entered in one task and left in another, as test fixtures do.
    """
    stop, told, ended = asyncio.Event(), asyncio.Event(), asyncio.Event()
    found: list[tuple[str, World]] = []
    failures: list[Exception] = []

    def ready(url: str, world: World) -> None:
        found.append((url, world))
        told.set()

    async def run() -> None:
        try:
            await serve(options, on_ready=ready, stop=stop)
        except Exception as error:  # noqa: BLE001  # raised again below
            failures.append(error)
        finally:
            told.set()
            ended.set()

    work = Background()
    await work.start()
    work.start_soon(run, name="blazz sandbox")
    try:
        await told.wait()
        if failures:
            raise failures[0]
        yield found[0]
    finally:
        stop.set()
        await ended.wait()
        await work.stop()


QUIET: dict[str, Any] = {
    "log_config": None,  # and no level: uvicorn's loggers belong to the program around this
    "server_header": False,
    "proxy_headers": False,
    "timeout_graceful_shutdown": 1,
}
"""What every server of the sandbox is configured with."""

WEBSOCKETS: dict[str, Any] = {"ws": "websockets-sansio", "ws_per_message_deflate": False}
"""What a server is configured with that the pages of WhatsApp Web connect to.

Nothing is compressed on the way to a page on the same machine; WhatsApp's frames are encrypted."""


class QuietServer(uvicorn.Server):
    """A server inside an event loop that is not its own: it leaves signals alone.

    Attributes:
        listening: Set as soon as connections are accepted.
        ended: Set when the last connection is closed.
    """

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()
        self.ended = asyncio.Event()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture nothing."""
        yield

    async def serve(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve until `should_exit`."""
        try:
            await super().serve(sockets)
        except BaseException:  # cancelled: nobody waits for answers any more
            for server in getattr(self, "servers", []):
                server.close()
            for connection in list(self.server_state.connections):
                connection.transport.abort()
            raise
        finally:
            self.ended.set()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start, and tell that it is done."""
        await super().startup(sockets)
        self.listening.set()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End; requests that are never answered are not waited for."""
        for connection in list(self.server_state.connections):
            if isinstance(connection, HangingProtocol) and connection.is_left:
                connection.transport.abort()
        await super().shutdown(sockets)


class QuietProtocol(HttpToolsProtocol):
    """HTTP that logs nothing: faults are made here on purpose."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Log nothing of this connection, nor of its calls."""
        self.logger = logging.getLogger("blazz.sandbox.http")
        self.logger.disabled = True
        self.access_log = False
        super().connection_made(transport)


class HangingProtocol(QuietProtocol):
    """HTTP whose application may close the connection, or never answer."""

    is_left = False

    def on_message_begin(self) -> None:
        """Give the application its hold on the connection."""
        super().on_message_begin()
        self.scope["extensions"] = {EXTENSION: {"connection": self}}

    def abort(self) -> None:
        """Close the connection at once."""
        self.transport.abort()

    def close(self) -> None:
        """Close the connection after what was written."""
        self.transport.close()

    def leave(self) -> None:
        """Note that there will be no answer."""
        self.is_left = True


def listen(host: str, port: int) -> socket.socket:
    """Open a listening socket; connections wait in it until the server takes them.

    Raises:
        OSError: The address cannot be used.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def url_of(listener: socket.socket) -> str:
    """The URL at which a socket can be reached from this machine."""
    host, port = listener.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # shown, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def _open_world(options: ServerOptions) -> World:
    world = World(options.settings, app_secret=options.app_secret, log_path=options.log_file)
    if options.phone_number_id is not None or options.waba_id is not None:
        (default,) = world.accounts.numbers.values()
        number_id = options.phone_number_id or default.id
        world.accounts.numbers.clear()
        world.add_number(
            PhoneNumber(
                id=number_id,
                waba_id=options.waba_id or default.waba_id,
                display=DEFAULT_DISPLAY_NUMBER,
            )
        )
    if options.webhook is not None:
        world.subscribe("", options.webhook)
    return world


@contextlib.contextmanager
def _signals(stopping: asyncio.Event) -> Iterator[None]:
    """End cleanly on SIGTERM and SIGINT, where this thread may say so."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    loop = asyncio.get_running_loop()

    def stop(*_: object) -> None:
        loop.call_soon_threadsafe(stopping.set)

    before = {number: signal.signal(number, stop) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _watch_stdin(stopping: asyncio.Event) -> None:
    """End when standard input does.

    The parent holds the other end of the pipe; when it dies, even by kill -9, the system closes it.
    A daemon thread, since a blocking read cannot be cancelled.
    """
    loop = asyncio.get_running_loop()

    def watch() -> None:
        with contextlib.suppress(OSError, ValueError):
            while sys.stdin.buffer.read(4096):
                pass
        with contextlib.suppress(RuntimeError):  # the loop is closed already
            loop.call_soon_threadsafe(stopping.set)

    threading.Thread(target=watch, name="blazz-sandbox-stdin", daemon=True).start()
