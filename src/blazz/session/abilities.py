"""What a session can do if its provider can: pair, edit, show typing, read history, files."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from pathlib import Path
from typing import Final, cast

from blazz import addresses
from blazz.addresses import Address, Phone
from blazz.errors import InvalidAddress, InvalidValue, NotSupported
from blazz.events.coexistence import PastMessage
from blazz.events.messages import MessageReceived
from blazz.events.sessions import SessionState, StateReason
from blazz.messages.base import Message
from blazz.messages.media import MediaId
from blazz.pairing import PairingStep
from blazz.providers.abilities import (
    ChecksNumbers,
    EditsMessages,
    NumberCheck,
    Pairs,
    ReadsHistory,
    RevokesMessages,
    ShowsActivity,
)
from blazz.providers.base import (
    Capability,
    DownloadsMedia,
    MarksRead,
    Provider,
    Receipt,
    UploadsMedia,
)
from blazz.session.states import StateWatch

_SPECIAL: Final = {
    "upload_media": "by the id of an upload",
    "view_once": "to be opened once only",
    "gif": "as a GIF",
}


class SessionAbilities:
    """The part of a session that needs capabilities which not every provider has.

    Attributes:
        provider: The way it reaches WhatsApp.
        states: Follows where it stands.
    """

    provider: Provider
    states: StateWatch

    def address(self, contact: str | Address) -> Address:
        """Read an address; see `Session.address`."""
        return addresses.parse(contact)

    # States

    @property
    def state(self) -> SessionState:
        """Where it stands; see `SessionState`. `states.since` gives each change as an event."""
        return self.states.state

    @property
    def state_reason(self) -> StateReason:
        """Why it stands there."""
        return self.states.reason

    async def wait_ready(self, *, timeout: float | None = None) -> None:
        """Wait until it can send.

        Args:
            timeout: The most seconds to wait.

        Raises:
            SessionEnded: It is logged out, banned, outdated or stopped.
            Timeout: It is not ready in time.
        """
        await self.states.wait_ready(timeout)

    def pair(
        self, *, phone: str | Phone | None = None, timeout: float = 300.0
    ) -> AsyncGenerator[PairingStep]:
        """Link an account: gives codes to show, one after another, and at last `Paired`.

        A session that is linked already gives `Paired` at once. After a logout it starts anew.

        Args:
            phone: The number to link by a code that is typed in on the phone; None: by a QR code.
            timeout: Seconds that it may take.

        Raises:
            NotSupported: The provider needs no pairing.
            PairingFailed: Nobody linked an account in time, or WhatsApp refused.
            WrongAccount: Another account was linked than the one that the session is bound to.

        Example:
            ::

                async for step in session.pair():
                    match step:
                        case QrCode():
                            print(step.as_text())
                        case Paired(account=number):
                            print("linked", number)
        """
        self._check_open()
        self._require(Capability.PAIRING, "be paired")
        number = self.address(phone) if isinstance(phone, str) else phone
        if number is not None and not isinstance(number, Phone):
            raise InvalidAddress("phone", "must be a phone number", phone)
        return cast("Pairs", self.provider).pair(phone=number, timeout=timeout)

    # Messages that were sent or received

    async def edit(self, message: Receipt | str, text: str) -> None:
        """Change the text of a message that this account sent, given as receipt or id.

        Raises:
            NotSupported: The provider cannot do it.
            Refused: WhatsApp did not allow it.
        """
        self._check_open()
        self._require(Capability.EDIT, "edit messages")
        await cast("EditsMessages", self.provider).edit(_id_of(message), text)

    async def revoke(self, message: Receipt | str) -> None:
        """Delete a message that this account sent, for everyone.

        Raises:
            NotSupported: The provider cannot do it.
            Refused: WhatsApp did not allow it.
        """
        self._check_open()
        self._require(Capability.REVOKE, "delete messages for everyone")
        await cast("RevokesMessages", self.provider).revoke(_id_of(message))

    async def mark_read(self, message: MessageReceived | str, *, typing: bool = False) -> None:
        """Show a received message, given as event or id, as read.

        Args:
            message: The message.
            typing: Also show that an answer is being typed (Cloud API: for 25 s or until it comes).

        Raises:
            NotSupported: The provider cannot do it.
        """
        self._check_open()
        needed = Capability.TYPING if typing else Capability.MARK_READ
        self._require(needed, "show messages as read")
        message_id = message if isinstance(message, str) else message.message_id
        await cast("MarksRead", self.provider).mark_read(message_id, typing=typing)

    async def show_typing(self, to: str | Address) -> None:
        """Show somebody that an answer is being typed, without a message to answer.

        Raises:
            NotSupported: The provider cannot do it.
        """
        self._check_open()
        self._require(Capability.PRESENCE, "show typing by itself")
        await cast("ShowsActivity", self.provider).show_activity(self.address(to), "typing")

    # People and what they wrote

    async def check(self, numbers: Sequence[str | Phone]) -> list[NumberCheck]:
        """Tell which numbers are on WhatsApp, in the order in which they were given.

        Raises:
            NotSupported: The provider cannot do it.
            InvalidAddress: One of them is not a phone number.
        """
        self._check_open()
        self._require(Capability.CHECK_NUMBERS, "check numbers")
        phones = []
        for number in numbers:
            phone = self.address(number)
            if not isinstance(phone, Phone):
                raise InvalidAddress("numbers", "must be phone numbers", number)
            phones.append(phone)
        return list(await cast("ChecksNumbers", self.provider).check_numbers(phones))

    def history(
        self, chat: str | Address, *, limit: int | None = None
    ) -> AsyncIterator[PastMessage]:
        """What was said in a chat, the newest first; older messages are fetched on the way.

        Args:
            chat: Which chat.
            limit: The most messages; None: all of them.

        Raises:
            NotSupported: The provider cannot do it.
        """
        self._check_open()
        self._require(Capability.HISTORY, "read what was said before")
        return cast("ReadsHistory", self.provider).history(self.address(chat), limit=limit)

    # Media

    async def upload(
        self, content: bytes | Path, *, mime_type: str, filename: str = "file"
    ) -> MediaId:
        """Upload a file once, to send it many times.

        Raises:
            NotSupported: The provider has no uploads.
            Refused: The provider did not take the file.
        """
        self._check_open()
        self._require(Capability.UPLOAD_MEDIA, "upload media")
        provider = cast("UploadsMedia", self.provider)
        return MediaId(await provider.upload_media(content, mime_type=mime_type, filename=filename))

    def download(self, media_id: str) -> AsyncIterator[bytes]:
        """Stream received media, in pieces of bytes.

        Raises:
            NotSupported: The provider has no downloads.
        """
        self._check_open()
        self._require(Capability.DOWNLOAD_MEDIA, "download media")
        return cast("DownloadsMedia", self.provider).download_media(media_id)

    # Checks

    def can(self, capability: Capability) -> bool:
        """Whether its provider can do something."""
        return capability in self.provider.capabilities

    def require(self, message: Message) -> None:
        """Check that its provider can send such a message.

        Raises:
            NotSupported: It cannot.
            InvalidValue: It is no message.
        """
        if not isinstance(message, Message):
            raise InvalidValue("message", "a message, such as Text('Halo')", message)
        for needed in message.needs:
            self._require(needed, f"send {_described(message, needed)}")

    def _check_open(self) -> None:
        raise NotImplementedError

    def _require(self, capability: str, action: str) -> None:
        if capability not in self.provider.capabilities:
            raise NotSupported(
                f"{self.provider.name} cannot {action} (capability {str(capability)!r});"
                " nothing was sent"
            )


def _described(message: Message, needed: str) -> str:
    """What of a message needs a capability, in words."""
    kind = type(message).__name__
    if needed == message.capability:
        return kind
    return f"{kind} {_SPECIAL.get(needed, f'with {needed}')}"


def _id_of(message: Receipt | str) -> str:
    return message if isinstance(message, str) else message.message_id
