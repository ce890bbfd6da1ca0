"""WhatsApp through Meta's Cloud API."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from functools import cached_property
from importlib.metadata import version as version_of
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Final, Self, Unpack

import httpx

from blazz.addresses import Address
from blazz.errors import (
    AnswerLost,
    ConfigurationError,
    DeliveryUnknown,
    InvalidValue,
    NotSent,
    SessionClosed,
    UnreadableAnswer,
)
from blazz.messages import Media as MediaMessage
from blazz.messages import MediaId
from blazz.messages.base import Message
from blazz.providers.base import Capability, Outcome, ProviderContext, Receipt, WebhookProfile
from blazz.providers.meta_cloud.arguments import (
    check_id,
    check_version,
    checked_address,
    checked_token,
    phases_of,
)
from blazz.providers.meta_cloud.credentials import CloudCredentials, CloudOptions
from blazz.providers.meta_cloud.faults import (
    InvalidRequest,
    MediaNotUploaded,
    ParameterInvalid,
)
from blazz.providers.meta_cloud.graph import Graph
from blazz.providers.meta_cloud.payloads import (
    json_body,
    mark_read_body,
    unresolved_media,
    with_media,
)
from blazz.providers.meta_cloud.receipts import receipt_of
from blazz.providers.meta_cloud.renewing import RenewsCloudCredentials
from blazz.providers.meta_cloud.retries import Retries
from blazz.providers.meta_cloud.transports import TransportChoice, make_transport
from blazz.security.secret import Secret

if TYPE_CHECKING:
    from blazz.providers.meta_cloud.resources import (
        Media,
        PhoneNumbers,
        Profile,
        Subscriptions,
        Templates,
    )
    from blazz.providers.meta_cloud.resources.base import AccountAccess
    from blazz.providers.meta_cloud.uploads import Uploads

DEFAULT_VERSION: Final = "v26.0"
"""The newest version of the Graph API that was seen to answer (August 2026)."""

_CAPABILITIES: Final = frozenset(
    {
        Capability.TEXT,
        Capability.IMAGE,
        Capability.VIDEO,
        Capability.AUDIO,
        Capability.VOICE,
        Capability.DOCUMENT,
        Capability.STICKER,
        Capability.LOCATION,
        Capability.CONTACTS,
        Capability.REACTION,
        Capability.REPLY,
        Capability.BUTTONS,
        Capability.LIST,
        Capability.CALL_TO_ACTION,
        Capability.TEMPLATE,
        Capability.GROUPS,
        Capability.MARK_READ,
        Capability.TYPING,
        Capability.UPLOAD_MEDIA,
        Capability.DOWNLOAD_MEDIA,
        Capability.PROFILE,
        Capability.SERVICE_WINDOW,
    }
)


class MetaCloud(RenewsCloudCredentials):
    """A phone number on Meta's Cloud API.

    Args:
        phone_number_id: The number's id in the app's dashboard; not the number itself.
        token: An access token with `whatsapp_business_messaging`.
        waba_id: The WhatsApp business account's id; needed for templates and lists of numbers.
        app_secret: What Meta signs webhooks with; several while it is being changed, newest first.
            Without one no webhook can be trusted, so none is read.
        verify_token: A word of your own, which Meta sends when it checks a webhook address.
        version: The version of the Graph API.
        base_url: Where the Graph API is; `https://`, or `http://` on this machine.
        transport: How requests travel: `default` (aiohttp), `fast` (pyreqwest, of the extra `fast`)
            or a transport of your own, which you close yourself.
        proxy: The URL of an HTTP proxy. Environment variables are not read.
        connections: The most connections at a time; further requests wait for one.
        timeout: Seconds for connecting, each read, each write and the wait for a connection.
        retries: How often requests are tried that certainly left nothing behind.

    Raises:
        InvalidValue: An id, the version, the token or the address is malformed.

    Example:
        >>> cloud = MetaCloud("106540352242922", "EAAGexample", app_secret="s3cret")
        >>> cloud
        <MetaCloud 106540352242922 v26.0>
    """

    def __init__(
        self,
        phone_number_id: str,
        token: str | Secret,
        *,
        waba_id: str | None = None,
        app_secret: str | Secret | Sequence[str | Secret] | None = None,
        verify_token: str | Secret | None = None,
        version: str = DEFAULT_VERSION,
        base_url: str = "https://graph.facebook.com",
        transport: TransportChoice | None = None,
        proxy: str | None = None,
        connections: int = 256,
        timeout: float | httpx.Timeout = 30.0,
        retries: Retries | None = None,
    ) -> None:
        check_id("phone_number_id", phone_number_id)
        if waba_id is not None:
            check_id("waba_id", waba_id)
        check_version(version)
        if connections < 1:
            raise InvalidValue("connections", "at least 1", connections)
        if proxy is not None and isinstance(transport, httpx.AsyncBaseTransport):
            raise ConfigurationError("give the proxy to your own transport, not to MetaCloud")
        self.phone_number_id = phone_number_id
        self.waba_id = waba_id
        self.version = version
        self.base_url: str = checked_address(base_url)
        self.verify_token: Secret | None = Secret(verify_token) if verify_token else None
        self._token = checked_token(token)
        given = [app_secret] if isinstance(app_secret, (str, Secret)) else app_secret or ()
        self._app_secrets = tuple(Secret(secret) for secret in given if secret)
        self._choice: TransportChoice = transport or "default"
        self._proxy = proxy
        self._connections = connections
        self._timeout = phases_of(timeout)
        self._retries = retries or Retries()
        self._transport: httpx.AsyncBaseTransport | None = None
        self._graph: Graph | None = None

    @classmethod
    def from_credentials(
        cls,
        credentials: CloudCredentials | Mapping[str, str | Secret],
        **options: Unpack[CloudOptions],
    ) -> Self:
        """Make it from what an auth store keeps; see `Client.save_credentials`."""
        if not isinstance(credentials, CloudCredentials):
            credentials = CloudCredentials.from_secrets(credentials)
        return cls(**credentials.arguments(), **options)

    def __repr__(self) -> str:
        return f"<MetaCloud {self.phone_number_id} {self.version}>"

    @property
    def name(self) -> str:
        """`meta_cloud`."""
        return "meta_cloud"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """All that the Cloud API can do and that this provider was given the means for."""
        return self._capabilities

    @cached_property
    def _capabilities(self) -> frozenset[Capability]:
        capabilities = set(_CAPABILITIES)
        if self.waba_id is not None:
            capabilities.add(Capability.TEMPLATES)
        if self._app_secrets:
            capabilities.add(Capability.STATUS_WEBHOOKS)
        return frozenset(capabilities)

    @property
    def webhooks(self) -> WebhookProfile | None:
        """How the number's webhooks are read; None without an app secret."""
        if not self._app_secrets:
            return None
        from blazz.providers.meta_cloud.inbound import parse

        return WebhookProfile(
            accounts=tuple(filter(None, (self.phone_number_id, self.waba_id))),
            secrets=tuple(secret.reveal() for secret in self._app_secrets),
            parse=parse,
            verify_token=self.verify_token,
        )

    # Connecting

    async def connect(self, context: ProviderContext) -> None:  # noqa: ARG002  # it has no listener of its own
        """Make ready to send; connections are made when they are needed.

        Raises:
            MissingDependency: The `fast` transport is not installed.
        """
        self._open()

    async def disconnect(self) -> None:
        """Close the connections; a transport of your own stays open."""
        transport, self._transport, self._graph = self._transport, None, None
        # Another connection may lead to another API, which does not have the same files.
        self.__dict__.pop("_uploads", None)
        if transport is not None and transport is not self._choice:
            await transport.aclose()

    async def logout(self) -> None:
        """Close the connections: the Cloud API has no login that could end.

        The number stays registered; `phone_numbers.deregister` takes it off the Cloud API.
        """
        await self.disconnect()

    async def __aenter__(self) -> Self:
        """Connect without a session, to use the resources alone."""
        self._open()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.disconnect()

    # Sending

    async def send(
        self,
        to: Address,
        message: Message,
        *,
        token: str,
        reply_to: str | None = None,
        retry: bool = True,
    ) -> Receipt:
        """Send one message; files are uploaded first, each once.

        Raises:
            GraphError: The API refused it; the class tells why, `retry` when it may succeed.
            NotSent: It certainly did not leave: no connection, or its file was not uploaded.
            DeliveryUnknown: It left, and no readable answer came.
            InvalidValue: Its file cannot be read or is not taken.
            NotSupported: The Cloud API cannot send this to that address.
            SessionClosed: The provider is not connected.
        """
        graph = self._connected()
        media = unresolved_media(message)
        uploaded = None if media is None else await self._uploaded(media)
        if uploaded is not None:
            message = with_media(message, uploaded)
        body = json_body(to, message, token=token, reply_to=reply_to)
        try:
            answer = await graph.post(self._messages, body, once=not retry)
            return receipt_of(answer, to=to, token=token)
        except (AnswerLost, UnreadableAnswer) as error:
            reason = f"the message may or may not have been sent: {error}"
            raise DeliveryUnknown(reason, token=token) from error
        except (MediaNotUploaded, ParameterInvalid, InvalidRequest):
            if uploaded is not None:
                self._uploads.forget(uploaded)
            raise

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:  # noqa: ARG002
        """Tell nothing: the Cloud API cannot be asked; status webhooks bring the tokens back."""
        return {}

    async def mark_read(self, message_id: str, *, typing: bool = False) -> None:
        """Show a received message as read, and with `typing` for 25 seconds that you write."""
        graph = self._connected()
        body = mark_read_body(message_id, typing=typing)
        await graph.post(self._messages, body, repeatable=True)

    async def upload_media(self, content: bytes | Path, *, mime_type: str, filename: str) -> str:
        """Upload a file; give its id. See `media` for more."""
        return await self.media.upload(content, mime_type=mime_type, filename=filename)

    def download_media(self, media_id: str) -> AsyncIterator[bytes]:
        """Give the content of received media piece by piece. See `media` for more."""
        return self.media.download(media_id)

    # Resources

    @cached_property
    def media(self) -> Media:
        """Files: upload, look up, download, delete."""
        from blazz.providers.meta_cloud.resources.media import Media

        return Media(self._account)

    @cached_property
    def templates(self) -> Templates:
        """Message templates: list, look up, submit, change, delete."""
        from blazz.providers.meta_cloud.resources.templates import Templates

        return Templates(self._account)

    @cached_property
    def phone_numbers(self) -> PhoneNumbers:
        """Phone numbers: quality and throughput, registration, settings."""
        from blazz.providers.meta_cloud.resources.phone_numbers import PhoneNumbers

        return PhoneNumbers(self._account)

    @cached_property
    def profile(self) -> Profile:
        """The business profile that people see."""
        from blazz.providers.meta_cloud.resources.profile import Profile

        return Profile(self._account)

    @cached_property
    def subscriptions(self) -> Subscriptions:
        """Which apps get the account's webhooks."""
        from blazz.providers.meta_cloud.resources.subscriptions import Subscriptions

        return Subscriptions(self._account)

    @cached_property
    def _account(self) -> AccountAccess:
        from blazz.providers.meta_cloud.resources.base import AccountAccess

        return AccountAccess(
            graph=self._connected, phone_number_id=self.phone_number_id, waba=self.waba_id
        )

    @cached_property
    def _uploads(self) -> Uploads:
        from blazz.providers.meta_cloud.uploads import Uploads

        return Uploads(self.media)

    async def _uploaded(self, media: MediaMessage) -> MediaId:
        try:
            return await self._uploads.id_of(media)
        except (AnswerLost, UnreadableAnswer) as error:
            raise NotSent(f"the file could not be uploaded: {error}") from error

    def _connected(self) -> Graph:
        if self._graph is None:
            raise SessionClosed("the provider is not connected; use `async with` or `connect`")
        return self._graph

    def _open(self) -> None:
        # Without an await in between, two tasks that connect at once cannot open two transports.
        if self._graph is not None:
            return
        if isinstance(self._choice, httpx.AsyncBaseTransport):
            self._transport = self._choice
        else:
            self._transport = make_transport(
                self._choice,
                timeout=self._timeout,
                connections=self._connections,
                proxy=self._proxy,
            )
        self._graph = self._graph_over(self._transport)
        self._messages = self._graph.url(self.phone_number_id, "messages")

    def _graph_over(self, transport: httpx.AsyncBaseTransport) -> Graph:
        return Graph(
            transport,
            base_url=self.base_url,
            version=self.version,
            token=self._token,
            timeout=self._timeout,
            retries=self._retries,
            user_agent=f"blazz/{version_of('blazz')}",
        )
