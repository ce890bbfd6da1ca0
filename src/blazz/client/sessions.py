"""The open sessions of a client: owned, attached to the inbox, connected; and all of it undone."""

from __future__ import annotations

import contextlib
import functools
import logging
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING

import anyio

from blazz.auth_stores.tasks import BoundedTasks
from blazz.client.auth import ClientAuth
from blazz.client.background import Background
from blazz.client.inbox import ClientInbox
from blazz.client.measuring import ClientMeasures
from blazz.conversations.base import ConversationStore
from blazz.conversations.signals import Signals
from blazz.errors import BlazzError, ConfigurationError, SessionClosed
from blazz.providers.base import Provider, ProviderContext, StandbyContext, WarmsUp
from blazz.providers.pacing import Pacing
from blazz.session import Session, SessionSettings
from blazz.session.pacer import Pacer, pacer_for
from blazz.session.states import StateWatch

if TYPE_CHECKING:
    from blazz.auth_stores.standby import Standby

_log = logging.getLogger("blazz.client")


class ClientSessions:
    """Opens and closes sessions.

    Args:
        workspace: The tenant.
        folder: Where providers keep files of their sessions.
        auth: Who owns them.
        inbox: Receives for them.
        background: Runs what keeps them.
        store: What is remembered of their conversations.
        signals: Who waits in this process.
        measures: What is measured.
    """

    def __init__(
        self,
        *,
        workspace: str,
        folder: Path,
        auth: ClientAuth,
        inbox: ClientInbox,
        background: Background,
        store: ConversationStore,
        signals: Signals,
        measures: ClientMeasures,
    ) -> None:
        self._workspace = workspace
        self._measures = measures
        self._folder = folder
        self._auth = auth
        self._inbox = inbox
        self._background = background
        self._store = store
        self._signals = signals
        self.open_ones: dict[str, Session] = {}

    async def open(
        self,
        name: str,
        provider: Provider,
        settings: SessionSettings,
        *,
        wait: float,
        exclusive: bool = False,
        pacing: Pacing | None = None,
    ) -> Session:
        """Open a session; see `Client.open`."""
        key = f"{self._workspace}/{name}"
        session = Session(
            workspace=self._workspace,
            name=name,
            provider=provider,
            store=self._store,
            signals=self._signals,
            log=self._inbox.log,
            settings=settings,
            closed=self._forget,
            pacer=pacer_for(provider, pacing, session=key, store=self._store),
            sends=self._measures.sends_of(key),
            states=StateWatch(self._measures.states_of(key)),
        )
        if name in self.open_ones:
            raise ConfigurationError(f"session {session.key} is open already; close it first")
        self.open_ones[name] = session
        standby = self._auth.standby(name)
        async with contextlib.AsyncExitStack() as stack:
            if standby is not None and wait > 0:
                context = StandbyContext(session=key, folder=self._folder_of(name), standby=standby)
                await stack.enter_async_context(_warmed(provider, context))
            await self._start(session, wait, exclusive=exclusive, standby=standby)
        return session

    def _folder_of(self, name: str) -> Path:
        return self._folder / self._workspace / name

    async def _start(
        self, session: Session, wait: float, *, exclusive: bool, standby: Standby | None
    ) -> None:
        name, provider = session.name, session.provider
        report = functools.partial(self._inbox.report, session.key)
        try:
            # First of all: who is not the owner must not even look at the session's state.
            keeper = await self._auth.own(
                name,
                provider,
                exclusive=exclusive,
                wait=wait,
                report=report,
                standby=standby,
            )
        except BaseException:
            self._drop(session)
            raise
        session.keeper = keeper
        if keeper is not None and exclusive:
            keeper.on_lost(functools.partial(self._lose, session))
        context = ProviderContext(
            workspace=self._workspace,
            session=name,
            deliver_webhook=self._inbox.deliver_webhook,
            folder=self._folder_of(name),
            receive=functools.partial(self._inbox.take, session.key),
            report=report,
            on_state=session.states.entered,
            on_waiting=self._measures.held_by(session.key),
            keeper=keeper,
        )
        try:
            _check_not_closed(session)  # while its owner was waited for
            # Before it connects: from then on its webhooks may come, and events of its own.
            owned = keeper.is_held if keeper is not None and exclusive else _always
            await self._inbox.attach(session, owned=owned)
            if keeper is not None:
                self._background.start_soon(keeper.run, name=f"blazz keeper {session.key}")
            await provider.connect(context)
            _check_not_closed(session)
            session.states.opened()
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self._undo(session)
            raise

    async def _undo(self, session: Session) -> None:
        """Close what was half opened; if somebody has closed it before, what was done since."""
        was_closed = not session.is_open
        await session.close()
        if was_closed:
            try:
                await session.provider.disconnect()
            finally:
                await self._forget(session)

    def pacer_of(self, key: str) -> Pacer | None:
        """The pacer of an open session, by its key."""
        workspace, _, name = key.partition("/")
        session = self.open_ones.get(name) if workspace == self._workspace else None
        return None if session is None else session.pacer

    async def _lose(self, session: Session) -> None:
        """Let go of a session that another process owns now; its keeper must not wait for that."""
        self._inbox.detach(session)
        session.states.lost()

        async def close() -> None:
            try:
                await session.close()
            except Exception:  # noqa: BLE001  # the other sessions go on
                _log.exception("%s was lost and could not be closed", session.key)

        self._background.start_soon(close, name=f"blazz lost {session.key}")

    async def _forget(self, session: Session) -> None:
        try:
            await self._auth.disown(session.name)
        finally:
            self._inbox.detach(session)
            self._drop(session)
            self._measures.forget(session.key)

    def _drop(self, session: Session) -> None:
        if self.open_ones.get(session.name) is session:
            del self.open_ones[session.name]


def _always() -> bool:
    return True


def _check_not_closed(session: Session) -> None:
    if not session.is_open:
        raise SessionClosed(f"session {session.key} was closed while it was being opened")


@contextlib.asynccontextmanager
async def _warmed(provider: Provider, context: StandbyContext) -> AsyncIterator[None]:
    """Let a provider get ready while its session is waited for: each second counts then."""
    if not isinstance(provider, WarmsUp):
        yield
        return

    async def hold() -> None:
        try:
            async with provider.warm(context):
                await anyio.sleep_forever()
        except BlazzError as error:
            _log.debug("%r is not warmed up; connecting will tell why: %s", provider, error)

    async with BoundedTasks(1) as tasks:
        await tasks.start(hold)
        yield
        tasks.cancel()
