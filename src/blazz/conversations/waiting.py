"""Waiting for what becomes of a sent message."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, fields

import anyio

from blazz.conversations.ahead import ReadAhead, message_name, session_name
from blazz.conversations.base import ConversationStore, MessageState
from blazz.conversations.signals import Signals
from blazz.errors import DeliveryFailed, InvalidValue, Timeout
from blazz.events.statuses import Status, StatusChanged, advance
from blazz.providers.base import Receipt


@dataclass(frozen=True, slots=True)
class StatusWatch:
    """Waits for the statuses of one session's messages, whichever process receives them.

    Attributes:
        session: `<workspace>/<name>`.
        store: Where states are remembered.
        signals: Who waits in this process.
        ahead: Reads what comes in while somebody waits.
        check: Raises when the session is closed.
    """

    session: str
    store: ConversationStore
    signals: Signals
    ahead: ReadAhead
    check: Callable[[], None]

    async def wait(self, message_id: str, status: Status, *, timeout: float | None) -> MessageState:
        """Wait until a message has come at least as far as `status`.

        Args:
            message_id: The provider's id of the message.
            status: How far it must have come; `Status.FAILED` waits for a failure.
            timeout: Seconds to wait; None waits for ever.

        Raises:
            DeliveryFailed: The message failed, and a failure was not what was waited for.
            Timeout: It did not come so far in time.
            SessionClosed: The session is closed.
        """
        names = (message_name(self.session, message_id), session_name(self.session))
        with self.signals.waiting(*names) as call:
            known = await self.store.state(self.session, message_id)
            if known is not None and _arrived(known, status):
                return known
            async with self.ahead.reading():
                with anyio.move_on_after(timeout):
                    while known is None or not _arrived(known, status):
                        self.check()
                        await call()
                        known = await self.store.state(self.session, message_id)
                    return known
        reached = "nothing is known of it" if known is None else f"it is {known.status.value}"
        raise Timeout(
            f"message {message_id} was not {status.value} within {timeout:g} s; {reached}"
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackedReceipt(Receipt):
    """A receipt that can wait for what becomes of its message."""

    watch: StatusWatch = field(repr=False, compare=False)

    @classmethod
    def of(cls, receipt: Receipt, watch: StatusWatch) -> TrackedReceipt:
        """Let a provider's receipt wait."""
        values = {each.name: getattr(receipt, each.name) for each in fields(Receipt)}
        return cls(**values, watch=watch)

    async def wait(
        self, status: Status | type[StatusChanged], *, timeout: float | None = None
    ) -> MessageState:
        """Wait until the message has come at least as far as `status`.

        Args:
            status: A status, or its event: `Sent`, `Delivered`, `Read`, `Played` or `Failed`.
            timeout: Seconds to wait; None waits for ever.

        Raises:
            DeliveryFailed: The message failed, and a failure was not what was waited for.
            Timeout: It did not come so far in time.
            SessionClosed: The session is closed.
            InvalidValue: `status` is not a status.

        Example:
            ::

                receipt = await session.send(contact, Text("Halo"))
                await receipt.wait(Delivered, timeout=60)
        """
        return await self.watch.wait(self.message_id, _status(status), timeout=timeout)


def _status(wanted: Status | type[StatusChanged]) -> Status:
    """Read which status is waited for."""
    try:
        return Status(getattr(wanted, "status", str(wanted)))
    except ValueError:
        rule = "Sent, Delivered, Read, Played or Failed"
        raise InvalidValue("status", rule, wanted) from None


def _arrived(known: MessageState, wanted: Status) -> bool:
    if known.status is wanted:
        return True
    if known.status is Status.FAILED:
        code = "" if known.error_code is None else f" ({known.error_code})"
        raise DeliveryFailed(
            f"message {known.message_id} failed: {known.error or 'no reason given'}{code}",
            message_id=known.message_id,
            code=known.error_code,
        )
    return wanted is not Status.FAILED and advance(wanted, known.status) is known.status
