"""The other side of WhatsApp Web: a phone that links pages, writes, reads and gets lost."""

from __future__ import annotations

import base64
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, cast

from blazz.errors import Timeout
from blazz.sandbox.web.jids import digits
from blazz.sandbox.web.phone_groups import PhoneGroup, group_from_json
from blazz.sandbox.web.received import ReceivedMessage, from_json

if TYPE_CHECKING:
    from blazz.sandbox.driving import SandboxWeb


class SandboxPhone:
    """A phone of the sandbox's simulated WhatsApp Web.

    Made by `Sandbox.phone`. Pages are linked to it, and it is somebody whom pages write to. A chat
    is named by the number of the other side in any spelling, or by a group's id. Methods that send
    give the message's id.

    Args:
        web: The simulated WhatsApp Web.
        number: The phone number, with its country code.

    Raises:
        InvalidAddress: It is not a phone number.
        WebRefusal: By every method: WhatsApp does not do that; `code` says why.
    """

    def __init__(self, web: SandboxWeb, number: str) -> None:
        self.web = web
        self._digits = digits(number)

    def __repr__(self) -> str:
        return f"<SandboxPhone {self.number}>"

    @property
    def number(self) -> str:
        """Its number, as `+` and digits."""
        return f"+{self._digits}"

    async def set_up(
        self,
        *,
        name: str | None = None,
        addressing: Literal["phone", "lid", "hidden"] | None = None,
        registered: bool | None = None,
        business: bool | None = None,
        about: str | None = None,
        picture: bytes | None = None,
    ) -> None:
        """Change whose phone it is; what is not given stays as it is.

        Args:
            name: The name that it shows to others.
            addressing: Under what others see it: its number, a LID whose number is known, or
                `hidden`, a LID alone.
            registered: Whether the number is on WhatsApp.
            business: Whether it is a business account.
            about: The text of its profile.
            picture: The picture of its profile; empty: none.
        """
        wanted = _given(
            name=name,
            addressing=addressing,
            registered=registered,
            business=business,
            about=about,
            picture=None if picture is None else base64.b64encode(picture).decode(),
        )
        await self.web.request("PATCH", f"phones/{self._digits}", wanted)

    async def state(self) -> dict[str, Any]:
        """Who it is, its chats, and its linked devices."""
        return await self.web.request("GET", f"phones/{self._digits}")

    # Linked devices

    async def scan(self, qr: str) -> int:
        """Scan a QR code (`QrCode.data`); gives the number of the new device."""
        return cast("int", await self._do("scan", qr=qr))

    async def enter_code(self, code: str) -> int:
        """Enter a pairing code; gives the number of the new device."""
        return cast("int", await self._do("enter_code", code=code))

    async def is_linked(self) -> bool:
        """Whether a page is linked to it and connected."""
        return any(device["connected"] for device in (await self.state())["devices"])

    async def log_out_devices(self, reason: str = "user_initiated") -> None:
        """Unlink all pages, as the phone's menu does; `reason` in WhatsApp Web's words."""
        await self._do("log_out_devices", reason=reason)

    async def open_elsewhere(self) -> None:
        """Take the stream of each page over, as another window does."""
        await self._do("open_elsewhere")

    async def drop_connections(self) -> None:
        """Break the connections of its pages; they come back by themselves."""
        await self._do("drop_connections")

    # Standing

    async def ban(self) -> None:
        """WhatsApp bans the account for good."""
        await self._do("ban")

    async def suspend(self, seconds: float) -> None:
        """WhatsApp suspends the account for a while."""
        await self._do("suspend", seconds=seconds)

    async def forgive(self) -> None:
        """WhatsApp lets the account in again."""
        await self._do("forgive")

    async def go_offline(self) -> None:
        """The phone loses its connection: messages to it stay at one tick."""
        await self._do("go_offline")

    async def go_online(self) -> None:
        """The phone has a connection again: what waited is delivered."""
        await self._do("go_online")

    # Writing

    async def send_text(
        self, to: str, text: str, *, reply_to: str | None = None, mentions: Sequence[str] = ()
    ) -> str:
        """Send a text, as an answer to a message of this id if one is given."""
        return await self._send(
            "send_text", to, text=text, reply_to=reply_to, mentions=list(mentions)
        )

    async def send_media(
        self,
        to: str,
        content: bytes,
        *,
        kind: Literal["image", "video", "audio", "voice", "document", "sticker"] = "image",
        mime_type: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Send a file; without a type, its name or else its kind tells one."""
        return await self._send(
            "send_media",
            to,
            content=base64.b64encode(content).decode(),
            kind=kind,
            mime_type=mime_type,
            caption=caption,
            filename=filename,
            reply_to=reply_to,
        )

    async def send_location(
        self, to: str, latitude: float, longitude: float, *, name: str | None = None
    ) -> str:
        """Send a place."""
        return await self._send(
            "send_location", to, latitude=latitude, longitude=longitude, name=name
        )

    async def send_contact(self, to: str, number: str, *, name: str) -> str:
        """Send somebody's card."""
        return await self._send("send_contact", to, number=digits(number), name=name)

    async def send_poll(
        self, to: str, question: str, options: Sequence[str], *, most: int = 0
    ) -> str:
        """Ask; `most`: how many options may be chosen, 0: any number."""
        return await self._send("send_poll", to, question=question, options=[*options], most=most)

    async def forward(self, message_id: str, to: str) -> str:
        """Send a message on."""
        return await self._send("forward", to, message_id=message_id)

    async def edit(self, message_id: str, text: str) -> None:
        """Replace the text of one of its own messages."""
        await self._do("edit", message_id=message_id, text=text)

    async def revoke(self, message_id: str) -> None:
        """Delete a message for everybody."""
        await self._do("revoke", message_id=message_id)

    async def react(self, message_id: str, emoji: str) -> None:
        """React to a message; an empty text takes the reaction back."""
        await self._do("react", message_id=message_id, emoji=emoji)

    async def vote(self, message_id: str, options: Sequence[int]) -> None:
        """Choose options of a poll by their numbers, from 0; none take the vote back."""
        await self._do("vote", message_id=message_id, options=[*options])

    async def call(self, to: str, *, video: bool = False) -> str:
        """Call somebody; gives the call's id."""
        return str(await self._do("call", to=digits(to), video=video))

    async def hang_up(self, call_id: str) -> None:
        """Give up a call."""
        await self._do("hang_up", call_id=call_id)

    async def is_ringing(self, call_id: str) -> bool:
        """Whether a call still rings: nobody has declined it or given it up."""
        return bool(await self._do("is_ringing", call_id=call_id))

    # Reading

    async def read(self, chat: str) -> None:
        """Read a chat."""
        await self._do("read", chat=_chat(chat))

    async def play(self, message_id: str) -> None:
        """Listen to a voice message."""
        await self._do("play", message_id=message_id)

    async def set_activity(
        self, chat: str, activity: Literal["composing", "recording", "paused"]
    ) -> None:
        """Be seen typing or recording in a chat, or no longer."""
        await self._do("set_activity", chat=_chat(chat), activity=activity)

    async def set_available(self, available: bool = True) -> None:
        """Be seen as online, or no longer."""
        await self._do("set_available", available=available)

    async def messages(self, chat: str) -> list[ReceivedMessage]:
        """The messages of a chat, oldest first, those of both sides."""
        found = cast("list[dict[str, Any]]", await self._do("messages", chat=_chat(chat)))
        return [from_json(each) for each in found]

    async def message(self, message_id: str) -> ReceivedMessage:
        """One message, by its whole id or the last part of it."""
        return from_json(cast("dict[str, Any]", await self._do("message", message_id=message_id)))

    async def media(self, message_id: str) -> bytes:
        """The file of a message."""
        return base64.b64decode(cast("str", await self._do("media", message_id=message_id)))

    async def sees(self, chat: str) -> str | None:
        """What the other side is doing in a chat: `composing`, `available`, …, if it is known."""
        return cast("str | None", await self._do("sees", chat=_chat(chat)))

    async def wait_for_message(
        self,
        chat: str,
        wanted: Callable[[ReceivedMessage], bool] = lambda _: True,
        *,
        timeout: float = 30.0,
    ) -> ReceivedMessage:
        """Wait for a message of the other side and give it; one that is there already counts.

        Args:
            chat: The chat.
            wanted: Which message, such as `lambda message: message.quoted == question`.
            timeout: The most seconds to wait.

        Raises:
            Timeout: There is none in time.
        """

        async def look() -> ReceivedMessage | None:
            own = self._digits
            others = (each for each in await self.messages(chat) if each.sender != own)
            return next(filter(wanted, others), None)

        try:
            return await self.web.wait_until(look, timeout=timeout)
        except Timeout:
            raise Timeout(
                f"{self.number} got no such message in the chat {chat} within {timeout:g} s"
            ) from None

    # Groups and people

    async def create_group(self, subject: str, members: Sequence[str]) -> str:
        """Make a group; gives its id."""
        numbers = [digits(number) for number in members]
        return str(await self._do("create_group", subject=subject, members=numbers))

    async def change_members(
        self,
        group: str,
        action: Literal["add", "remove", "promote", "demote"],
        members: Sequence[str],
    ) -> None:
        """Add, remove, promote or demote members of a group."""
        numbers = [digits(number) for number in members]
        await self._do("change_members", group=group, action=action, members=numbers)

    async def change_group(
        self,
        group: str,
        *,
        subject: str | None = None,
        description: str | None = None,
        announcement: bool | None = None,
        restrict: bool | None = None,
    ) -> None:
        """Change a group; what is not given stays as it is."""
        values = _given(
            subject=subject, description=description, announcement=announcement, restrict=restrict
        )
        await self._do("change_group", group=group, **values)

    async def leave_group(self, group: str) -> None:
        """Leave a group."""
        await self._do("leave_group", group=group)

    async def join_group(self, code: str) -> str:
        """Join a group by an invitation, its code or the whole link; gives the group's id."""
        return str(await self._do("join_group", code=code))

    async def group(self, group: str) -> PhoneGroup:
        """A group that it belongs to: name, members, who may change it, the invitation."""
        return group_from_json(cast("dict[str, Any]", await self._do("group", group=group)))

    async def save_contact(self, number: str, name: str) -> None:
        """Save somebody under a name; its pages learn it."""
        await self._do("save_contact", number=digits(number), name=name)

    async def block(self, number: str) -> None:
        """Block somebody: their messages no longer arrive; its pages learn it."""
        await self._do("block", number=digits(number))

    async def unblock(self, number: str) -> None:
        """Block somebody no longer."""
        await self._do("unblock", number=digits(number))

    async def set_chat(
        self,
        chat: str,
        *,
        archived: bool | None = None,
        pinned: bool | None = None,
        muted_until: int | None = None,
    ) -> None:
        """Put a chat away, pin it to the top, or mute it; what is not given stays as it is.

        Args:
            chat: The chat.
            archived: Whether it is put away.
            pinned: Whether it stays at the top.
            muted_until: Until when it makes no sound, in seconds since 1970; -1: for good, 0: no
                longer.
        """
        values = _given(archived=archived, pinned=pinned, muted_until=muted_until)
        await self._do("set_chat", chat=_chat(chat), **values)

    async def _send(self, name: str, /, to: str, **parameters: object) -> str:
        return str(await self._do(name, to=_chat(to), **parameters))

    async def _do(self, name: str, /, **parameters: object) -> object:
        path = f"phones/{self._digits}/{name}"
        found = await self.web.request("POST", path, _given(**parameters))
        return found["result"]


def _given(**values: object) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value is not None}


def _chat(chat: str) -> str:
    return chat if chat.endswith(("@g.us", "@lid")) else digits(chat)
