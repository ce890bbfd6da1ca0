"""Pairing as a stream: codes to show, one after another, until an account is linked."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import AsyncGenerator, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import anyio

from blazz.addresses import Phone
from blazz.errors import PairingFailed, Timeout, WrongAccount
from blazz.errors.web import BridgeError, BrowserDied, WebError
from blazz.events.sessions import SessionState, StateReason
from blazz.pairing import Paired, PairingCode, PairingStep, QrCode
from blazz.providers.web.bridge import Bridge
from blazz.providers.web.life import Life

_USUAL_SECONDS: Final = 20.0
_CALL_SECONDS: Final = 20.0
_CANCEL_SECONDS: Final = 1.0
_LINKING_SECONDS: Final = 120.0
_LINKED: Final = frozenset({SessionState.READY, SessionState.CONNECTING, SessionState.RECONNECTING})


class PairingFeed:
    """What the page reports of pairing, for whoever listens at the moment."""

    def __init__(self) -> None:
        self._listeners: list[asyncio.Queue[tuple[str, Mapping[str, Any]]]] = []

    def put(self, name: str, value: Mapping[str, Any]) -> None:
        """Take a report."""
        for listener in self._listeners:
            listener.put_nowait((name, value))

    @contextlib.contextmanager
    def listen(self) -> Iterator[asyncio.Queue[tuple[str, Mapping[str, Any]]]]:
        """Hear what comes from now on."""
        listener: asyncio.Queue[tuple[str, Mapping[str, Any]]] = asyncio.Queue()
        self._listeners.append(listener)
        try:
            yield listener
        finally:
            self._listeners.remove(listener)


class Pairing:
    """One attempt to link an account.

    Args:
        life: The session's browser.
        feed: What the page reports.
        phone: The number to link by a code that is typed in; None: by a QR code.
        timeout: Seconds that it may take.
    """

    def __init__(
        self, life: Life, feed: PairingFeed, *, phone: Phone | None, timeout: float
    ) -> None:
        self._life = life
        self._feed = feed
        self._phone = phone
        self._timeout = timeout
        self._attempt = 0
        self._shown: str | None = None

    async def steps(self) -> AsyncGenerator[PairingStep]:
        """Give codes while nobody has linked an account, then who did.

        Raises:
            PairingFailed: Nobody did in time, or WhatsApp refused; its reason tells.
            WrongAccount: Somebody did, with another account than the one that it is bound to.
            SessionEnded: The session has ended.
        """
        deadline = anyio.current_time() + self._timeout
        with self._feed.listen() as reports:
            await self._begin(deadline)
            try:
                async for step in self._codes(reports, deadline):
                    yield step
            finally:
                await self._stop_asking()
        yield Paired(account=await self._linked(deadline))

    async def _begin(self, deadline: float) -> None:
        """Wait until the page shows codes, or turns out to be linked."""
        known = {SessionState.PAIRING, *_LINKED}
        left = deadline - anyio.current_time()
        await self._life.until(lambda now: now.ended or now.state in known, timeout=left)
        self._check(deadline)

    async def _codes(
        self, reports: asyncio.Queue[tuple[str, Mapping[str, Any]]], deadline: float
    ) -> AsyncGenerator[PairingStep]:
        asked: tuple[Bridge | None, int] | None = None
        while self._life.now.state not in _LINKED:
            self._check(deadline)
            page = (self._life.bridge, self._life.loads)
            if self._life.now.state is SessionState.PAIRING and page != asked:
                # Each page has codes of its own, also one that follows a crash.
                asked = page
                step = await self._first_code()
            else:
                report = await self._next(reports, deadline)
                step = await self._step(*report) if report is not None else None
            if step is not None:
                yield step

    async def _next(
        self, reports: asyncio.Queue[tuple[str, Mapping[str, Any]]], deadline: float
    ) -> tuple[str, Mapping[str, Any]] | None:
        """The next report; None when the session's state has changed, or time is up."""
        before = self._life.now
        found: list[tuple[str, Mapping[str, Any]]] = []
        with anyio.move_on_at(deadline):
            async with anyio.create_task_group() as group:

                async def hear() -> None:
                    found.append(await reports.get())
                    group.cancel_scope.cancel()

                async def notice() -> None:
                    await self._life.until(lambda now: now is not before)
                    group.cancel_scope.cancel()

                group.start_soon(hear)
                group.start_soon(notice)
        return found[0] if found else None

    async def _first_code(self) -> PairingStep | None:
        if self._phone is not None:
            found = await self._ask("askForCode", {"number": self._phone.digits})
            return self._typed(found["code"]) if found else None
        shown = await self._ask("currentQr", None)
        if shown and shown.get("idle"):
            await self._ask("refreshQr", None)
            return None
        return self._scanned(shown) if shown else None

    async def _step(self, name: str, value: Mapping[str, Any]) -> PairingStep | None:
        if name == "qr" and self._phone is None:
            return self._scanned(value)
        if name == "code" and self._phone is not None:
            return self._typed(value.get("code"))
        if name in {"code_expired", "code_refused"} and self._phone is not None:
            return await self._first_code()  # nobody typed it in, or somebody typed another
        if name == "state" and value.get("idle") and self._phone is None:
            # All codes have expired unseen; there is time for more.
            with contextlib.suppress(PairingFailed):
                await self._ask("refreshQr", None)
        return None

    def _scanned(self, value: Mapping[str, Any]) -> QrCode | None:
        data = value.get("data")
        if not data or data == self._shown:
            return None
        self._shown = data
        self._attempt += 1
        seconds = value.get("seconds") or _USUAL_SECONDS
        expires = datetime.now(UTC) + timedelta(seconds=float(seconds))
        return QrCode(data=data, expires_at=expires, attempt=self._attempt)

    def _typed(self, code: str | None) -> PairingCode | None:
        if not code or code == self._shown:
            return None
        self._shown = code
        return PairingCode(code=code.replace("-", "").upper())

    async def _stop_asking(self) -> None:
        """Let the page ask for no more codes: WhatsApp tells the phone of each."""
        bridge = self._life.bridge
        if self._phone is None or bridge is None or self._life.now.state in _LINKED:
            return
        with anyio.CancelScope(shield=True), contextlib.suppress(WebError, Timeout):
            await bridge.call("cancelCode", timeout=_CANCEL_SECONDS)

    async def _ask(self, name: str, argument: Any) -> Any:  # noqa: ANN401  # whatever it gives
        """Call a function of the page; None if the page goes meanwhile: the next one is asked."""
        life = self._life
        await life.until(lambda now: now.ended or life.bridge is not None, timeout=_CALL_SECONDS)
        if (bridge := life.bridge) is None:
            raise PairingFailed("the browser is not back; try again", reason="refused")
        try:
            return await bridge.call(name, argument, timeout=_CALL_SECONDS)
        except BridgeError as error:
            raise PairingFailed(f"WhatsApp gave no code: {error}", reason="refused") from error
        except BrowserDied:
            return None
        except (WebError, Timeout) as error:
            raise PairingFailed(f"the page gave no code: {error}", reason="refused") from error

    def _check(self, deadline: float) -> None:
        now = self._life.now
        if now.ended:
            self._fail()
        if now.state not in _LINKED and anyio.current_time() >= deadline:
            raise PairingFailed(
                f"nobody linked an account within {self._timeout:g} s", reason="expired"
            )

    def _fail(self) -> None:
        now = self._life.now
        if now.reason is StateReason.WRONG_ACCOUNT:
            raise WrongAccount(now.detail, reason=now.reason)
        if now.state is SessionState.STOPPED and now.reason is StateReason.CLOSED:
            raise PairingFailed("the session was closed", reason=now.reason)
        raise PairingFailed(
            f"the session is {now.state} ({now.reason})"
            + (f": {now.detail}" if now.detail else ""),
            reason=now.reason,
        )

    async def _linked(self, deadline: float) -> Phone:
        """Wait until the account is connected, and tell whose it is."""
        await self._life.until(
            lambda now: now.ended or now.state is SessionState.READY,
            timeout=max(_LINKING_SECONDS, deadline - anyio.current_time()),
        )
        if self._life.now.ended:
            self._fail()
        if self._life.account is None or self._life.now.state is not SessionState.READY:
            raise PairingFailed("an account was linked and does not connect", reason="expired")
        return self._life.account
