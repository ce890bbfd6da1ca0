"""A connected session: its browser's life, its queue, its outbox, and what keeps it."""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import time
from collections.abc import AsyncGenerator
from typing import TYPE_CHECKING, Final

import anyio

from blazz.addresses import Address, Phone
from blazz.errors import BlazzError, Timeout
from blazz.errors.web import WebError
from blazz.events.sessions import SessionState, SessionStateChanged, StateReason
from blazz.messages.base import Message
from blazz.pairing import Paired, PairingStep
from blazz.providers.base import ProviderContext, Receipt
from blazz.providers.lifecycle import Signal
from blazz.providers.web.driver import kept_driver
from blazz.providers.web.intake import Intake
from blazz.providers.web.life import Life
from blazz.providers.web.making import PROFILE
from blazz.providers.web.outbox import Outbox
from blazz.providers.web.pairing import Pairing, PairingFeed
from blazz.providers.web.sending import Sender
from blazz.providers.web.starting import Profile, start

if TYPE_CHECKING:
    from blazz.providers.web.preparing import Preparing
    from blazz.providers.web.provider import Web

log: Final = logging.getLogger("blazz.web")

_LINKED_AT: Final = "linked_at"
_MOST_UNREAD: Final = 500
_DAYS_BACK: Final = 7
_DRAIN_SECONDS: Final = 5.0
_LOGOUT_SECONDS: Final = 20.0
_REMEMBER_SECONDS: Final = 30.0
_SAVE_SECONDS: Final = 30.0


class Running:
    """Everything of a `Web` provider that lives from `connect` to `disconnect`.

    Args:
        web: Its settings.
        context: What it was connected with.
        preparing: Has made a browser ready before the session was ours.
    """

    def __init__(
        self, web: Web, context: ProviderContext, *, preparing: Preparing | None = None
    ) -> None:
        self._web = web
        self._context = context
        self.outbox = Outbox(context.folder / "outbox.db")
        self._feed = PairingFeed()
        self._intake = Intake(context, self.outbox, self.changed)
        self._profile = Profile(
            context.folder / PROFILE, self.outbox, context.keeper, preparing=preparing
        )
        self.life = Life(
            context,
            settings=web.life,
            start_browser=functools.partial(start, web.browser, self._profile),
            account=web.account,
            report=self._intake.put,
            tell=self._tell,
            feed=self._feed.put,
        )
        self.sender = Sender(
            self.life,
            self.outbox,
            ready_timeout=web.ready_timeout,
            send_timeout=web.send_timeout,
        )
        self._task: asyncio.Task[None] | None = None
        self._wanted = asyncio.Event()
        self._stopping = False
        self._was_pairing = False
        self._attended = asyncio.Event()

    # From start to end

    async def start(self, *, timeout: float) -> None:
        """Start, and wait until it is known how it goes; see `Web.connect`."""
        await self.outbox.open()
        if self._context.keeper is not None:
            self._context.keeper.on_lost(self._lose)
        self._wanted.set()
        # Held by a task of ours, because `connect` and `disconnect` may be called by two others;
        # all that runs is in the group within it.
        self._task = asyncio.create_task(self._hold(), name=f"blazz web {self._context.session}")
        known = (SessionState.READY, SessionState.PAIRING)
        life = self.life
        await life.until(
            lambda now: (
                (now.ended and now.reason is not StateReason.CLOSED)
                or now.state in known
                or life.first_error is not None
                or self._task_ended()
            ),
            timeout=timeout,
        )
        if life.first_error is not None and life.now.state not in known:
            raise life.first_error
        if self._task_ended() and self._task is not None:
            self._task.result()
        if life.now.ended and life.now.state is not SessionState.LOGGED_OUT:
            raise life.ended_error()

    def _task_ended(self) -> bool:
        return self._task is None or self._task.done()

    async def stop(self) -> None:
        """End in good order: the browser closes, what it reported is kept."""
        self._stopping = True
        if self._context.keeper is not None:
            self._context.keeper.stop()
        self.life.signal(Signal.STOPPED)
        self._wanted.set()
        task, self._task = self._task, None
        if task is not None:
            await asyncio.wait([task])
            if not task.cancelled() and (error := task.exception()) is not None:
                log.error("%s ended with an error", self._context.session, exc_info=error)
        await self._intake.close()
        await self.outbox.close()

    async def _hold(self) -> None:
        try:
            await self._run()
        except Exception as error:
            # What is not foreseen must not leave a session that looks ready and does nothing.
            self.life.signal(Signal.STOPPED, StateReason.FAILED, f"{type(error).__name__}: {error}")
            raise
        await self._save_closed()

    async def _run(self) -> None:
        async with contextlib.AsyncExitStack() as stack:
            if self._web.browser.launcher is None:
                await stack.enter_async_context(kept_driver())
            group = await stack.enter_async_context(anyio.create_task_group())
            group.start_soon(self._intake.run, name="blazz web intake")
            group.start_soon(self._attend, name="blazz web attendant")
            while not self._stopping:
                await self._wanted.wait()
                self._wanted.clear()
                if not self._stopping:
                    await self.life.run()
            with anyio.move_on_after(_DRAIN_SECONDS):
                await self._intake.drained()
            group.cancel_scope.cancel()

    async def _lose(self) -> None:
        """Another process owns the session now: stop at once."""
        self.life.signal(Signal.STOPPED, StateReason.OWNERSHIP_LOST)
        if (bridge := self.life.bridge) is not None:
            await bridge.browser.kill()

    async def _save_closed(self) -> None:
        """Back up what a clean close has written; after a logout there is nothing to keep."""
        keeper, now = self._context.keeper, self.life.now
        if keeper is None or now.reason is not StateReason.CLOSED or not self._profile.closed:
            return
        with contextlib.suppress(BlazzError):
            await keeper.save(await self._profile.captured())

    # States

    def _tell(self, change: SessionStateChanged) -> None:
        self._intake.owner = self.life.account.digits if self.life.account else None
        self._context.on_state(change)
        self._intake.put_event(change)
        if change.state is SessionState.PAIRING:
            self._was_pairing = True

    async def _attend(self) -> None:
        """Do what each new connection needs: remember it, keep it, look for what was missed."""
        while True:
            await self.life.until(lambda now: now.state is SessionState.READY)
            with contextlib.suppress(BlazzError):
                await self._connected()
            self._attended.set()
            while not await self.life.until(
                lambda now: now.state is not SessionState.READY, timeout=_REMEMBER_SECONDS
            ):
                with contextlib.suppress(BlazzError):
                    await self._remember()
            self._attended.clear()

    async def _connected(self) -> None:
        await self._remember()
        bridge = self.life.bridge
        if bridge is None:
            return
        linked_at = await self.outbox.fact(_LINKED_AT)
        if linked_at is None:
            linked = time.time() if self._was_pairing else time.time() - _DAYS_BACK * 86_400
            linked_at = str(int(linked))
            await self.outbox.set_fact(_LINKED_AT, linked_at)
        if self._context.keeper is not None:
            self._context.keeper.start(self._profile.capture_of(bridge.browser))
            if self._was_pairing:
                await self._context.keeper.save()
        self._was_pairing = False
        since = max(int(linked_at), int(time.time()) - _DAYS_BACK * 86_400)
        # The page's events can miss messages: those that came before it was listened to, and those
        # that it had shown when its browser died. The inbox knows by their ids which it has.
        argument = {"since": since, "most": _MOST_UNREAD}
        await bridge.call("reportUnread", argument, timeout=self._web.life.call_timeout)
        # Likewise what became of our own messages while nobody ran, or another machine did.
        ids = await self.outbox.recent(since=since, most=_MOST_UNREAD)
        await bridge.call("reportReceipts", {"ids": ids}, timeout=self._web.life.call_timeout)

    async def _remember(self) -> None:
        if (bridge := self.life.bridge) is not None:
            await self._profile.remember(bridge.browser)

    async def log_out(self) -> None:
        """Unlink the account, and wait until that is done.

        Raises:
            SessionNotReady: It is not connected to WhatsApp.
            SessionEnded: It has ended already.
        """
        bridge = await self.life.ready(timeout=self._web.ready_timeout)
        self.life.expect_logout()
        with contextlib.suppress(WebError, Timeout):
            await bridge.call("logOut", timeout=_LOGOUT_SECONDS)
        if not await self.life.until(lambda now: now.ended, timeout=_LOGOUT_SECONDS):
            raise Timeout("WhatsApp did not log the account out in time")
        await self.outbox.forget_everything()

    def pair(self, *, phone: Phone | None, timeout: float) -> AsyncGenerator[PairingStep]:
        """Link an account; see `Web.pair`."""
        return self._pair(phone, timeout)

    async def _pair(self, phone: Phone | None, timeout: float) -> AsyncGenerator[PairingStep]:
        if self.life.now.state is SessionState.LOGGED_OUT:
            await self.outbox.forget_everything()
            self._wanted.set()
            await self.life.until(lambda now: not now.ended, timeout=timeout)
        elif self.life.now.ended:
            raise self.life.ended_error()
        steps = Pairing(self.life, self._feed, phone=phone, timeout=timeout).steps()
        async with contextlib.aclosing(steps):
            async for step in steps:
                if isinstance(step, Paired):
                    # Whoever is told that it is linked may rely on it, even after a crash.
                    with anyio.move_on_after(_SAVE_SECONDS):
                        await self._attended.wait()
                yield step

    # Sending

    async def send(
        self, to: Address, message: Message, *, token: str, reply_to: str | None, retry: bool
    ) -> Receipt:
        """Send one message; see `Web.send`."""
        prepared = await self.sender.prepare(to, message, reply_to)
        self.check_owner()
        receipt = await self.sender.send(prepared, token=token, retry=retry)
        self.changed()
        return receipt

    def check_owner(self) -> None:
        """Check that the session is still ours.

        Raises:
            OwnershipLost: It is not.
        """
        if self._context.keeper is not None:
            self._context.keeper.check()

    def changed(self) -> None:
        """Note that the browser's profile has changed."""
        if self._context.keeper is not None:
            self._context.keeper.changed()
