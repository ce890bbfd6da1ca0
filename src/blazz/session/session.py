"""One WhatsApp account: sending, receiving, and what is known of its conversations."""

from __future__ import annotations

import functools
import uuid
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import Final, TypeVar, cast, get_args, overload

import anyio

from blazz.addresses import Address, Group
from blazz.auth_stores.keeping_base import Ownership
from blazz.conversations.ahead import ReadAhead, session_name
from blazz.conversations.asking import Asker, Leaving
from blazz.conversations.base import ConversationStore
from blazz.conversations.handling import name_question
from blazz.conversations.recorder import Recorder
from blazz.conversations.signals import Signals
from blazz.conversations.waiting import StatusWatch, TrackedReceipt
from blazz.errors import (
    ConfigurationError,
    InvalidAddress,
    InvalidValue,
    Refused,
    SessionClosed,
    Timeout,
)
from blazz.events.base import Event
from blazz.events.choosing import check_filter, check_kinds
from blazz.events.messages import MessageEvent, MessageReceived
from blazz.messages.base import Message
from blazz.messages.template import Template
from blazz.providers.base import Capability, Provider, Receipt, new_token
from blazz.session.abilities import SessionAbilities
from blazz.session.contacts import SessionContacts
from blazz.session.pacer import Pacer
from blazz.session.settings import SessionSettings
from blazz.session.states import StateWatch
from blazz.telemetry.sessions import Sends
from blazz.webhooks.log import EventLog, Start

E = TypeVar("E", bound=Event)

OUTSIDE_WINDOW: Final = 131047
"""Meta's code of a free-form message outside the 24-hour window."""

_YEAR: Final = 365 * 86_400


async def _let_go() -> None:
    """Hold nothing back."""


class Session(SessionContacts, SessionAbilities):
    """One WhatsApp account. Made by `Client.open`.

    Attributes:
        workspace: The tenant that it belongs to.
        name: Its name within the workspace.
        provider: The way it reaches WhatsApp.
        settings: How it behaves.
        receives: Whether its updates come in; without an app secret it only sends.
        store: Where its conversations are remembered.
        recorder: Notes what received events say of its conversations.
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
        self.recorder: Recorder = Recorder(self.key, store, signals, settings.stop_words)
        self._log = log
        self._signals = signals
        read = functools.partial(log.ahead, self.key)
        ahead = ReadAhead(self.key, read, self.recorder.record, signals)
        self._asker = Asker(self.key, store, signals, ahead, self._check_open)
        self._watch = StatusWatch(self.key, store, signals, ahead, self._check_open)
        self.states: StateWatch = states or StateWatch()
        self._closed = closed
        self.is_open: bool = True
        """Whether nobody has begun to close it."""
        self.gone: anyio.Event = anyio.Event()
        """Set when it has been closed and nothing is handled for it here any more."""

    @property
    def epoch(self) -> int | None:
        """The epoch of its lease: each later owner has a higher one; None: it has no owner."""
        return None if self.keeper is None else self.keeper.lease.epoch

    @property
    def owned(self) -> bool:
        """Whether this process may run it right now."""
        return self.is_open and (self.keeper is None or self.keeper.held)

    def __repr__(self) -> str:
        return f"<Session {self.key} {self.provider.name}>"

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
            fallback: Sent in its place unless the 24-hour window is known to be open.
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
        return await self._send(
            self.address(to), message, reply_to=reply_to, fallback=fallback, token=token
        )

    async def _send(
        self,
        to: Address,
        message: Message,
        *,
        reply_to: str | None = None,
        fallback: Template | None = None,
        token: str | None = None,
        leaving: Leaving = _let_go,
    ) -> TrackedReceipt:
        self._check_open()
        self.require(message)
        if reply_to is not None:
            self._require(Capability.REPLY, "quote a message")
        chosen = await self._within_window(to, message, fallback)
        if chosen is not message:
            self.require(chosen)
        if self.pacer is not None:
            await self.pacer.turn(to, chosen)
            self._check_open()  # its turn may have been long in coming
        await leaving()
        quoted = reply_to if chosen is message else None
        try:
            receipt = await self._leave(to, chosen, token=token, reply_to=quoted)
        except Refused as refusal:
            if refusal.code != OUTSIDE_WINDOW or fallback is None or chosen is fallback:
                raise
            # Only the provider knew that the window has closed.
            receipt = await self._leave(to, fallback, token=token, reply_to=None)
        return TrackedReceipt.of(receipt, self._watch)

    async def _leave(
        self, to: Address, message: Message, *, token: str | None, reply_to: str | None
    ) -> Receipt:
        sending = self.provider.send(to, message, token=token or new_token(), reply_to=reply_to)
        return await self.sends.measure(sending)

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
            InvalidValue: It is no message of a chat.
        """
        if not isinstance(event, MessageEvent):
            raise InvalidValue("event", "a received message; send writes to an address", event)
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
        fallback: Template | None = None,
    ) -> MessageReceived:
        """Send a question and wait for the person's next message.

        The message that answers is not given to `Client.on` handlers; it is in `events`. A question
        with a name outlives its process: asking again under the same name neither sends it twice
        nor loses its answer, whichever worker receives it. Asking again after a `Timeout` asks
        anew. What a handler asks has a name by itself.

        Args:
            to: Whom to ask; a person.
            message: The question.
            timeout: Seconds to wait for the answer, from when it was first asked; at most a year.
            id: The question's name, such as `signup-name-6281234567890`.
            fallback: Sent in its place unless the 24-hour window is known to be open.

        Raises:
            Timeout: No answer came in time.
            MaybeNotAsked: The same, and nobody knows whether the question left: whoever sent it was
                killed meanwhile, or got no answer. It is not sent again for this call.
            ConfigurationError: The session receives nothing.
            InvalidAddress: `to` is no address, or a group, where nobody is asked in particular.
            InvalidValue: The timeout is not of its form.
            BlazzError: The question could not be sent, see `send`.

        Example:
            ::

                reply = await session.ask(contact, Text("Your name?"), timeout=300)
        """
        self._check_open()
        self._check_receives()
        if not 0 < timeout <= _YEAR:
            raise InvalidValue("timeout", f"above 0 and at most {_YEAR} seconds", timeout)
        address = self.address(to)
        if isinstance(address, Group):
            raise InvalidAddress("to", "a person: what a group says answers nothing", to)
        name = id or name_question(address, message)
        question = await self._asker.ask(
            address,
            lambda leaving: self._send(address, message, fallback=fallback, leaving=leaving),
            question_id=name or uuid.uuid4().hex,
            timeout=timeout,
            log_position=await self._log.position(),
            lasting=name is not None,
        )
        assert question.answer is not None
        event = await self._log.event(self.key, question.answer)
        if not isinstance(event, MessageReceived):
            raise Timeout(f"the answer to {question.id!r} is no longer kept in the inbox")
        return event

    # Receiving

    @overload
    def events(
        self,
        *,
        where: Callable[[Event], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[Event]: ...
    @overload
    def events(
        self,
        *kinds: type[E],
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[E]: ...
    def events(
        self,
        *kinds: type[E],
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> AsyncGenerator[E]:
        """Iterate over events as they are received, also those that handlers get.

        The loop ends when the session is closed, or when another process owns it.

        Args:
            kinds: The events wanted, with their subclasses; none means all.
            where: A filter, see `blazz.events.filters`.
            cursor: A name under which the position is kept. With it the iteration goes on where an
                earlier one, also of an earlier process, left off: an event counts as done when the
                next one is asked for, so after a crash or a `break` the last one comes again. Each
                loop needs a name of its own: two of one name both get all events.
            start: Where to begin when no position is kept: `now`, which is when the first event is
                asked for, or at the `oldest` event that is kept (8 days).

        Raises:
            ConfigurationError: The session receives nothing.
            InvalidValue: What is given is no kind of event, no filter, or no place to start.

        Example:
            ::

                async for event in session.events(MessageReceived, cursor="bot"):
                    await session.reply(event, Text("Terima kasih"))
        """
        self._check_open()
        self._check_receives()
        check_kinds(kinds)
        if where is not None:
            check_filter(where)
        if start not in get_args(Start):
            raise InvalidValue("start", " or ".join(get_args(Start)), start)
        wanted = kinds or cast("tuple[type[E], ...]", (Event,))
        return self._log.follow(self.key, wanted, where=where, cursor=cursor, start=start)

    # Its end

    async def close(self) -> None:
        """Disconnect; the account stays logged in. A second call waits until the first is done."""
        if not self.is_open:
            # Whoever closes what the session needs, such as its client, may not be the first.
            await self.gone.wait()
            return
        self.is_open = False
        try:
            await self.provider.disconnect()
        finally:
            self.states.closed()
            try:
                await self._closed(self)
            finally:
                self.gone.set()
                self._signals.call([session_name(self.key)])

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
        if not self.is_open:
            raise SessionClosed(f"session {self.key} is closed; open it again with client.open")
        if self.keeper is not None:
            self.keeper.check()

    def _check_receives(self) -> None:
        if not self.receives:
            raise ConfigurationError(
                f"session {self.key} receives nothing: give its provider an app_secret=, so that"
                " webhooks can be told from forged ones"
            )
