"""The `Sandbox` provider: the Cloud API provider, pointed at a sandbox that it starts by itself."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import AsyncGenerator
from pathlib import Path
from typing import Any, Self

import anyio

from blazz.errors import BlazzError, ConfigurationError, SessionClosed
from blazz.providers.base import ProviderContext
from blazz.providers.meta_cloud import DEFAULT_VERSION, MetaCloud
from blazz.providers.meta_cloud.retries import Retries
from blazz.providers.meta_cloud.transports import TransportChoice
from blazz.sandbox.accounts import DEFAULT_NUMBER_ID, DEFAULT_WABA_ID
from blazz.sandbox.control import LoggedMessage, SandboxControl
from blazz.sandbox.driving import SandboxWeb
from blazz.sandbox.listener import WebhookListener
from blazz.sandbox.phone import SandboxPhone
from blazz.sandbox.process import SandboxProcess
from blazz.sandbox.settings import Settings
from blazz.sandbox.user import SandboxUser


class Sandbox(MetaCloud):
    """WhatsApp on your machine: everything of `MetaCloud`, against a stand-in for the Cloud API.

    `connect` starts a sandbox in a process of its own, or uses the one at `url`; its webhooks come
    to the session without any set-up. `disconnect` stops what `connect` started. If the program
    dies, the sandbox's process ends, too.

    `async with Sandbox() as sandbox:` starts one that lives as long as the block, for tests of any
    provider: `Web(url=sandbox.web_url)` opens its simulated WhatsApp Web, whose phones are
    `sandbox.phone(…)`.

    Args:
        url: A sandbox that runs already, such as that of another provider; None: start one.
        phone_number_id: The business number; several providers can share a sandbox, each with a
            number of its own.
        waba_id: The account of the number.
        log_file: Where the sandbox logs accepted messages, and goes on after a restart; None: a
            temporary file.
        version: The version of the Graph API.
        transport: How requests travel, see `MetaCloud`.
        connections: The most connections at a time.
        timeout: Seconds for each phase of a request.
        retries: How often requests are tried that certainly left nothing behind.
        settings: Settings of the sandbox that is started, see `blazz.sandbox.Settings`.

    Raises:
        InvalidValue: A setting is unknown or out of range.
        ConfigurationError: Settings or a log file were given for a sandbox that runs already.

    Example:
        >>> sandbox = Sandbox(throughput=1000, story="delivered")
        >>> sandbox.name
        'sandbox'
    """

    def __init__(
        self,
        url: str | None = None,
        *,
        phone_number_id: str = DEFAULT_NUMBER_ID,
        waba_id: str = DEFAULT_WABA_ID,
        log_file: str | Path | None = None,
        version: str = DEFAULT_VERSION,
        transport: TransportChoice | None = None,
        connections: int = 256,
        timeout: float = 30.0,
        retries: Retries | None = None,
        **settings: Any,  # noqa: ANN401  # checked by Settings
    ) -> None:
        self._verify_token = secrets.token_urlsafe(16)
        # The same after a restart: what was signed before it may still wait in the inbox.
        self._app_secret = f"sandbox-{phone_number_id}"
        super().__init__(
            phone_number_id,
            "sandbox",
            waba_id=waba_id,
            app_secret=self._app_secret,
            verify_token=self._verify_token,
            version=version,
            base_url=url or "http://127.0.0.1:9",
            transport=transport,
            connections=connections,
            timeout=timeout,
            retries=retries,
        )
        if url is not None and (settings or log_file is not None):
            raise ConfigurationError("a sandbox that runs already has its own settings and log")
        self._given_url = url
        self._settings = Settings().updated(settings)
        self._changes = settings
        self._process = SandboxProcess(log_file=Path(log_file) if log_file is not None else None)
        self._listener: WebhookListener | None = None
        self._callback = ""
        self._control: SandboxControl | None = None
        self._held = False

    async def __aenter__(self) -> Self:
        """Start the sandbox, or reach the one that runs, without opening a session.

        Raises:
            ConfigurationError: The sandbox did not start.
        """
        await self._start()
        self._held = True
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        """Stop what was started."""
        self._held = False
        await self.disconnect()

    def __repr__(self) -> str:
        where = self.base_url if self._control is not None else "not connected"
        return f"<Sandbox {self.phone_number_id} {where}>"

    @property
    def name(self) -> str:
        """`sandbox`."""
        return "sandbox"

    @property
    def control(self) -> SandboxControl:
        """The sandbox's control API.

        Raises:
            SessionClosed: The sandbox does not run.
        """
        if self._control is None:
            raise SessionClosed(
                "the sandbox runs while its session is open, or in `async with sandbox:`"
            )
        return self._control

    @property
    def url(self) -> str:
        """Where the sandbox is, for other clients and for `Sandbox(url)`.

        Raises:
            SessionClosed: The sandbox does not run.
        """
        return self.control.url

    @property
    def web(self) -> SandboxWeb:
        """Its simulated WhatsApp Web: settings, outages, what pages sent.

        Raises:
            SessionClosed: The sandbox does not run.
        """
        return self.control.web

    @property
    def web_url(self) -> str:
        """The address of its simulated WhatsApp Web, for `Web(url=…)`.

        Raises:
            SessionClosed: The sandbox does not run.
        """
        return self.web.url

    async def connect(self, context: ProviderContext) -> None:
        """Start the sandbox, or reach the one that runs, and subscribe to its webhooks.

        Raises:
            ConfigurationError: The sandbox did not start.
            ConnectionFailed: There is no sandbox at the URL.
        """
        if self._listener is not None:
            return
        try:
            await self._start()
            await self._introduce(context)
            await super().connect(context)
        except BaseException:
            with anyio.CancelScope(shield=True):
                await self.disconnect()
            raise

    async def disconnect(self) -> None:
        """Stop the webhooks, and the sandbox if it was started here and is not held."""
        await super().disconnect()
        listener, self._listener = self._listener, None
        try:
            if listener is not None:
                await self._leave(listener)
        finally:
            if not self._held:
                await self._stop()

    def user(self, phone: str) -> SandboxUser:
        """The other side: a user of this number, who can write, tap, read and block."""
        return self.control.user(phone)

    def phone(self, number: str) -> SandboxPhone:
        """The other side of WhatsApp Web: a phone that links pages, writes, reads and gets lost."""
        return self.web.phone(number)

    def log(
        self, *, to: str | None = None, after: int | LoggedMessage = 0, wait: float = 0.0
    ) -> AsyncGenerator[LoggedMessage, None]:
        """The messages that the sandbox accepted, see `SandboxControl.log`."""
        return self.control.log(to=to, after=after, wait=wait)

    async def counts(self, *, above: int = 0) -> dict[str, int]:
        """How many messages each recipient got, see `SandboxControl.counts`."""
        return await self.control.counts(above=above)

    async def settings(self, **changes: object) -> dict[str, Any]:
        """Change settings while it runs; give all of them."""
        return await self.control.settings(**changes)

    async def settled(self, *, timeout: float = 60.0) -> None:
        """Wait until no status is to come and every webhook was delivered.

        Handlers may still be at work: wait for what they do.

        Raises:
            Timeout: Something is still to come.
        """
        await self.control.settle(timeout=timeout)

    async def _start(self) -> None:
        """Start the process and reach it, unless that is done."""
        if self._control is not None:
            return
        self.base_url: str = self._given_url or await self._process.start()
        self._control = SandboxControl(self.base_url, phone_number_id=self.phone_number_id)

    async def _stop(self) -> None:
        control, self._control = self._control, None
        try:
            if control is not None:
                await control.aclose()
        finally:
            await self._process.stop()

    async def _introduce(self, context: ProviderContext) -> None:
        """Make our number and our listener known to the sandbox."""
        control = self.control
        await control.add_number(self.phone_number_id, waba_id=self.waba_id)
        if self._changes and self._given_url is None:
            await control.settings(**self._settings_as_json())
        self._listener = WebhookListener(context.deliver_webhook, verify_token=self._verify_token)
        self._callback = await self._listener.start()
        await control.set_webhook(
            self._callback,
            app_secret=self._app_secret,
            verify_token=self._verify_token,
            scope=self.phone_number_id,
            whole_account=True,
        )

    async def _leave(self, listener: WebhookListener) -> None:
        """Stop listening: our number's webhooks wait for us, the account's are for the others."""
        stays = self._held or self._given_url is not None
        try:
            if self._control is not None and stays:
                with contextlib.suppress(BlazzError):  # it may be gone already
                    await self._control.narrow_webhook(self._callback, scope=self.phone_number_id)
        finally:
            await listener.stop()

    def _settings_as_json(self) -> dict[str, Any]:
        every = self._settings.as_json()
        return {name: every[name] for name in self._changes}
