"""The other side: a WhatsApp user whom a test moves."""

from __future__ import annotations

import base64
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from typing import Any, Literal
from urllib.parse import quote

from blazz.errors import InvalidValue, Timeout
from blazz.sandbox.control import LoggedMessage, SandboxControl
from blazz.sandbox.validation.envelope import normalized_phone


class SandboxUser:
    """A user of the sandbox's WhatsApp; what they do comes back to the application as webhooks.

    Made by `SandboxControl.user` or `Sandbox.user`. Methods that send return the id of the user's
    message, to be edited, revoked or marked as read.

    Args:
        control: The sandbox.
        phone: The user's phone number, in any usual spelling.

    Raises:
        InvalidValue: That is no phone number.
        Rejected: By every method: that cannot be done, such as to tap where no button is.
        SessionClosed: By every method: the sandbox was closed.
    """

    def __init__(self, control: SandboxControl, phone: str) -> None:
        self._control = control
        self._seen: LoggedMessage | int = 0
        self.phone: str = str(phone)
        if normalized_phone(self.phone) is None:
            raise InvalidValue("user", "a phone number with its country code", phone)

    def __repr__(self) -> str:
        return f"<SandboxUser {self.phone}>"

    async def set_up(
        self,
        *,
        name: str | None = None,
        username: str | None = None,
        hides_number: bool | None = None,
        story: str | None = None,
    ) -> None:
        """Change who the user is and what becomes of messages to them.

        Args:
            name: The profile name.
            username: The username; with one, webhooks leave out the phone number, as at Meta.
            hides_number: Leave the number out or not, whatever the username says.
            story: The name of a `Story`, such as `delivered` or `echo`.
        """
        wanted = {
            "name": name,
            "username": username,
            "hides_number": hides_number,
            "story": story,
        }
        changes = {key: value for key, value in wanted.items() if value is not None}
        await self._control.request("PATCH", self._path, changes)

    async def state(self) -> dict[str, Any]:
        """Who the user is, what they blocked, and what the business showed them."""
        query = {}
        if self._control.phone_number_id is not None:
            query["phone_number_id"] = self._control.phone_number_id
        return await self._control.request("GET", self._path, query=query)

    async def user_id(self) -> str:
        """The business-scoped user id."""
        found: str = (await self.state())["user_id"]
        return found

    async def receives(self, *, timeout: float = 30.0) -> LoggedMessage:
        """Wait for the next message to the user; each is given once, oldest first.

        Another `SandboxUser` of the same number begins with the oldest again.

        Raises:
            Timeout: No message came in time.
        """
        control = self._control
        found = control.log(
            to=self.phone, number=control.phone_number_id, after=self._seen, wait=timeout
        )
        async with aclosing(found) as messages:
            async for message in messages:
                self._seen = message
                return message
        raise Timeout(f"{self.phone} got no message within {timeout:g} s")

    async def types(self, text: str) -> str:
        """Send a text."""
        return await self._act("text", text=text)

    async def replies(self, text: str, *, to: str | None = None) -> str:
        """Answer a message of the business with a text; to the newest one if none is named."""
        return await self._act("reply", text=text, message_id=to)

    async def taps(self, choice: str, *, on: str | None = None) -> str:
        """Tap on a button or a row of a list, named by its id or its words.

        Args:
            choice: The id, title or payload.
            on: The id of the message; the newest one to the user if none is named.
        """
        return await self._act("tap", choice=choice, message_id=on)

    async def submits(self, answers: Mapping[str, Any], *, on: str | None = None) -> str:
        """Fill in and send the form (Flow) of a message.

        Args:
            answers: What the user enters, by the form's names; JSON values.
            on: The id of the message; the newest one to the user if none is named.
        """
        return await self._act("submit", answers=dict(answers), message_id=on)

    async def sends(
        self,
        kind: Literal["image", "video", "audio", "voice", "document", "sticker"],
        content: bytes,
        *,
        mime_type: str,
        caption: str | None = None,
        filename: str | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Send media, which the application can download by its id.

        Args:
            kind: What it is.
            content: The file.
            mime_type: Its type, such as `image/png`.
            caption: What the user writes below it.
            filename: The name of a document.
            reply_to: The id of the message that it answers.
        """
        return await self._act(
            "media",
            kind=kind,
            content=base64.b64encode(content).decode(),
            mime_type=mime_type,
            caption=caption,
            filename=filename,
            reply_to=reply_to,
        )

    async def sends_location(
        self,
        latitude: float,
        longitude: float,
        *,
        name: str | None = None,
        address: str | None = None,
    ) -> str:
        """Send a place."""
        return await self._act(
            "location", latitude=latitude, longitude=longitude, name=name, address=address
        )

    async def sends_contacts(self, contacts: Sequence[Mapping[str, Any]]) -> str:
        """Send contact cards, in the form that Meta gives them."""
        return await self._act("contacts", contacts=[dict(contact) for contact in contacts])

    async def sends_raw(self, message: Mapping[str, Any]) -> str:
        """Send any message: its `type` and what belongs to it, as in a webhook."""
        return await self._act("raw", **message)

    async def reacts(self, emoji: str, *, to: str | None = None) -> str:
        """React to a message of the business (the newest one); an empty emoji takes it back."""
        return await self._act("reaction", emoji=emoji, message_id=to)

    async def reads(self, message_id: str | None = None) -> str:
        """Read a message of the business (the newest one), beside what its story does."""
        return await self._act("read", message_id=message_id)

    async def plays(self, message_id: str | None = None) -> str:
        """Play a voice message of the business (the newest message)."""
        return await self._act("play", message_id=message_id)

    async def edits(self, message_id: str, text: str) -> str:
        """Edit a text that the user sent."""
        return await self._act("edit", message_id=message_id, text=text)

    async def revokes(self, message_id: str) -> str:
        """Delete a message that the user sent, for everyone."""
        return await self._act("revoke", message_id=message_id)

    async def blocks(self) -> None:
        """Block the business: its messages are sent, but never delivered."""
        await self._act("block")

    async def unblocks(self) -> None:
        """Let the business write again."""
        await self._act("unblock")

    async def opts_out(self) -> None:
        """Stop marketing messages: later ones fail with 131050."""
        await self._act("opt_out")

    async def opts_in(self) -> None:
        """Resume marketing messages."""
        await self._act("opt_in")

    async def changes_number(self, new: str) -> None:
        """Move to another phone number, which also changes the user id."""
        await self._act("change_number", new_number=new)
        self.phone = new

    @property
    def _path(self) -> str:
        return f"users/{quote(self.phone, safe='')}"

    async def _act(self, action: str, **parts: object) -> str:
        body = {name: value for name, value in parts.items() if value is not None}
        if self._control.phone_number_id is not None:
            body["phone_number_id"] = self._control.phone_number_id
        found = await self._control.request("POST", f"{self._path}/{action}", body)
        return str(found["message_id"] or "")
