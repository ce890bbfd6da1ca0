"""Drives the simulated WhatsApp Web of a sandbox over HTTP: settings, outages, waiting, phones."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from blazz.errors import Rejected, Timeout, UnreadableAnswer
from blazz.sandbox.web.refusals import WebRefusal

if TYPE_CHECKING:
    from blazz.sandbox.control import SandboxControl
    from blazz.sandbox.phone import SandboxPhone

T = TypeVar("T")

_MARGIN = 5.0


class SandboxWeb:
    """The simulated WhatsApp Web of a sandbox, wherever that runs.

    Made by `SandboxControl.web` or `Sandbox.web`. In the sandbox's own process, `SimulatedWeb` does
    the same without waiting.

    Args:
        control: The sandbox.

    Raises:
        WebRefusal: By every method: the simulated WhatsApp does not do that.
        Rejected: By every method: the sandbox did not understand what was asked.
        ConnectionFailed: By every method: there is no sandbox any more.
    """

    def __init__(self, control: SandboxControl) -> None:
        self._control = control

    def __repr__(self) -> str:
        return f"<SandboxWeb {self.url}>"

    @property
    def url(self) -> str:
        """The address of the page, for `Web(url=…)` or any browser."""
        return f"{self._control.url}/web/"

    def phone(self, number: str) -> SandboxPhone:
        """The phone of a number, which can scan, write, read and get lost."""
        from blazz.sandbox.phone import SandboxPhone

        return SandboxPhone(self, number)

    async def state(self) -> dict[str, Any]:
        """All phones with their linked devices, and how many messages pages sent."""
        return await self.request("GET", "")

    async def configure(self, **changes: object) -> dict[str, Any]:
        """Change settings, see `blazz.sandbox.web.WebSettings`; give all of them."""
        if not changes:
            return await self.request("GET", "settings")
        return await self.request("PATCH", "settings", changes)

    async def go_down(self) -> None:
        """Begin an outage: connections break, and new ones are refused."""
        await self.request("PUT", "outage")

    async def come_back(self) -> None:
        """End an outage."""
        await self.request("DELETE", "outage")

    async def reset(self) -> None:
        """Forget everything but the settings; linked devices are logged out."""
        await self.request("POST", "reset")

    async def sent(
        self, *, account: str | None = None, after: int = 0, wait: float = 0.0
    ) -> list[dict[str, Any]]:
        """What pages sent, oldest first: who, to whom, how far it has come, how often it arrived.

        Args:
            account: Only what this number's pages sent.
            after: Only what came after this place (`seq`).
            wait: Wait up to so many seconds until there is something.
        """
        query: dict[str, str | int | float] = {"after": after, "wait": wait}
        if account is not None:
            query["account"] = account
        found = await self.request("GET", "messages", query=query, timeout=wait + _MARGIN)
        messages: list[dict[str, Any]] = found["messages"]
        return messages

    async def wait_until(
        self, look: Callable[[], Awaitable[T | None]], *, timeout: float = 30.0
    ) -> T:
        """Look again whenever anything has changed, until there is something to see.

        Args:
            look: Gives what is waited for; None or False: not yet.
            timeout: The most seconds to wait.

        Raises:
            Timeout: There is nothing to see after `timeout` seconds.
        """
        loop = asyncio.get_running_loop()
        deadline = loop.time() + timeout
        seen = await self._changes()
        while True:
            found = await look()
            if found is not None and found is not False:
                return found
            left = deadline - loop.time()
            if left <= 0:
                raise Timeout(
                    f"what was waited for did not happen in the sandbox within {timeout:g} s"
                )
            seen = await self._changes(after=seen, wait=left)

    async def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout: float = 30.0,
    ) -> dict[str, Any]:
        """Ask the control API of the simulated WhatsApp Web; the docs list its paths."""
        answer = await self._control.exchange(
            method, f"web/{path}", body, query=query, timeout=timeout
        )
        try:
            found: dict[str, Any] = answer.json()
            if answer.is_success:
                return found
            code, text = str(found["error"]["code"]), str(found["error"]["message"])
        except (ValueError, KeyError, TypeError) as problem:
            raise UnreadableAnswer(
                f"this is not a simulated WhatsApp Web: HTTP {answer.status_code}",
                status=answer.status_code,
                body=answer.text,
            ) from problem
        if code == "bad_request":
            raise Rejected(text)
        raise WebRefusal(code, text)

    async def _changes(self, *, after: int | None = None, wait: float = 0.0) -> int:
        query: dict[str, int | float] = {}
        if after is not None:
            query = {"after": after, "wait": round(wait, 3)}
        found = await self.request("GET", "changes", query=query, timeout=wait + _MARGIN)
        changes: int = found["changes"]
        return changes
