"""What a session knows of the people it talks to: their windows, and who opted out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from blazz import addresses
from blazz.addresses import Address, Group, Identity
from blazz.conversations.base import ConversationStore, Suppression
from blazz.conversations.naming import names_of
from blazz.conversations.windows import Window, WindowPolicy, WindowState
from blazz.errors import InvalidValue, WindowClosed
from blazz.messages.base import Message
from blazz.messages.template import Template
from blazz.providers.base import Capability, Provider
from blazz.session.settings import SessionSettings


class SessionContacts:
    """The part of a session that deals with what is remembered of people.

    Attributes:
        workspace: The tenant that it belongs to.
        name: Its name within the workspace.
        provider: The way it reaches WhatsApp.
        settings: How it behaves.
        store: Where its conversations are remembered.
    """

    workspace: str
    name: str
    provider: Provider
    settings: SessionSettings
    store: ConversationStore

    @property
    def key(self) -> str:
        """`<workspace>/<name>`: what tells it apart wherever sessions are stored together."""
        return f"{self.workspace}/{self.name}"

    def address(self, contact: str | Address) -> Address:
        """Read an address; numbers without a country code belong to the session's region.

        Raises:
            InvalidAddress: It is not an address.
        """
        return addresses.parse(contact, region=self.settings.region)

    async def window(self, contact: str | Address) -> Window:
        """The contact's 24-hour customer-service window, as far as blazz has seen messages.

        Example:
            ::

                if (await session.window(contact)).state is WindowState.CLOSED: ...
        """
        last_seen = await self.store.last_seen(self.key, str(self.address(contact)))
        return Window(last_seen, now=datetime.now(UTC))

    async def suppress(self, contact: str | Address | Identity, *, reason: str) -> None:
        """Put a contact on the suppression list: campaigns of this session leave it out.

        Args:
            contact: An address; or all that is known of a person, such as the sender of a message.
            reason: Stands in the list.
        """
        now = datetime.now(UTC)
        entries = [Suppression(address=it, reason=reason, at=now) for it in self._names(contact)]
        await self.store.suppress(self.key, entries)

    async def unsuppress(self, contact: str | Address | Identity) -> None:
        """Take a contact off the suppression list.

        Args:
            contact: As for `suppress`. Who opted out is on the list under all their names, so give
                the sender of a message rather than one address of theirs.
        """
        now = datetime.now(UTC)
        for name in self._names(contact):
            await self.store.unsuppress(self.key, name, now)

    def _names(self, contact: str | Address | Identity) -> Sequence[str]:
        return names_of(contact if isinstance(contact, Identity) else self.address(contact))

    async def suppressions(self) -> list[Suppression]:
        """The suppression list, oldest entry first."""
        return await self.store.suppressions(self.key)

    async def _within_window(
        self, to: Address, message: Message, fallback: Template | None
    ) -> Message:
        if not (fallback is None or isinstance(fallback, Template)):
            raise InvalidValue("fallback", "a Template: outside the window no other goes", fallback)
        if not self._needs_window(to, message):
            return message
        window = await self.window(to)
        if window.state is WindowState.OPEN:
            return message
        if fallback is not None:
            return fallback
        if window.state is WindowState.UNKNOWN and self.settings.window is WindowPolicy.KNOWN:
            return message
        last = window.last_inbound
        wrote = (
            "is not known to have written" if last is None else f"last wrote at {last:%F %H:%M} UTC"
        )
        raise WindowClosed(
            f"{to} {wrote}; after 24 hours only a Template may be sent:"
            " send one, or name it as fallback="
        )

    def _needs_window(self, to: Address, message: Message) -> bool:
        return (
            self.settings.window is not WindowPolicy.OFF
            and Capability.SERVICE_WINDOW in self.provider.capabilities
            and not isinstance(message, Template)
            and not isinstance(to, Group)
        )
