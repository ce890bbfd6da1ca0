"""Sessions, blocking."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import TypeVar, overload

from anyio.from_thread import BlockingPortal

import blazz.session
from blazz.addresses import Address, Identity, Phone
from blazz.conversations.base import Suppression
from blazz.conversations.windows import Window
from blazz.events.base import Event
from blazz.events.coexistence import PastMessage
from blazz.events.messages import MessageReceived
from blazz.events.sessions import SessionState, StateReason
from blazz.messages.base import Message
from blazz.messages.media import MediaId
from blazz.messages.template import Template
from blazz.pairing import PairingStep
from blazz.providers import base
from blazz.providers.abilities import NumberCheck
from blazz.providers.base import Capability
from blazz.sync.iteration import iterate
from blazz.sync.receipt import Receipt
from blazz.webhooks.log import Start

E = TypeVar("E", bound=Event)


class Session:
    """`blazz.Session`, blocking. Made by `Client.open`.

    Attributes:
        asynchronous: The session itself.
    """

    def __init__(self, session: blazz.session.Session, portal: BlockingPortal) -> None:
        self.asynchronous = session
        self._portal = portal

    def __repr__(self) -> str:
        return repr(self.asynchronous)

    @property
    def key(self) -> str:
        """See `blazz.Session.key`."""
        return self.asynchronous.key

    def address(self, contact: str | Address) -> Address:
        """See `blazz.Session.address`."""
        return self.asynchronous.address(contact)

    def send(
        self,
        to: str | Address,
        message: Message,
        *,
        reply_to: str | None = None,
        fallback: Template | None = None,
        token: str | None = None,
    ) -> Receipt:
        """See `blazz.Session.send`."""
        send = functools.partial(
            self.asynchronous.send, to, message, reply_to=reply_to, fallback=fallback, token=token
        )
        return Receipt.of(self._portal.call(send), self._portal)

    def reply(self, event: MessageReceived, message: Message, *, quote: bool = False) -> Receipt:
        """See `blazz.Session.reply`."""
        reply = functools.partial(self.asynchronous.reply, event, message, quote=quote)
        return Receipt.of(self._portal.call(reply), self._portal)

    def ask(
        self,
        to: str | Address,
        message: Message,
        *,
        timeout: float,
        id: str | None = None,  # noqa: A002  # the word that callers expect
        fallback: Template | None = None,
    ) -> MessageReceived:
        """See `blazz.Session.ask`."""
        ask = functools.partial(
            self.asynchronous.ask, to, message, timeout=timeout, id=id, fallback=fallback
        )
        return self._portal.call(ask)

    def mark_read(self, message: MessageReceived | str, *, typing: bool = False) -> None:
        """See `blazz.Session.mark_read`."""
        self._portal.call(functools.partial(self.asynchronous.mark_read, message, typing=typing))

    @property
    def epoch(self) -> int | None:
        """See `blazz.Session.epoch`."""
        return self.asynchronous.epoch

    @property
    def owned(self) -> bool:
        """See `blazz.Session.owned`."""
        return self.asynchronous.owned

    @property
    def state(self) -> SessionState:
        """See `blazz.Session.state`."""
        return self.asynchronous.state

    @property
    def state_reason(self) -> StateReason:
        """See `blazz.Session.state_reason`."""
        return self.asynchronous.state_reason

    def wait_ready(self, *, timeout: float | None = None) -> None:
        """See `blazz.Session.wait_ready`."""
        self._portal.call(functools.partial(self.asynchronous.wait_ready, timeout=timeout))

    def pair(
        self, *, phone: str | Phone | None = None, timeout: float = 300.0
    ) -> Iterator[PairingStep]:
        """See `blazz.Session.pair`."""
        return iterate(self._portal, lambda: self.asynchronous.pair(phone=phone, timeout=timeout))

    def edit(self, message: base.Receipt | str, text: str) -> None:
        """See `blazz.Session.edit`."""
        self._portal.call(self.asynchronous.edit, message, text)

    def revoke(self, message: base.Receipt | str) -> None:
        """See `blazz.Session.revoke`."""
        self._portal.call(self.asynchronous.revoke, message)

    def show_typing(self, to: str | Address) -> None:
        """See `blazz.Session.show_typing`."""
        self._portal.call(self.asynchronous.show_typing, to)

    def check(self, numbers: Sequence[str | Phone]) -> list[NumberCheck]:
        """See `blazz.Session.check`."""
        return self._portal.call(self.asynchronous.check, numbers)

    def history(self, chat: str | Address, *, limit: int | None = None) -> Iterator[PastMessage]:
        """See `blazz.Session.history`."""
        return iterate(self._portal, lambda: self.asynchronous.history(chat, limit=limit))

    def upload(self, content: bytes | Path, *, mime_type: str, filename: str = "file") -> MediaId:
        """See `blazz.Session.upload`."""
        return self._portal.call(
            functools.partial(
                self.asynchronous.upload, content, mime_type=mime_type, filename=filename
            )
        )

    def download(self, media_id: str) -> Iterator[bytes]:
        """See `blazz.Session.download`."""
        return iterate(self._portal, lambda: self.asynchronous.download(media_id))

    def window(self, contact: str | Address) -> Window:
        """See `blazz.Session.window`."""
        return self._portal.call(self.asynchronous.window, contact)

    def suppress(self, contact: str | Address | Identity, *, reason: str) -> None:
        """See `blazz.Session.suppress`."""
        self._portal.call(functools.partial(self.asynchronous.suppress, contact, reason=reason))

    def unsuppress(self, contact: str | Address | Identity) -> None:
        """See `blazz.Session.unsuppress`."""
        self._portal.call(self.asynchronous.unsuppress, contact)

    def suppressions(self) -> list[Suppression]:
        """See `blazz.Session.suppressions`."""
        return self._portal.call(self.asynchronous.suppressions)

    @overload
    def events(
        self,
        *,
        where: Callable[[Event], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> Iterator[Event]: ...
    @overload
    def events(
        self,
        *kinds: type[E],
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> Iterator[E]: ...
    def events(
        self,
        *kinds: type[E],
        where: Callable[[E], bool] | None = None,
        cursor: str | None = None,
        start: Start = "now",
    ) -> Iterator[E]:
        """See `blazz.Session.events`."""
        return iterate(
            self._portal,
            lambda: self.asynchronous.events(*kinds, where=where, cursor=cursor, start=start),
        )

    def close(self) -> None:
        """See `blazz.Session.close`."""
        self._portal.call(self.asynchronous.close)

    def logout(self, *, keep: bool = False) -> None:
        """See `blazz.Session.logout`."""
        self._portal.call(functools.partial(self.asynchronous.logout, keep=keep))

    def can(self, capability: Capability) -> bool:
        """See `blazz.Session.can`."""
        return self.asynchronous.can(capability)

    def require(self, message: Message) -> None:
        """See `blazz.Session.require`."""
        self.asynchronous.require(message)
