"""One WhatsApp account: sending, receiving, and what is known of its conversations."""

from __future__ import annotations

import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TypeVar, cast

from blazz import addresses
from blazz.addresses import Address, Group
from blazz.auth_stores.keeping_base import Ownership
from blazz.conversations.asking import Asker
from blazz.conversations.base import ConversationStore, Suppression
from blazz.conversations.optout import StopWords
from blazz.conversations.signals import Signals
from blazz.conversations.waiting import StatusWatch, TrackedReceipt
from blazz.conversations.windows import Window, WindowPolicy, WindowState
from blazz.errors import (
    ConfigurationError,
    InvalidAddress,
    SessionClosed,
    Timeout,
    WindowClosed,
)
from blazz.events.base import Event
from blazz.events.messages import MessageReceived
from blazz.messages.base import Message
from blazz.messages.template import Template
from blazz.providers.base import Capability, Provider, new_token
from blazz.session.abilities import SessionAbilities
from blazz.session.pacer import Pacer
from blazz.session.states import StateWatch
from blazz.telemetry.sessions import Sends
from blazz.webhooks.log import EventLog, Start

E = TypeVar("E", bound=Event)


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSettings:
    """How a session behaves.

    Attributes:
        region: The ISO 3166 country of phone numbers that are written without a country code.
        window: What to do with free-form messages outside the 24-hour window. Sessions whose
            provider has no such window ignore it.
        stop_words: Received texts that put their sender on the suppression list.
    """

    region: str | None = None
    window: WindowPolicy = WindowPolicy.KNOWN
    stop_words: StopWords = field(default_factory=lambda: StopWords(()))


class Session(SessionAbilities):
    """One WhatsApp account. Made by `Client.open`.

    Attributes:
        workspace: The tenant that it belongs to.
        name: Its name within the workspace.
        provider: The way it reaches WhatsApp.
        settings: How it behaves.
        receives: Whether its updates come in; without an app secret it only sends.
        store: Where its conversations are remembered.
        states: Follows where it stands.
        pacer: What it holds messages back with, if anything.
        keeper: Proves that this process owns it; None: any number of processes may run it.
    """

    def __init__(
        self,
        *,
        workspace: str,
        name: str,
        provider: Provider,
        store: ConversationStore,
        signals: Signals,
        log: EventLog,
        settings: SessionSettings,
        closed: Callable[[Session], Awaitable[object]],
        pacer: Pacer | None = None,
        sends: Sends | None = None,
        states: StateWatch | None = None,
    ) -> None:
        self.workspace = workspace
        self.name = name
        self.provider = provider
        self.settings = settings
        self.receives = False
        self.store = store
        self.pacer = pacer
        self.sends: Sends = sends or Sends()
        self.keeper: Ownership | None = None
        self._log = log
        self._asker = Asker(self.key, store, signals)
        self._watch = StatusWatch(self.key, store, signals)
        self.states: StateWatch = states or StateWatch()
        self._open = True
        self._closed = closed

    @property
    def key(self) -> str:
        """`<workspace>/<name>`: what tells it apart wherever sessions are stored together."""
        return f"{self.workspace}/{self.name}"

    @property
    def epoch(self) -> int | None:
        """The epoch of its lease: each later owner has a higher one; None: it has no owner."""
        return None if self.keeper is None else self.keeper.lease.epoch

    @property
    def owned(self) -> bool:
        """Whether this process may run it right now."""
        return self._open and (self.keeper is None or self.keeper.held)

    def __repr__(self) -> str:
        return f"<Session {self.key} {self.provider.name}>"

    def address(self, contact: str | Address) -> Address:
        """Read an address; numbers without a country code belong to the session's region.

        Raises:
            InvalidAddress: It is not an address.
        """
        return addresses.parse(contact, region=self.settings.region)

    # Sending

    async def send(
        self,
        to: str | Address,
        message: Message,
        *,
        reply_to: str | None = None,
        fallback: Template | None = None,
        token: str | None = None,
    ) -> TrackedReceipt:
        """Send one message.

        Args:
            to: Whom to send it to: a number in any spelling, a user id, a LID or a group.
            message: What to send.
            reply_to: The id of the message that it quotes.
            fallback: Sent in its place when the 24-hour window has closed.
            token: What travels with it and comes back in its status updates, of
                `providers.base.new_token`: who keeps it before sending can tell after a crash what
                became of the message. By default one is made.

        Raises:
            InvalidAddress: `to` is not an address.
            NotSupported: The provider cannot send this kind; nothing was sent.
            WindowClosed: Free-form, the window has closed, and there is no `fallback`.
            DailyCapReached: The session's pacing allows no more today.
            OwnershipLost: Another process owns the session now; nothing was sent.
            NotSent: It certainly did not leave; sending it again is safe.
            Refused: The provider said no; `retry` tells whether and when to try again.
            DeliveryUnknown: It may or may not have been sent; its `token` will tell.

        Example:
            ::

                receipt = await session.send("+62 812-3456-7890", Text("Halo"))
                await receipt.wait(Delivered, timeout=60)
        """
        self._check_open()
        address = self.address(to)
        self.require(message)
        if reply_to is not None:
            self._require(Capability.REPLY, "quote a message")
        chosen = await self._within_window(address, message, fallback)
        if self.pacer is not None:
            await self.pacer.turn(address, chosen)
        quoted = reply_to if chosen is message else None
        receipt = await self.sends.measure(
            self.provider.send(address, chosen, token=token or new_token(), reply_to=quoted)
        )
        return TrackedReceipt.of(receipt, self._watch)

    async def reply(
        self, event: MessageReceived, message: Message, *, quote: bool = False
    ) -> TrackedReceipt:
        """Answer a received message where it was written: to its group, or to its sender.

        Args:
            event: The message to answer.
            message: The answer.
            quote: Show the answer as a reply to that very message.

        Raises:
            InvalidAddress: The event does not say who wrote it.
        """
        to = event.chat or event.sender.address
        if to is None:
            raise InvalidAddress("event.sender", "a sender with an address", event.sender)
        return await self.send(to, message, reply_to=event.message_id if quote else None)

    async def ask(
        self,
        to: str | Address,
        message: Message,
        *,
        timeout: float,
        id: str | None = None,  # noqa: A002  # the word that callers expect
    ) -> MessageReceived:
        """Send a question and wait for the contact's next message.

        The message that answers is not given to `Client.on` handlers; it is in `events`. With an
        `id`, asking again after a restart neither sends the question twice nor loses its answer,
        and any of several workers may receive it.

        Args:
            to: Whom to ask.
            message: The question.
            timeout: Seconds to wait for the answer.
            id: The question's name, such as `signup-name-6281234567890`.

        Raises:
            Timeout: No answer came in time.
            ConfigurationError: The session receives nothing.

        Example:
            ::

                reply = await session.ask(contact, Text("Your name?"), timeout=300)
        """
        self._check_open()
        self._check_receives()
        address = self.address(to)
        question = await self._asker.ask(
            address,
            lambda: self.send(address, message),
            question_id=id or uuid.uuid4().hex,
            timeout=timeout,
        )
        assert question.answer is not None
        event = await self._log.event(self.key, question.answer)
        if not isinstance(event, MessageReceived):
            raise Timeout(f"the answer to {question.id!r} is no longer kept in the inbox")
        return event

    # What is known of contacts

    async def window(self, contact: str | Address) -> Window:
        """The contact's 24-hour customer-service window, as far as blazz has seen messages.

        Example:
            ::

                if (await session.window(contact)).state is WindowState.CLOSED: ...
        """
        last_seen = await self.store.last_seen(self.key, str(self.address(contact)))
        return Window(last_seen, now=datetime.now(UTC))

    async def suppress(self, contact: str | Address, *, reason: str) -> None:
        """Put a contact on the suppression list: campaigns of this session leave it out."""
        entry = Suppression(address=str(self.address(contact)), reason=reason, at=datetime.now(UTC))
        await self.store.suppress(self.key, [entry])

    async def unsuppress(self, contact: str | Address) -> None:
        """Take a contact off the suppression list."""
        await self.store.unsuppress(self.key, str(self.address(contact)), datetime.now(UTC))

    async def suppressions(self) -> list[Suppression]:
        """The suppression list, oldest entry first."""
        return await self.store.suppressions(self.key)

    # Receiving

    def events(
        self,
        *kinds: type[E],
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[E]:
        """Iterate over events as they are received, also those that handlers get.

        Args:
            kinds: The events wanted, with their subclasses; none means all.
            where: A filter, see `blazz.events.filters`.
            cursor: A name under which the position is kept. With it the iteration goes on where an
                earlier one, also of an earlier process, left off: an event counts as done when the
                next one is asked for, so after a crash the last one may come again.
            start: Where to begin when no position is kept: `now`, which is when the first event is
                asked for, or at the `oldest` event that is kept (8 days).

        Example:
            ::

                async for event in session.events(MessageReceived, cursor="bot"):
                    await session.reply(event, Text("Terima kasih"))
        """
        self._check_open()
        self._check_receives()
        wanted = kinds or cast("tuple[type[E], ...]", (Event,))
        return self._log.follow(self.key, wanted, where=where, cursor=cursor, start=start)

    # Its end

    async def close(self) -> None:
        """Disconnect; the account stays logged in. A second call does nothing."""
        if self._open:
            self._open = False
            try:
                await self.provider.disconnect()
            finally:
                self.states.closed()
                await self._closed(self)

    async def logout(self, *, keep: bool = False) -> None:
        """Unlink the account from WhatsApp for good, where there is such a thing.

        Args:
            keep: Leave the session open, so that it can be paired again.
        """
        self._check_open()
        await self.provider.logout()
        if not keep:
            await self.close()

    # Checks

    def _check_open(self) -> None:
        if not self._open:
            raise SessionClosed(f"session {self.key} is closed; open it again with client.open")
        if self.keeper is not None:
            self.keeper.check()

    def _check_receives(self) -> None:
        if not self.receives:
            raise ConfigurationError(
                f"session {self.key} receives nothing: give its provider an app_secret=, so that"
                " webhooks can be told from forged ones"
            )

    async def _within_window(
        self, to: Address, message: Message, fallback: Template | None
    ) -> Message:
        if not self._needs_window(to, message):
            return message
        window = await self.window(to)
        closed = window.state is WindowState.CLOSED or (
            window.state is WindowState.UNKNOWN and self.settings.window is WindowPolicy.STRICT
        )
        if not closed:
            return message
        if fallback is not None:
            return fallback
        wrote = "never" if window.last_inbound is None else f"at {window.last_inbound:%F %H:%M} UTC"
        raise WindowClosed(
            f"{to} last wrote {wrote}; after 24 hours only a Template may be sent:"
            " send one, or name it as fallback="
        )

    def _needs_window(self, to: Address, message: Message) -> bool:
        return (
            self.settings.window is not WindowPolicy.OFF
            and Capability.SERVICE_WINDOW in self.provider.capabilities
            and not isinstance(message, Template)
            and not isinstance(to, Group)
        )
