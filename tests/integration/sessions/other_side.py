"""Somebody who writes with a session, whichever provider it has."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

from blazz.events import MessageReceived
from blazz.providers.base import Receipt
from blazz.sandbox.user import SandboxUser
from blazz.sandbox.web import ReceivedMessage, SimulatedPhone

KINDS = {
    "interactive": "buttons",
    "chat": "text",
    "ptt": "voice",
    "vcard": "contacts",
    "multi_vcard": "contacts",
    "poll_creation": "poll",
}
"""What providers call kinds of messages, where it is not what blazz calls them."""

PICTURE = b"\xff\xd8\xff\xe0 as good as a picture"


@dataclass(frozen=True)
class Got:
    """What reached them."""

    kind: str
    text: str | None
    content: dict[str, Any]
    quoted: str | None = None


class OtherSide(Protocol):
    """A person with a phone."""

    number: str

    async def writes(self, text: str) -> str: ...
    async def answers(self, receipt: Receipt, text: str) -> None: ...
    async def sends_picture(self, content: bytes, caption: str) -> None: ...
    async def sends_place(self, latitude: float, longitude: float, name: str) -> None: ...
    async def sends_card(self, number: str, name: str) -> None: ...
    async def reacts(self, receipt: Receipt, emoji: str) -> None: ...
    async def edits(self, message_id: str, text: str) -> None: ...
    async def revokes(self, message_id: str) -> None: ...
    async def reads(self, receipt: Receipt) -> None: ...
    async def got(self, receipt: Receipt) -> Got: ...
    async def sees_read(self, event: MessageReceived) -> bool: ...


class CloudUser:
    """A user of the sandbox's Cloud API."""

    def __init__(self, user: SandboxUser) -> None:
        self.user = user
        self.number = user.phone
        self._control = user._control

    async def writes(self, text: str) -> str:
        return await self.user.types(text)

    async def answers(self, receipt: Receipt, text: str) -> None:
        await self.user.replies(text, to=receipt.message_id)

    async def sends_picture(self, content: bytes, caption: str) -> None:
        await self.user.sends("image", content, mime_type="image/jpeg", caption=caption)

    async def sends_place(self, latitude: float, longitude: float, name: str) -> None:
        await self.user.sends_location(latitude, longitude, name=name)

    async def sends_card(self, number: str, name: str) -> None:
        phone = {"phone": number, "wa_id": number.removeprefix("+"), "type": "CELL"}
        await self.user.sends_contacts([{"name": {"formatted_name": name}, "phones": [phone]}])

    async def reacts(self, receipt: Receipt, emoji: str) -> None:
        await self.user.reacts(emoji, to=receipt.message_id)

    async def edits(self, message_id: str, text: str) -> None:
        await self.user.edits(message_id, text)

    async def revokes(self, message_id: str) -> None:
        await self.user.revokes(message_id)

    async def reads(self, receipt: Receipt) -> None:
        await self.user.reads(receipt.message_id)

    async def got(self, receipt: Receipt) -> Got:
        async for message in self._control.log(to=self.number):
            if message.id == receipt.message_id:
                inner = message.body[message.type]
                text = inner.get("body", inner.get("caption")) if isinstance(inner, dict) else None
                quoted = message.body.get("context", {}).get("message_id")
                kind = KINDS.get(message.type, message.type)
                voice = kind == "audio" and inner.get("voice")
                return Got("voice" if voice else kind, text, {"inner": inner}, quoted)
        raise AssertionError("the message is not in the log")

    async def sees_read(self, event: MessageReceived) -> bool:
        state = await self.user.state()
        return event.message_id in str(state)


class WebUser:
    """A phone of the simulated WhatsApp Web."""

    def __init__(self, phone: SimulatedPhone, shop: SimulatedPhone) -> None:
        self.phone, self.shop = phone, shop
        self.number = f"+{phone.number}"

    async def writes(self, text: str) -> str:
        return self.phone.send_text(self.shop.number, text)

    async def answers(self, receipt: Receipt, text: str) -> None:
        reply_to = receipt.message_id.split("_")[2]
        self.phone.send_text(self.shop.number, text, reply_to=reply_to)

    async def sends_picture(self, content: bytes, caption: str) -> None:
        self.phone.send_media(self.shop.number, content, kind="image", caption=caption)

    async def sends_place(self, latitude: float, longitude: float, name: str) -> None:
        self.phone.send_location(self.shop.number, latitude, longitude, name=name)

    async def sends_card(self, number: str, name: str) -> None:
        self.phone.send_contact(self.shop.number, number, name=name)

    async def reacts(self, receipt: Receipt, emoji: str) -> None:
        self.phone.react(receipt.message_id, emoji)

    async def edits(self, message_id: str, text: str) -> None:
        self.phone.edit(message_id, text)

    async def revokes(self, message_id: str) -> None:
        self.phone.revoke(message_id)

    async def reads(self, receipt: Receipt) -> None:
        self.phone.read(self.shop.number)

    def shown(self, receipt: Receipt) -> ReceivedMessage:
        return self.phone.message(receipt.message_id)

    async def got(self, receipt: Receipt) -> Got:
        found = self.shown(receipt)
        return Got(KINDS.get(found.type, found.type), found.text, found.content, found.quoted)

    async def sees_read(self, event: MessageReceived) -> bool:
        return self.phone.message(event.message_id).level.name == "READ"
