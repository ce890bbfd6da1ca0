"""The sandbox that sessions may use in place of WhatsApp: in this process, or elsewhere."""

from __future__ import annotations

import ssl
from contextlib import AsyncExitStack
from typing import Final

import httpx

from blazz.sandbox import SandboxControl, SandboxUser, ServerOptions
from blazz.sandbox.server import running
from blazz_server.errors import ApiError
from blazz_server.settings import Settings

_SECONDS: Final = 30.0


class SandboxHost:
    """The sandbox of this server, if it has one.

    Args:
        settings: What the environment says.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._stack = AsyncExitStack()
        self._control: SandboxControl | None = None
        self._http: httpx.AsyncClient | None = None

    @property
    def url(self) -> str | None:
        """Where it is; None: there is none."""
        return self._control.url if self._control is not None else None

    @property
    def control(self) -> SandboxControl:
        """What looks into it and shakes it.

        Raises:
            ApiError: There is none.
        """
        if self._control is None:
            raise ApiError(409, "no_sandbox", "this server has no sandbox")
        return self._control

    def user(self, phone: str, *, phone_number_id: str) -> SandboxUser:
        """A user who writes to one of the sandbox's numbers.

        Raises:
            ApiError: There is no sandbox.
        """
        control = SandboxControl(
            self.control.url, phone_number_id=phone_number_id, client=self._http
        )
        return control.user(phone)

    async def open(self) -> None:
        """Start it, or reach it."""
        if self._settings.sandbox == "off":
            return
        url = self._settings.sandbox_url
        if self._settings.sandbox == "embedded":
            log = self._settings.folder / "sandbox.log"
            log.parent.mkdir(parents=True, exist_ok=True)
            options = ServerOptions(log_file=log)
            url, _world = await self._stack.enter_async_context(running(options))
        self._http = await self._stack.enter_async_context(_client_for(url))
        self._control = SandboxControl(url, client=self._http)

    async def close(self) -> None:
        """Stop it, if it was started here."""
        self._control = self._http = None
        await self._stack.aclose()


def _client_for(url: str) -> httpx.AsyncClient:
    # To read all certificate authorities takes longer than all else that starting the sandbox does,
    # which has no use for them. A context without any trusts nobody.
    plain = url.startswith("http://")
    verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
    return httpx.AsyncClient(timeout=_SECONDS, trust_env=False, verify=verify)
