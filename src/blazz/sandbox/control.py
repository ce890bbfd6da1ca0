"""A client of the control API: looks into a sandbox, sets it up and shakes it."""

from __future__ import annotations

import json
import ssl
from collections.abc import AsyncGenerator, Mapping
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from types import TracebackType
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx

from blazz.errors import ConnectionFailed, Rejected, SessionClosed, Timeout, UnreadableAnswer

if TYPE_CHECKING:
    from blazz.sandbox.driving import SandboxWeb
    from blazz.sandbox.user import SandboxUser

_MARGIN = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class LoggedMessage:
    """A message that the sandbox accepted.

    Attributes:
        seq: Its number, from 1.
        to: The recipient: `+` and digits, or a user id or group where no number is known.
        id: Its message id.
        at: When it was accepted, by the sandbox's clock.
        phone_number_id: The business number that sent it.
        type: Its type, such as `text` or `template`.
        token: Its `biz_opaque_callback_data`, or None.
        category: What it is billed as.
        story: What becomes of it.
        body: The whole request.
    """

    seq: int
    to: str
    id: str
    at: datetime
    phone_number_id: str
    type: str
    token: str | None
    category: str
    story: str
    body: Mapping[str, Any]

    @property
    def text(self) -> str | None:
        """What it says: a text, the text above buttons or a list, a caption; else None."""
        content = self.body.get(self.type)
        if not isinstance(content, Mapping):
            return None
        said = content.get("body", content.get("caption"))
        if isinstance(said, Mapping):  # of an interactive message
            said = said.get("text")
        return said if isinstance(said, str) else None


class SandboxControl:
    """Looks into a running sandbox, sets it up and shakes it.

    Args:
        url: Where the sandbox is.
        phone_number_id: The business number that users write to; None: the sandbox's first.
        client: Sends the requests; the caller's own client stays open.

    Raises:
        Rejected: By every method: the sandbox did not understand what was asked.
        ConnectionFailed: By every method: there is no sandbox at this URL.
    """

    def __init__(
        self,
        url: str,
        *,
        phone_number_id: str | None = None,
        client: httpx.AsyncClient | None = None,
    ) -> None:
        self.url: str = url.rstrip("/")
        self.phone_number_id = phone_number_id
        self._given = client
        self._client = client or _client_for(self.url)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        """Close the connections."""
        if self._given is None:
            await self._client.aclose()

    def user(self, phone: str) -> SandboxUser:
        """The other side: a user of this number, who can write, tap, read and block."""
        from blazz.sandbox.user import SandboxUser

        return SandboxUser(self, phone)

    @property
    def web(self) -> SandboxWeb:
        """The simulated WhatsApp Web beside the Cloud API, and its phones."""
        from blazz.sandbox.driving import SandboxWeb

        return SandboxWeb(self)

    async def log(
        self,
        *,
        to: str | None = None,
        number: str | None = None,
        after: int | LoggedMessage = 0,
        wait: float = 0.0,
    ) -> AsyncGenerator[LoggedMessage, None]:
        """Give the accepted messages, oldest first.

        Args:
            to: Only those to this number, user id or group.
            number: Only those of this business number (its id).
            after: Only those after this number; or after this message, or all if the sandbox was
                reset since it came.
            wait: Wait up to so many seconds until there is one.
        """
        query: dict[str, str | int | float] = {"wait": wait}
        if isinstance(after, LoggedMessage):
            query |= {"after": after.seq, "seen": after.id}
        else:
            query["after"] = after
        if to is not None:
            query["to"] = to
        if number is not None:
            query["from"] = number
        timeout = httpx.Timeout(wait + _MARGIN)
        self._check_open()
        try:
            async with self._client.stream(
                "GET", f"{self.url}/sandbox/log", params=query, timeout=timeout
            ) as answer:
                _check_status(
                    answer.status_code, b"" if answer.is_success else await answer.aread()
                )
                async for line in answer.aiter_lines():
                    if line:
                        yield _logged(line)
        except httpx.TransportError as error:
            raise ConnectionFailed(f"no sandbox at {self.url}: {error!r}") from error

    async def counts(self, *, above: int = 0) -> dict[str, int]:
        """How many messages each recipient got; `above=1` gives those who got more than one."""
        found = await self.request("GET", "counts", query={"above": above})
        counts: dict[str, int] = found["counts"]
        return counts

    async def state(self) -> dict[str, Any]:
        """Numbers, counts, and what is still to come."""
        return await self.request("GET", "")

    async def settings(self, **changes: object) -> dict[str, Any]:
        """Change settings, see `blazz.sandbox.Settings`; give all of them."""
        if not changes:
            return await self.request("GET", "settings")
        return await self.request("PATCH", "settings", changes)

    async def reset(self) -> None:
        """Forget messages, users, templates, media and what waits; settings stay."""
        await self.request("POST", "reset")

    async def settle(self, *, timeout: float = 60.0) -> None:
        """Wait until no status is to come and every webhook was delivered.

        Handlers may still be at work: wait for what they do.

        Raises:
            Timeout: Something is still to come.
        """
        found = await self.request(
            "POST", "webhooks/settle", {"timeout": timeout}, timeout=timeout + _MARGIN
        )
        if not found["settled"]:
            raise Timeout(
                f"after {timeout:g} s, {found['scheduled']} messages have statuses to come and"
                f" {found['waiting']} updates wait for their webhook{_why(found)}"
            )

    async def advance(self, seconds: float) -> None:
        """Move the sandbox's clock forward: limits refill, deliveries fall due, URLs expire."""
        await self.request("POST", "clock", {"advance": seconds})

    async def hold(self) -> None:
        """Hold all webhooks back until `release`."""
        await self.request("POST", "webhooks/hold")

    async def release(
        self,
        *,
        copies: int = 1,
        shuffle: bool = False,
        shape: Literal["changes", "values", "entries", "mixed"] | None = None,
        whole: bool = True,
    ) -> int:
        """Let go of webhooks that were held.

        Args:
            copies: How often each request is sent.
            shuffle: Put the updates into a random order.
            shape: How they are put into requests, see `Settings.batch_shape`.
            whole: As few requests as possible (1,000 updates each), whatever the batch size says.

        Returns:
            How many updates were let go of.
        """
        wanted = {"copies": copies, "shuffle": shuffle, "shape": shape, "whole": whole}
        released: int = (await self.request("POST", "webhooks/release", wanted))["released"]
        return released

    async def repeat(self, last: int = 1) -> int:
        """Send the newest webhook requests once more, byte for byte; give how many there were."""
        found = await self.request("POST", "webhooks/repeat", {"last": last})
        repeated: int = found["repeated"]
        return repeated

    async def emit(self, field: str, value: Mapping[str, Any]) -> None:
        """Send any webhook, such as `emit("account_update", {"event": "VERIFIED_ACCOUNT"})`."""
        wanted = {"field": field, "value": dict(value), "phone_number_id": self.phone_number_id}
        await self.request("POST", "webhooks", wanted)

    async def set_template_status(
        self,
        name: str,
        status: Literal["APPROVED", "PENDING", "REJECTED", "PAUSED", "DISABLED"],
        *,
        language: str | None = None,
    ) -> None:
        """Approve, reject, pause or disable a template; a webhook tells of it."""
        wanted = {
            "status": status,
            "language": language,
            "phone_number_id": self.phone_number_id,
        }
        await self.request("PATCH", f"templates/{name}", wanted)

    async def add_number(
        self, phone_number_id: str, *, waba_id: str | None = None, display: str | None = None
    ) -> None:
        """Add a business number."""
        wanted = {"waba_id": waba_id, "display": display}
        await self.request("PUT", f"numbers/{phone_number_id}", wanted)

    async def set_webhook(
        self,
        url: str,
        *,
        app_secret: str,
        verify_token: str,
        scope: str = "",
        whole_account: bool = False,
    ) -> None:
        """Send webhooks to a URL, after the verification handshake.

        Args:
            url: Where they go.
            app_secret: What they are signed with.
            verify_token: What the handshake sends.
            scope: A phone number id or WABA id; empty: all that have no URL of their own.
            whole_account: With a phone number id: also what is about its whole account, where
                nobody subscribed to that.
        """
        wanted = {
            "url": url,
            "app_secret": app_secret,
            "verify_token": verify_token,
            "scope": scope,
            "whole_account": whole_account,
        }
        await self.request("PUT", "webhook", wanted)

    async def narrow_webhook(self, url: str, *, scope: str, timeout: float = 5.0) -> None:
        """Send a URL that subscribed to a number no more of what is about its whole account."""
        wanted = {"url": url, "scope": scope}
        await self.request("PATCH", "webhook", wanted, timeout=timeout)

    async def request(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout: float = 30.0,
    ) -> dict[str, Any]:
        """Ask the control API; see the page about the sandbox for its paths."""
        answer = await self.exchange(method, path, body, query=query, timeout=timeout)
        _check_status(answer.status_code, answer.content)
        found: dict[str, Any] = answer.json()
        return found

    async def exchange(
        self,
        method: str,
        path: str,
        body: Mapping[str, Any] | None = None,
        *,
        query: Mapping[str, Any] | None = None,
        timeout: float = 30.0,
    ) -> httpx.Response:
        """Ask the control API, and give the answer as it is."""
        self._check_open()
        try:
            return await self._client.request(
                method,
                f"{self.url}/sandbox/{path}",
                json=dict(body) if body is not None else None,
                params=query,
                timeout=timeout,
            )
        except httpx.TransportError as error:
            raise ConnectionFailed(f"no sandbox at {self.url}: {error!r}") from error

    def _check_open(self) -> None:
        if self._client.is_closed:
            raise SessionClosed("the sandbox was closed; ask the one that runs now for its users")


def _why(unsettled: Mapping[str, Any]) -> str:
    """Why webhooks wait, as far as the sandbox knows."""
    if not unsettled["waiting"]:
        return ""
    if unsettled["held"]:
        return ", which are held back until they are released"
    failure = unsettled["last_failure"]
    return f"; the last webhook that failed: {failure}" if failure else ""


def _client_for(url: str) -> httpx.AsyncClient:
    # All certificate authorities take longer to read than the sandbox to answer, which has no use
    # for them. A context without any trusts nobody.
    plain = url.startswith("http://")
    verify = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT) if plain else True
    return httpx.AsyncClient(timeout=30.0, trust_env=False, verify=verify)


def _check_status(status: int, content: bytes) -> None:
    if status < 400:
        return
    try:
        error = json.loads(content)["error"]
        details = error.get("error_data", {}).get("details") or error["message"]
        code = error["code"]
    except (ValueError, KeyError, TypeError, AttributeError) as problem:
        text = content.decode("utf-8", "replace")
        raise UnreadableAnswer(
            f"this is not a sandbox: HTTP {status}", status=status, body=text
        ) from problem
    raise Rejected(details, code=code)


def _logged(line: str) -> LoggedMessage:
    found = json.loads(line)
    found["at"] = datetime.fromtimestamp(found["at"], UTC)
    return LoggedMessage(**{field.name: found[field.name] for field in fields(LoggedMessage)})
