"""The provider `Web`: one WhatsApp account through WhatsApp Web in a browser."""

from __future__ import annotations

import asyncio
import contextlib
import dataclasses
import time
from collections.abc import AsyncGenerator, AsyncIterator, Mapping, Sequence
from types import TracebackType
from typing import Any, Final, Self

import anyio

from blazz import addresses
from blazz.addresses import Address, Identity, Phone
from blazz.errors import AnswerLost, InvalidValue, NotSupported, SessionClosed, Timeout
from blazz.errors.web import BridgeError, BrowserDied
from blazz.events.coexistence import PastMessage
from blazz.messages.base import Message
from blazz.pairing import PairingStep
from blazz.providers.abilities import NumberCheck, ShownActivity
from blazz.providers.base import (
    Capability,
    Outcome,
    ProviderContext,
    Receipt,
    StandbyContext,
    WebhookProfile,
)
from blazz.providers.pacing import Pacing
from blazz.providers.web.directory import Chats, Contacts, OwnProfile
from blazz.providers.web.driver import kept_driver
from blazz.providers.web.groups import Groups
from blazz.providers.web.history import RequestRate, read_history
from blazz.providers.web.ids import check_message_id, jid, to_lid, to_phone
from blazz.providers.web.inbound import parse
from blazz.providers.web.payloads import SENDABLE
from blazz.providers.web.preparing import Preparing, prepared_while_waiting
from blazz.providers.web.running import Running
from blazz.providers.web.sending import refusal
from blazz.providers.web.settings import BrowserSettings
from blazz.providers.web.transfers import bring_out
from blazz.providers.web.watching import LifeSettings

CAPABILITIES: Final = SENDABLE | {
    Capability.REPLY,
    Capability.EDIT,
    Capability.REVOKE,
    Capability.MENTION,
    Capability.GROUPS,
    Capability.MARK_READ,
    Capability.TYPING,
    Capability.PRESENCE,
    Capability.DOWNLOAD_MEDIA,
    Capability.PROFILE,
    Capability.CHATS,
    Capability.CHECK_NUMBERS,
    Capability.HISTORY,
    Capability.STATUS_WEBHOOKS,
    Capability.SETTLE,
    Capability.PAIRING,
}


class Web:
    """One WhatsApp account through WhatsApp Web, in a Chromium of its own.

    WhatsApp does not offer this as an interface, and its terms do not allow automation: accounts
    that write to strangers in bulk are banned. See the page *WhatsApp Web* of the documentation.

    Args:
        account: The number that may be linked; whoever else scans the code is logged out at once.
            None: whoever scans it.
        url: The address of WhatsApp Web, such as `Sandbox.web_url`; None: that of `browser`.
        browser: How the browser is started and what it loads.
        pacing: How sessions of it hold messages back, unless `Client.open` says otherwise;
            `Pacing.off()` for not at all.
        life: How it is watched over: pauses between attempts, signs of life, memory.
        start_timeout: Seconds after which `connect` no longer waits for WhatsApp; a session that
            is only not connected yet goes on by itself.
        ready_timeout: Seconds for which a message waits for a session that is reconnecting.
        send_timeout: Seconds until the fate of a message counts as unknown.
        history_rate: The most requests for old messages in a minute; None: no limit.

    Raises:
        InvalidAddress: `account` is not a phone number.
        InvalidValue: A number of seconds is not positive.

    Example:
        ::

            web = Web(account="+62 811-0000-0001")
            session = await client.open("shop", web)
            async for step in session.pair():
                if isinstance(step, QrCode):
                    print(step.as_text())
            await session.send("+62 812-3456-7890", Text("Halo"))
    """

    def __init__(
        self,
        *,
        account: str | Phone | None = None,
        url: str | None = None,
        browser: BrowserSettings | None = None,
        pacing: Pacing | None = None,
        life: LifeSettings | None = None,
        start_timeout: float = 60.0,
        ready_timeout: float = 30.0,
        send_timeout: float = 60.0,
        history_rate: int | None = 500,
    ) -> None:
        self.account: Phone | None = (
            addresses.parse_phone(account) if isinstance(account, str) else account
        )
        self.browser: BrowserSettings = browser or BrowserSettings()
        if url is not None:
            self.browser = dataclasses.replace(self.browser, url=url)
        self.pacing: Pacing = pacing or Pacing()
        self.life: LifeSettings = life or LifeSettings()
        self.start_timeout: float = _seconds("start_timeout", start_timeout)
        self.ready_timeout: float = _seconds("ready_timeout", ready_timeout)
        self.send_timeout: float = _seconds("send_timeout", send_timeout)
        self._rate = RequestRate(history_rate, clock=time.monotonic)
        self._preparing: Preparing | None = None
        self._running: Running | None = None
        self._changing = asyncio.Lock()
        self.chats: Chats = Chats(self._ask)
        """The chats of the account."""
        self.contacts: Contacts = Contacts(self._ask)
        """The people that the account knows, and whom it has blocked."""
        self.groups: Groups = Groups(self._ask)
        """The groups of the account."""
        self.profile: OwnProfile = OwnProfile(self._ask)
        """What others see of the account."""

    def __repr__(self) -> str:
        return f"<Web {self.account or 'any account'}>"

    @property
    def name(self) -> str:
        """`web`."""
        return "web"

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What WhatsApp Web can do."""
        return CAPABILITIES

    @property
    def webhooks(self) -> WebhookProfile:
        """How its updates are read; they come from its own page."""
        return WebhookProfile(accounts=("web",), secrets=(), parse=parse, internal=True)

    @property
    def number(self) -> Phone | None:
        """The number of the account that is linked, once it is known."""
        return self._running.life.account if self._running else None

    # Connecting

    @contextlib.asynccontextmanager
    async def warm(self, context: StandbyContext) -> AsyncIterator[None]:
        """Keep Playwright's driver ready, and a browser once the owner is gone; see `WarmsUp`."""
        async with (
            kept_driver() if self.browser.launcher is None else contextlib.nullcontext(),
            prepared_while_waiting(self.browser, context) as preparing,
        ):
            self._preparing = preparing
            try:
                yield
            finally:
                self._preparing = None

    async def connect(self, context: ProviderContext) -> None:
        """Start the browser and wait until it is connected, or waits to be linked.

        If WhatsApp does not answer within `start_timeout`, the session is left connecting and goes
        on by itself.

        Raises:
            BrowserNotFound: There is no Chromium on this machine.
            WrongWaJs: It is not wa-js, or another version.
            ProfileInUse: Another browser uses this session's profile.
            PageNotLoaded: WhatsApp Web cannot be loaded.
            BridgeOutdated: WhatsApp has changed; parts that are needed are missing.
            SessionEnded: The account is banned, or the session is open elsewhere.
        """
        async with self._changing:
            if self._running is not None:
                return
            running = Running(self, context, preparing=self._preparing)
            self._running = running
            try:
                await running.start(timeout=self.start_timeout)
            except BaseException:
                self._running = None
                with anyio.CancelScope(shield=True):
                    await running.stop()
                raise

    async def disconnect(self) -> None:
        """Close the browser in good order; the account stays linked."""
        async with self._changing:
            running, self._running = self._running, None
            if running is not None:
                with anyio.CancelScope(shield=True):
                    await running.stop()

    async def logout(self) -> None:
        """Unlink the account; the session can be paired again."""
        await self._open().log_out()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.disconnect()

    def pair(
        self, *, phone: Phone | None = None, timeout: float = 300.0
    ) -> AsyncGenerator[PairingStep]:
        """Link an account: codes to show, one after another, and then `Paired`.

        An account that is linked already gives `Paired` at once. After a logout it starts anew.

        Args:
            phone: The number to link by a code that is typed in on the phone; None: by a QR code.
            timeout: Seconds that it may take.

        Raises:
            PairingFailed: Nobody did it in time, or WhatsApp refused; its reason tells.
            WrongAccount: Somebody did, with another account than the one that it is bound to.
        """
        return self._open().pair(phone=phone, timeout=_seconds("timeout", timeout))

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
        """Send one message; see `Provider.send`.

        The message's id is made from its token, so sending again with the same token never makes a
        second message.

        Raises:
            SessionClosed: It is not connected.
            SessionNotReady: It is not connected to WhatsApp at the moment; nothing was sent.
            SessionEnded: It is logged out, banned, outdated or stopped; nothing was sent.
            NotSupported: WhatsApp Web cannot send it, or not to this kind of address.
            Undeliverable: The recipient is not on WhatsApp.
            Rejected: WhatsApp did not take it.
            DeliveryUnknown: WhatsApp did not tell in time that it took it.
        """
        running = self._open()
        if message.capability not in CAPABILITIES:
            raise NotSupported(f"web cannot send {type(message).__name__}; nothing was sent")
        return await running.send(to, message, token=token, reply_to=reply_to, retry=retry)

    async def settle(self, tokens: Sequence[str]) -> Mapping[str, Outcome]:
        """Tell what became of messages whose answer was lost; unknown ones are left out."""
        return await self._open().sender.settle(tokens)

    async def edit(self, message_id: str, text: str) -> None:
        """Change the text of a message of this account; WhatsApp allows it for 15 minutes."""
        check_message_id("message_id", message_id)
        await self._change("edit", {"message": message_id, "body": text})

    async def revoke(self, message_id: str) -> None:
        """Delete a message of this account for everyone; WhatsApp allows it for two days."""
        check_message_id("message_id", message_id)
        await self._change("revoke", {"message": message_id})

    async def mark_read(self, message_id: str, *, typing: bool = False) -> None:
        """Show a chat as read, up to all of its messages; with `typing`, that an answer comes."""
        check_message_id("message_id", message_id)
        await self._ask("markRead", {"message": message_id, "typing": typing})

    async def show_activity(self, to: Address, activity: ShownActivity) -> None:
        """Let the other side see that something is being written, or no longer.

        Raises:
            SessionNotReady: It is not connected at the moment; later it would not be true any more.
        """
        await self._ask("showActivity", {"to": jid(to), "activity": activity}, patience=0.0)

    async def show_online(self, online: bool = True) -> None:
        """Let others see that the account is online, or no longer."""
        await self._ask("showOnline", {"online": online})

    async def reject_call(self, call_id: str) -> None:
        """Decline a call that rings."""
        await self._ask("rejectCall", {"call": call_id})

    # Reading

    async def check_numbers(self, numbers: Sequence[Phone]) -> Sequence[NumberCheck]:
        """Tell which numbers are on WhatsApp, in the order in which they were given."""
        return [await self._check_number(number) for number in numbers]

    async def _check_number(self, number: Phone) -> NumberCheck:
        await self._rate.wait()
        found = await self._ask("exists", {"of": jid(number)})
        if found is None:
            return NumberCheck(phone=number, exists=False)
        person = Identity(phone=to_phone(found["phone"]) or number, lid=to_lid(found["lid"]))
        return NumberCheck(phone=number, exists=True, person=person, business=found["business"])

    def history(self, chat: Address, *, limit: int | None = None) -> AsyncIterator[PastMessage]:
        """What was said in a chat, the newest first; older messages are asked of the phone."""
        account = self.number.digits if self.number else None
        return read_history(self._ask, self._rate, chat, account=account, limit=limit)

    async def download_media(self, media_id: str) -> AsyncGenerator[bytes]:
        """Stream the file of a received message, named by the message's id."""
        check_message_id("media_id", media_id)
        running = self._open()
        bridge = await running.life.ready(timeout=self.ready_timeout)
        pieces = bring_out(bridge, media_id, timeout=self.send_timeout)
        async with contextlib.aclosing(pieces):  # type: ignore[type-var]
            async for piece in pieces:
                yield piece

    # Calling the page

    async def _ask(
        self,
        name: str,
        argument: Any,  # noqa: ANN401  # anything that JSON can hold
        *,
        patience: float | None = None,
    ) -> Any:  # noqa: ANN401  # whatever it gives
        """Call a function of the page, once the session is ready, or within `patience` seconds.

        Raises:
            Refused: WhatsApp or the page did not do it.
            AnswerLost: The browser ended, or there was no answer in time.
        """
        running = self._open()
        seconds = self.ready_timeout if patience is None else patience
        bridge = await running.life.ready(timeout=seconds)
        try:
            return await bridge.call(name, argument, timeout=self.life.call_timeout)
        except BridgeError as error:
            raise refusal(error) from error
        except (BrowserDied, Timeout) as error:
            raise AnswerLost(f"{name} may or may not have been done: {error}") from error

    async def _change(self, name: str, argument: Any) -> None:  # noqa: ANN401  # as for `_ask`
        running = self._open()
        running.check_owner()
        await self._ask(name, argument)
        running.changed()

    def _open(self) -> Running:
        if self._running is None:
            raise SessionClosed("web is not connected; open it with client.open")
        return self._running


def _seconds(field: str, value: float) -> float:
    if not 0 < value <= 86_400:
        raise InvalidValue(f"Web.{field}", "seconds, more than 0, at most 86,400", value)
    return float(value)
