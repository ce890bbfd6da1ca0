"""Puts the parts together: opens sessions, receives their webhooks, runs campaigns."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType, NoneType
from typing import TYPE_CHECKING, Self, TypeVar

import anyio

from blazz.auth_stores.base import AuthStore
from blazz.campaigns.engine.base import Engine
from blazz.campaigns.ledger.base import Ledger
from blazz.campaigns.limiter.base import Limiter
from blazz.client import backends
from blazz.client.auth import ClientAuth
from blazz.client.background import Background
from blazz.client.broadcasts import ClientBroadcasts
from blazz.client.campaign_making import MakesCampaigns
from blazz.client.campaigns import ClientCampaigns
from blazz.client.ids import check_id
from blazz.client.inbox import ClientInbox
from blazz.client.listening import Listens
from blazz.client.measuring import ClientMeasures
from blazz.client.session_keeping import KeepsSessions
from blazz.client.sessions import ClientSessions
from blazz.conversations.base import ConversationStore
from blazz.conversations.optout import StopWords
from blazz.conversations.retention import forget_regularly
from blazz.conversations.signals import Signals
from blazz.conversations.windows import WindowPolicy
from blazz.errors import InvalidValue, SessionClosed
from blazz.events.base import Event
from blazz.providers.base import Provider
from blazz.providers.pacing import Pacing
from blazz.security.secret import Secret
from blazz.session import Session, SessionSettings
from blazz.session.paced_limiter import PacedLimiter
from blazz.session.pacer import Pacer
from blazz.telemetry import Telemetry
from blazz.webhooks.inbox.base import Inbox
from blazz.webhooks.receiver import Receiver

if TYPE_CHECKING:
    from blazz.auth_stores.keeping import Keeping
    from blazz.realtime.bus.base import Bus
    from blazz.security.keyring import KeyRing

T = TypeVar("T")


class Client(MakesCampaigns, KeepsSessions, Listens):
    """The entry to blazz: sessions, their events, and campaigns of one workspace.

    Without arguments everything is kept in SQLite files in one folder and no server is needed.
    Larger installations name their servers by URL; the code stays the same.

    Args:
        workspace: The tenant: `[a-z0-9][a-z0-9_-]{0,62}`. Tenants see nothing of each other.
        folder: Where files are kept that no URL names another place for.
        inbox: Where received updates are kept: `sqlite:///…`, `postgresql://…`, or an `Inbox`.
        conversations: Where windows, opt-outs and questions are kept, likewise.
        ledger: Where campaigns are kept: `sqlite:///…`, or a `Ledger`.
        engine: What carries campaigns' work to workers: `redis://…`, or an `Engine`; by default
            this process does it all.
        limiter: What keeps campaigns within their rates: `redis://…` for all processes that share
            it, or a `Limiter`; one of this process by default.
        bus: Carries live events to other processes and to browsers: `redis://…`, or a `Bus`; by
            default none are told.
        unpublished: Kinds of events that are not published on the bus; an application may want to
            do that itself, later or in another form.
        auth_store: Where sessions outlive their machine: a folder, `redis://…`, `s3://…`, or an
            `AuthStore`. Without one they stay in `folder`, and any process may open them.
        keyring: Seals what is in the auth store: a `KeyRing`, or the file that one is in. By
            default `BLAZZ_KEYS` is read; an auth store in a folder can make one of its own.
        keeping: How long leases last and how often sessions are backed up.
        telemetry: What is measured; by default OpenTelemetry's global meter, if it is installed.
        verify_tokens: What Meta's webhook handshake must name; sessions may add theirs.
        insecure_webhooks: Accept webhooks without a valid signature; for local use only.
        concurrency: The most handlers that run at the same time.
        handler_timeout: Seconds after which a handler is cancelled and tried again later.
        handler_lease: Seconds after which another process that shares the inbox handles what this
            one was about to handle, if it dies.
        handler_poll: Seconds between looks for what other processes have received for sessions of
            this one; with many clients in a process, choose more.
        keep_parts_open: Leave the parts open, when the client closes, that were given as instances:
            several clients may then share them, and whoever made them closes them.

    Raises:
        InvalidValue: The workspace is not of its form.
        ConfigurationError: A URL cannot be used.

    Example:
        ::

            async with Client() as client:
                session = await client.open("sales", MetaCloud("1555…", "EAAG…"))
                receipt = await session.send("+62 812-3456-7890", Text("Halo"))
    """

    def __init__(
        self,
        *,
        workspace: str = "default",
        folder: str | Path = ".blazz",
        inbox: str | Inbox | None = None,
        conversations: str | ConversationStore | None = None,
        ledger: str | Ledger | None = None,
        engine: str | Engine | None = None,
        limiter: str | Limiter = "local://",
        bus: str | Bus | None = None,
        unpublished: Collection[type[Event]] = (),
        auth_store: str | Path | AuthStore | None = None,
        keyring: KeyRing | str | Path | None = None,
        keeping: Keeping | None = None,
        telemetry: Telemetry | None = None,
        verify_tokens: Iterable[str | Secret] = (),
        insecure_webhooks: bool = False,
        concurrency: int = 64,
        handler_timeout: float | None = 60.0,
        handler_lease: float = 60.0,
        handler_poll: float = 0.25,
        keep_parts_open: bool = False,
    ) -> None:
        self.workspace: str = check_id("workspace", workspace)
        self.folder: Path = Path(folder)
        given = (inbox, conversations, ledger, engine, limiter, bus, auth_store)
        self._kept = [
            it for it in given if keep_parts_open and not isinstance(it, (str, Path, NoneType))
        ]
        measures = ClientMeasures(telemetry or Telemetry(), self.workspace)
        self._store = self._made(
            backends.make_conversation_store, conversations, "conversations.db"
        )
        made_bus = backends.make_bus(bus) if isinstance(bus, str) else bus
        self._broadcasts = (
            None
            if made_bus is None
            else ClientBroadcasts(
                made_bus,
                self.workspace,
                keep_open=made_bus in self._kept,
                unpublished=unpublished,
                lost=measures.live_event_dropped,
            )
        )
        listeners = [self._broadcasts.take_progress] if self._broadcasts else []
        self._campaigns = ClientCampaigns(
            self._made(backends.make_ledger, ledger, "campaigns.db"),
            PacedLimiter(
                backends.make_limiter(limiter) if isinstance(limiter, str) else limiter,
                self._pacer_of,
                keep_open=limiter in self._kept,
                waits=measures.limited,
            ),
            engine=backends.make_engine(engine) if isinstance(engine, str) else engine,
            folder=self.folder / "campaigns",
            on_progress=[measures.progressed, *listeners],
            keep_open=self._kept,
        )
        self._auth = ClientAuth(
            backends.make_auth_store(auth_store, keyring=keyring),
            workspace=self.workspace,
            keeping=keeping,
            telemetry=measures.telemetry,
        )
        self._signals = Signals()
        self._inbox = ClientInbox(
            self._made(backends.make_inbox, inbox, "inbox.db"),
            self._store,
            self._signals,
            self._campaigns.apply,
            self._campaigns.heed,
            broadcasts=self._broadcasts,
            measures=measures,
            verify_tokens=verify_tokens,
            insecure=insecure_webhooks,
            concurrency=concurrency,
            timeout=handler_timeout,
            lease=handler_lease,
            poll=handler_poll,
        )
        stores = (
            (conversations, self._store.close),
            (auth_store, self._auth.close),
            (inbox, self._inbox.close),
        )
        self._closers = [close for part, close in stores if part not in self._kept]
        self._background = Background()
        self._sessions = ClientSessions(
            workspace=self.workspace,
            folder=self.folder / "sessions",
            auth=self._auth,
            inbox=self._inbox,
            background=self._background,
            store=self._store,
            signals=self._signals,
            measures=measures,
        )

    async def __aenter__(self) -> Self:
        """Open the stores and begin to handle what waits in the inbox."""
        try:
            await self._inbox.open()
            await self._store.open()
            await self._auth.open()
            if self._broadcasts is not None:
                await self._broadcasts.bus.open()
            await self._background.start()
        except BaseException:
            await self.close()
            raise
        self._background.start_soon(self._inbox.dispatcher.run, name="blazz dispatcher")
        forgetting = functools.partial(forget_regularly, self._store)
        self._background.start_soon(forgetting, name="blazz conversations")
        if self._broadcasts is not None:
            self._background.start_soon(self._broadcasts.run, name="blazz broadcasts")
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Close everything."""
        await self.close()

    async def close(self) -> None:
        """Close the sessions and stores; a second call does nothing.

        Handlers that run are cancelled; their updates come again next time.

        Raises:
            ConfigurationError: A handler of this client calls it: it would wait for itself.
        """
        self._background.check_outside()
        with anyio.CancelScope(shield=True):
            async with contextlib.AsyncExitStack() as stack:
                # Undone from the last to the first, each even if another fails.
                for close in self._closers:
                    stack.push_async_callback(close)
                stack.push_async_callback(self._inbox.log.close)
                stack.push_async_callback(self._campaigns.close)
                if self._broadcasts is not None:
                    stack.push_async_callback(self._broadcasts.close)
                stack.push_async_callback(self._background.stop)
                for session in list(self.sessions.values()):
                    stack.push_async_callback(session.close)

    # Sessions

    async def open(
        self,
        name: str,
        provider: Provider | None = None,
        *,
        region: str | None = None,
        window: WindowPolicy | str = WindowPolicy.KNOWN,
        stop_words: Iterable[str] = (),
        pacing: Pacing | None = None,
        wait: float = 0.0,
        exclusive: bool = False,
    ) -> Session:
        """Open a session; its webhooks are handled from now on.

        With an auth store, a session that only one process may run (WhatsApp Web) is owned by this
        client before anything of it is started.

        Args:
            name: Its name in the workspace: `[a-z0-9][a-z0-9_-]{0,62}`. Under the same name the
                same conversations are remembered.
            provider: The way to reach WhatsApp; by default a `MetaCloud` made from the credentials
                that `save_credentials` stored.
            region: The ISO 3166 country of numbers that are written without a country code.
            window: What to do with free-form messages outside the 24-hour window: `known`,
                `strict` or `off`; see `WindowPolicy`.
            stop_words: Texts that put their sender on the suppression list, such as `STOP`.
            pacing: How it holds messages back; by default as its provider wants it, which
                WhatsApp Web does and the Cloud API does not. `Pacing.off()`: not at all.
            wait: Seconds to wait for another process that owns the session.
            exclusive: Own it in the auth store whatever its provider is, so that one process alone
                sends and handles for it; when it is lost to another one, it is closed here.

        Raises:
            InvalidValue: The name is not of its form, or `provider` is no provider.
            LeaseTaken: Another process owns the session.
            SnapshotNotFound: No provider is given, and no credentials are stored.
            ConfigurationError: A session of that name is open.
            SessionClosed: The client is not open.
        """
        check_id("session", name)
        if not self._background.running:
            raise SessionClosed("the client is not open; use `async with Client() as client:`")
        settings = SessionSettings(
            region=region, window=WindowPolicy(window), stop_words=StopWords(stop_words)
        )
        if provider is not None and (isinstance(provider, type) or not hasattr(provider, "send")):
            given = provider if isinstance(provider, type) else type(provider)
            raise InvalidValue("provider", "a provider, such as Sandbox() or MetaCloud(…)", given)
        provider = provider or await self._auth.provider(name)
        return await self._sessions.open(
            name, provider, settings, wait=wait, exclusive=exclusive, pacing=pacing
        )

    @property
    def sessions(self) -> Mapping[str, Session]:
        """The open sessions by name."""
        return MappingProxyType(self._sessions.open_ones)

    # Receiving

    @property
    def webhooks(self) -> Receiver:
        """Takes the webhook requests of all sessions; `webhooks.asgi` is an ASGI application."""
        return self._inbox.receiver

    # Live events

    @property
    def bus(self) -> Bus | None:
        """The bus that live events are published on."""
        return self._broadcasts.bus if self._broadcasts else None

    # Construction

    def _pacer_of(self, key: str) -> Pacer | None:
        return self._sessions.pacer_of(key)

    def _made(self, make: Callable[[str], T], given: str | T | None, filename: str) -> T:
        """A part as it was given, or made from its URL, or kept in the client's folder."""
        if given is None:
            return make(backends.sqlite_url(self.folder / filename))
        return make(given) if isinstance(given, str) else given
