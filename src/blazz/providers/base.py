"""The seam between blazz and a way to reach WhatsApp."""

from __future__ import annotations

import enum
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from blazz.addresses import Address
from blazz.events.base import Event
from blazz.events.sessions import SessionEvent, SessionStateChanged
from blazz.messages.base import Message
from blazz.security.secret import Secret

if TYPE_CHECKING:
    from blazz.auth_stores.keeping_base import SessionKeeper, SessionStandby


class Capability(enum.StrEnum):
    """Something that a provider can do; a message names those that it needs."""

    TEXT = "text"
    IMAGE = "image"
    VIDEO = "video"
    AUDIO = "audio"
    VOICE = "voice"
    DOCUMENT = "document"
    STICKER = "sticker"
    LOCATION = "location"
    CONTACTS = "contacts"
    REACTION = "reaction"
    REPLY = "reply"
    BUTTONS = "buttons"
    LIST = "list"
    CALL_TO_ACTION = "call_to_action"
    TEMPLATE = "template"
    POLL = "poll"
    VIEW_ONCE = "view_once"
    """Pictures, videos and voice notes that can be opened once only."""
    GIF = "gif"
    """Videos that play by themselves, again and again."""
    EDIT = "edit"
    REVOKE = "revoke"
    MENTION = "mention"
    GROUPS = "groups"
    MARK_READ = "mark_read"
    TYPING = "typing"
    UPLOAD_MEDIA = "upload_media"
    DOWNLOAD_MEDIA = "download_media"
    TEMPLATES = "templates"
    PROFILE = "profile"
    CHECK_NUMBERS = "check_numbers"
    HISTORY = "history"
    STATUS_WEBHOOKS = "status_webhooks"
    """Sent messages are followed by status events that carry their token."""
    SERVICE_WINDOW = "service_window"
    """Free-form messages are only allowed for 24 hours after the contact wrote."""
    PAIRING = "pairing"
    """An account is linked to it by a QR code or a pairing code."""
    PRESENCE = "presence"
    """It can show typing by itself, and follow who is online."""
    CHATS = "chats"
    """Chats, contacts, groups and the block list can be read and changed."""
    SETTLE = "settle"
    """`settle` can look up what became of a message whose answer was lost."""


class Outcome(enum.StrEnum):
    """What a provider knows of a message whose answer was lost."""

    SENT = "sent"
    NOT_SENT = "not_sent"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Receipt:
    """A provider took a message over: it was accepted, which is not yet delivered.

    Attributes:
        message_id: The provider's id of the message (Cloud API: `wamid.…`).
        to: Whom it was sent to.
        token: What travels with the message and comes back in its status updates.
        accepted_at: When the provider accepted it, by our clock, in UTC.
        wa_id: The recipient's WhatsApp id, where the provider tells it.
        held: The provider accepted it but holds it back for a quality check.
    """

    message_id: str
    to: Address
    token: str
    accepted_at: datetime
    wa_id: str | None = None
    held: bool = False


async def _unheard(_: object) -> None:
    """Let what came pass by: nobody receives for this session."""


def _unseen(_: object) -> None:
    """Let a state or a count pass by: nobody watches this session."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderContext:
    """What a provider is given when it connects.

    Attributes:
        workspace: The tenant, an id of `[a-z0-9][a-z0-9_-]{0,62}`.
        session: The name of the session within its workspace, of the same form.
        deliver_webhook: Handles one webhook request: its headers and raw body. A provider that
            runs its own webhook listener (the sandbox) calls it; returns the HTTP status to
            answer with.
        folder: Where it may keep files of this session; it need not exist.
        receive: Keeps the body of updates that the provider fetched itself and vouches for; it is
            read by `Provider.webhooks.parse` and handled as a webhook's is. Raises `InboxFull` or
            `InboxUnavailable` when it was not kept; then it has to be handed over again.
        report: Keeps an event of the session itself for handlers and `Session.events`; raises as
            `receive` does.
        on_state: Told at once of each state that the session comes into; must not block. It is kept
            for handlers, too.
        on_waiting: Told how many updates the provider holds that `receive` did not take yet; must
            not block.
        keeper: Backs the session up and restores it; None where no auth store is used.
    """

    workspace: str
    session: str
    deliver_webhook: Callable[[Mapping[str, str], bytes], Awaitable[int]]
    folder: Path = Path(".blazz")
    receive: Callable[[bytes], Awaitable[None]] = field(default=_unheard)
    report: Callable[[SessionEvent], Awaitable[None]] = field(default=_unheard)
    on_state: Callable[[SessionStateChanged], object] = field(default=_unseen)
    on_waiting: Callable[[int], object] = field(default=_unseen)
    keeper: SessionKeeper | None = None


class Update(Protocol):
    """One update of a webhook batch: what it is at a glance, and its event when asked for."""

    @property
    def key(self) -> str:
        """What the update *is*, the same for every delivery of it; equals its event's `key`."""
        ...

    @property
    def account(self) -> str | None:
        """The phone number id or WABA id that it belongs to."""
        ...

    @property
    def conversation(self) -> str | None:
        """Updates with the same conversation are handled in order; None: no order is needed."""
        ...

    def event(self) -> Event:
        """Build the typed event; never raises: what is not understood is an `UnknownUpdate`."""
        ...


class WebhookParser(Protocol):
    """Splits a webhook body into updates; pure, no I/O, and cheap: events are built later."""

    def __call__(self, body: bytes) -> Sequence[Update]:
        """Split a whole batch, in an order that depends on the body alone.

        Whatever is not understood is an update, too; nothing is dropped.

        Raises:
            WebhookError: The body is not JSON, or not a webhook at all.
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class WebhookProfile:
    """How a provider's webhooks are recognised and read.

    Attributes:
        accounts: The account ids (`Event.account`) that belong to this provider: its phone number
            id and its WABA id. Several sessions can share one webhook URL.
        secrets: The app secrets that sign the body, newest first; more than one while rotating.
        parse: Splits a body into updates.
        verify_token: What the webhook handshake must name for this session; None: nothing of its
            own.
        internal: Updates do not come by HTTP at all: the provider fetches them and hands them over
            through `ProviderContext.receive`. Then no secret is needed, and nobody else can bring
            any in.
    """

    accounts: Iterable[str]
    secrets: Sequence[str] = field(repr=False)
    parse: WebhookParser
    verify_token: Secret | None = None
    internal: bool = False


@runtime_checkable
class Provider(Protocol):
    """A way to reach WhatsApp for one account.

    Semantics that `blazz.testing.check_provider` tests:

    * A message whose capability is missing is never given to `send`; the session refuses it.
    * `send` returns a `Receipt` only when the other side accepted the message. It raises `Refused`
      when the other side said no, `NotSent` when nothing left, and `DeliveryUnknown` when it cannot
      be known. It never sends a message twice: only failures that certainly left nothing behind may
      be retried inside.
    * Cancelling `send` leaves the provider usable.
    * `connect` and `disconnect` may be repeated; a second `disconnect` does nothing.
    """

    @property
    def name(self) -> str:
        """A short name for logs and reports, such as `meta_cloud`."""
        ...

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What this provider can do."""
        ...

    @property
    def webhooks(self) -> WebhookProfile | None:
        """How its webhooks are read, or None if its events do not come by webhook."""
        ...

    async def connect(self, context: ProviderContext) -> None:
        """Make ready to send and receive."""
        ...

    async def send(
        self,
        to: Address,
        message: Message,
        *,
        token: str,
        reply_to: str | None = None,
        retry: bool = True,
    ) -> Receipt:
        """Send one message.

        Args:
            to: Whom to send it to.
            message: What to send.
            token: What travels with it and comes back in its status updates.
            reply_to: The id of the message that it quotes.
            retry: Whether failures that certainly left nothing behind may be retried inside. A
                campaign says no: its ledger counts attempts and makes the pauses between them.
        """
        ...

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        """Tell what became of messages whose answer was lost; unknown ones may be left out."""
        ...

    async def disconnect(self) -> None:
        """Close connections; the account stays logged in."""
        ...

    async def logout(self) -> None:
        """End the account's session for good, where there is such a thing."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class StandbyContext:
    """What a provider is given to get ready while another process still owns its session.

    Attributes:
        session: The key of the session, `<workspace>/<name>`.
        folder: Where it may keep files of this session, as `ProviderContext.folder`.
        standby: Tells whether the owner seems to be gone, and gets the session's state.
    """

    session: str
    folder: Path
    standby: SessionStandby


@runtime_checkable
class RenewsCredentials(Protocol):
    """A provider whose secrets can be replaced while it is connected."""

    def renew(self, secrets: Mapping[str, Secret]) -> None:
        """Use other secrets from the next call on; what `webhooks` gives changes with them.

        Raises:
            InvalidValue: They are malformed, or of another account.
        """
        ...


@runtime_checkable
class WarmsUp(Protocol):
    """A provider that can get ready while another process still owns its session."""

    def warm(self, context: StandbyContext) -> AbstractAsyncContextManager[None]:
        """Keep ready what `connect` needs, within the block.

        It must not act for the session: another process may do so at this moment. What `connect`
        has not used at the end of the block is thrown away.
        """
        ...


class MarksRead(Protocol):
    """A provider with `Capability.MARK_READ`."""

    async def mark_read(self, message_id: str, *, typing: bool = False) -> None:
        """Show a received message as read; with `typing` also show that an answer is coming."""
        ...


class UploadsMedia(Protocol):
    """A provider with `Capability.UPLOAD_MEDIA`."""

    async def upload_media(self, content: bytes | Path, *, mime_type: str, filename: str) -> str:
        """Upload a file; return the id that a message can name."""
        ...


class DownloadsMedia(Protocol):
    """A provider with `Capability.DOWNLOAD_MEDIA`."""

    def download_media(self, media_id: str) -> AsyncIterator[bytes]:
        """Stream the content of received media."""
        ...


def new_token() -> str:
    """Make the token of a single message, apart from the campaigns' `v1.<campaign>.…`.

    Example:
        >>> new_token().startswith("v1.-.")
        True
    """
    return f"v1.-.{secrets.token_urlsafe(16)}"


def of_campaign(token: str | None) -> bool:
    """Whether a status update's token is that of a campaign's message.

    Example:
        >>> of_campaign("v1.7.42.1.9f86d081"), of_campaign(new_token()), of_campaign("order-17")
        (True, False, False)
    """
    return token is not None and token.startswith("v1.") and not token.startswith("v1.-.")
