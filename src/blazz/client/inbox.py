"""The receiving half of a client: from webhook requests to records, handlers and the log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

import anyio

from blazz.campaigns.quality import QUALITY_EVENTS, concern
from blazz.client.broadcasts import ClientBroadcasts
from blazz.client.measuring import ClientMeasures
from blazz.conversations.base import ConversationStore
from blazz.conversations.handling import call
from blazz.conversations.recorder import RECORDED
from blazz.conversations.signals import Signals
from blazz.errors import SessionClosed
from blazz.events.base import Event
from blazz.events.messages import MessageReceived
from blazz.events.sessions import SessionEvent
from blazz.events.statuses import StatusChanged
from blazz.security.secret import Secret
from blazz.session import Session
from blazz.webhooks.delivery import Delivery
from blazz.webhooks.dispatcher import Dispatcher
from blazz.webhooks.inbox.base import Inbox
from blazz.webhooks.internal import encode
from blazz.webhooks.log import EventLog
from blazz.webhooks.receiver import Receiver
from blazz.webhooks.routes import Routes

_CLOSING_SECONDS: Final = 30.0

Handler: TypeAlias = Callable[[Session, Any], Awaitable[object]]


class ApplyStatuses(Protocol):
    """Takes the status updates of campaigns' messages."""

    async def __call__(self, events: Sequence[StatusChanged]) -> None:
        """Apply them; those of other messages are passed over."""
        ...


class HeedQuality(Protocol):
    """Takes what is reported of the quality of numbers and templates."""

    async def __call__(self, event: Event, *, workspace: str, session: str) -> object:
        """Pause the campaigns that it concerns."""
        ...


class ClientInbox:
    """Receives for all sessions of a client.

    Each update is first recorded (what it says of conversations and campaigns), then given to the
    application's handlers; both at least once.

    Args:
        inbox: Where updates are kept until they are handled.
        store: What is remembered of conversations.
        signals: Who waits in this process.
        apply_statuses: Records what became of campaigns' messages.
        heed_quality: Pauses campaigns.
        broadcasts: Tells a bus of events; None: there is none.
        measures: What is measured.
        verify_tokens: What the webhook handshake may name.
        insecure: Accept webhooks without a valid signature.
        concurrency: The most handlers that run at the same time.
        timeout: Seconds after which a handler is cancelled and tried again later.
        lease: Seconds after which another process handles what this one has taken, if it dies.
        poll: Seconds between looks for what other processes received.
    """

    def __init__(
        self,
        inbox: Inbox,
        store: ConversationStore,
        signals: Signals,
        apply_statuses: ApplyStatuses,
        heed_quality: HeedQuality,
        *,
        broadcasts: ClientBroadcasts | None,
        measures: ClientMeasures,
        verify_tokens: Iterable[str | Secret],
        insecure: bool,
        concurrency: int,
        timeout: float | None,
        lease: float,
        poll: float,
    ) -> None:
        self._inbox = inbox
        self._store = store
        self._signals = signals
        self._apply_statuses = apply_statuses
        self._heed_quality = heed_quality
        self._insecure = insecure
        self._measures = measures
        self._sessions: dict[str, Session] = {}
        self._owned: dict[str, Callable[[], bool]] = {}
        routes = Routes(insecure=insecure)
        self.dispatcher = Dispatcher(
            inbox,
            routes,
            concurrency=concurrency,
            timeout=timeout,
            lease=lease,
            poll=poll,
            observe=measures.observer,
            logged=self._log_has_grown,
        )
        self.log = EventLog(inbox, self.dispatcher.deliveries, self._has)
        self.receiver = Receiver(
            inbox,
            routes,
            verify_tokens=verify_tokens,
            arrived=self.dispatcher.wake,
            observe=measures.observer,
        )
        self.dispatcher.add_sink(self._record, *RECORDED, name="blazz.conversations")
        self.dispatcher.add_sink(self._settle, StatusChanged, name="blazz.campaigns")
        self.dispatcher.add_sink(self._heed, *QUALITY_EVENTS, name="blazz.quality")
        if broadcasts is not None:
            self.dispatcher.add_sink(broadcasts.take, name="blazz.broadcasts")

    async def open(self) -> None:
        """Open the inbox."""
        await self._inbox.open()

    async def close(self) -> None:
        """Close the inbox."""
        await self._inbox.close()

    async def attach(self, session: Session, *, owned: Callable[[], bool]) -> None:
        """Receive for a session from now on; what waited for it is handled now.

        Args:
            session: The session.
            owned: Whether its updates may be handled in this process.
        """
        self._sessions[session.key] = session
        self._owned[session.key] = owned
        await self.renew(session)

    async def renew(self, session: Session) -> None:
        """Receive for a session with what its provider says now: its secrets may have changed."""
        owned = self._owned.get(session.key)
        profile = session.provider.webhooks
        if owned is None:
            return  # it is still being opened, and will be attached as it is then
        # Without a secret nobody could tell its webhooks from forged ones: it sends only.
        if profile is not None and (profile.secrets or profile.internal or self._insecure):
            await self.receiver.add(session.key, profile, owned=owned)
            present = self._sessions.get(session.key)
            if present is session:
                session.receives = True
            elif present is None:  # it was closed meanwhile
                self.receiver.remove(session.key)
            else:  # and opened again: what was added just now is not what that one has
                await self.renew(present)

    def detach(self, session: Session) -> None:
        """Stop receiving for a session in this process; its updates wait in the inbox."""
        self.receiver.remove(session.key)
        self._sessions.pop(session.key, None)
        self._owned.pop(session.key, None)
        self.log.grown([session.key])  # its readers end

    async def forget(self, key: str) -> None:
        """Route nothing to a session any more, in any process."""
        await self._inbox.unregister(key)

    async def deliver_webhook(self, headers: Mapping[str, str], body: bytes) -> int:
        """Handle one webhook request of a provider's own listener; give the HTTP status."""
        response = await self.receiver.handle("POST", "", headers, body)
        return response.status

    async def take(self, session: str, body: bytes) -> None:
        """Keep updates that a session's provider fetched itself; see `ProviderContext.receive`."""
        await self.receiver.take(session, body)

    async def report(self, session: str, event: SessionEvent) -> None:
        """Keep an event of a session itself; see `ProviderContext.report`."""
        await self.receiver.take(session, encode(event))

    def add_handler(
        self,
        function: Handler,
        kinds: tuple[type[Event], ...],
        *,
        where: Callable[[Any], bool] | None,
        session: str | None,
        name: str | None,
    ) -> None:
        """Call a function with the session and the event, for events of some kinds."""
        chosen = name or self.dispatcher.handlers.free_name(function)

        async def handle(delivery: Delivery) -> None:
            if not await self._answers_a_question(delivery):
                session = self._session(delivery.session)
                try:
                    await call(function, session, delivery.event, name=chosen)
                except SessionClosed:
                    if not session.owned:
                        # Once it is closed, the update is given back instead of failed.
                        with anyio.move_on_after(_CLOSING_SECONDS):
                            await session.gone.wait()
                    raise

        self.dispatcher.add_handler(handle, *kinds, where=where, session=session, name=chosen)

    async def _answers_a_question(self, delivery: Delivery) -> bool:
        event = delivery.event
        if not isinstance(event, MessageReceived):
            return False
        return bool(await self._store.answers(delivery.session, [event.key]))

    def _has(self, key: str) -> bool:
        return key in self._sessions

    def _session(self, key: str) -> Session:
        try:
            return self._sessions[key]
        except KeyError:
            raise SessionClosed(f"session {key} was closed while an event waited") from None

    async def _record(self, deliveries: Sequence[Delivery]) -> None:
        self._measures.recorded(deliveries)
        by_session: dict[str, list[tuple[int, Event]]] = {}
        for each in deliveries:
            by_session.setdefault(each.session, []).append((each.seq, each.event))
        # All at once: a session that is closed while another is recorded fails nobody's updates.
        recorders = {key: self._session(key).recorder for key in by_session}
        for key, received in by_session.items():
            await recorders[key].record(received)

    async def _settle(self, deliveries: Sequence[Delivery]) -> None:
        events = [each.event for each in deliveries]
        await self._apply_statuses([it for it in events if isinstance(it, StatusChanged)])

    async def _heed(self, deliveries: Sequence[Delivery]) -> None:
        for each in deliveries:
            workspace, _, session = each.session.partition("/")
            if concern(each.event) is not None:
                self._measures.quality_dropped(each.session)
                await self._heed_quality(each.event, workspace=workspace, session=session)

    def _log_has_grown(self, sessions: Collection[str]) -> None:
        self.log.grown(sessions)
