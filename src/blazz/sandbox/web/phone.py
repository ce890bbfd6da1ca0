"""A phone of the simulated WhatsApp: what a test lets it do, and what it sees."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from blazz.sandbox.web import drafts, keeping, linking
from blazz.sandbox.web.accounts import Account, Standing
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.jids import digits
from blazz.sandbox.web.letters import Level
from blazz.sandbox.web.pairing import Pairing, Qr
from blazz.sandbox.web.phone_groups import PhoneGroup, shown_group
from blazz.sandbox.web.received import ReceivedMessage, shown
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.services import Services


class SimulatedPhone:
    """One phone. Whatever it does, its linked devices and the other side learn as from WhatsApp.

    Args:
        services: The simulated WhatsApp.
        account: Whose phone it is.
    """

    def __init__(self, services: Services, account: Account) -> None:
        self._services = services
        self._world = services.world
        self._account = account

    @property
    def number(self) -> str:
        """The digits of the number."""
        return self._account.number

    @property
    def jid(self) -> str:
        """The id under which a page sees this phone in a chat of two."""
        return self._account.address

    @property
    def lid(self) -> str:
        """The id under which it is seen in groups."""
        return self._account.lid

    @property
    def account(self) -> Account:
        """Everything that the simulated WhatsApp knows of it, for looking only."""
        return self._account

    # Linking devices

    def scan(self, qr: str) -> int:
        """Scan a QR code; gives the number of the new device.

        Raises:
            WebRefusal: No page shows this code any more, or the account cannot have another device.
        """
        code = Qr.parse(qr)
        for page in self._services.pages:
            if page.shows(code):
                return page.pair_with(self._account).id
        raise WebRefusal("expired", "no page shows this code at the moment")

    def enter_code(self, code: str) -> int:
        """Enter a pairing code; gives the number of the new device.

        Raises:
            WebRefusal: It is not the code that a page shows for this number.
        """
        now = self._world.clock.now()
        asking = [page for page in self._services.pages if self._is_asked_by(page.pairing)]
        for page in asking:
            if page.pairing is not None and page.pairing.accepts_code(code, self.number, now):
                return page.pair_with(self._account).id
        for page in asking:
            page.push("code_refused", {})
        raise WebRefusal("wrong_code", "no page shows this code for this number")

    @property
    def devices(self) -> list[Device]:
        """The linked devices, oldest first."""
        return list(self._account.devices.values())

    @property
    def is_linked(self) -> bool:
        """Whether a device is linked and connected."""
        return any(device.line is not None for device in self.devices)

    def log_out_devices(self, reason: str = "user_initiated") -> None:
        """Unlink all devices, as the phone's menu does.

        Args:
            reason: WhatsApp Web's name of the reason that pages are told.
        """
        for device in self.devices:
            linking.unlink(self._world, self._account, device, reason)

    def open_elsewhere(self) -> None:
        """Let the stream of each device be taken over, as by another window."""
        for device in self.devices:
            self._world.end(device, "conflict", "opened elsewhere")

    def drop_connections(self) -> None:
        """Break the connections of the devices; they come back by themselves."""
        self._services.drop_connections(self._account)

    # Standing

    def ban(self) -> None:
        """WhatsApp bans the account for good."""
        self._services.refuse_entry(self._account, Standing.BANNED)

    def suspend(self, seconds: float) -> None:
        """WhatsApp suspends the account for a while."""
        until = self._world.clock.now() + seconds
        self._services.refuse_entry(self._account, Standing.SUSPENDED, until=until)

    def forgive(self) -> None:
        """WhatsApp lets the account in again."""
        self._services.refuse_entry(self._account, Standing.GOOD)

    def go_offline(self) -> None:
        """The phone loses its connection: messages to it stay at one tick."""
        self._account.online = False

    def go_online(self) -> None:
        """The phone has a connection again: what waited is delivered."""
        self._account.online = True
        self._services.post.catch_up(self._account)

    # Writing

    def send_text(
        self, to: str, text: str, *, reply_to: str | None = None, mentions: Sequence[str] = ()
    ) -> str:
        """Send a text; gives its id.

        Args:
            to: The number of the other side, or a group's id.
            text: The text.
            reply_to: The id of the message that it answers.
            mentions: Numbers of whom it mentions.

        Raises:
            WebRefusal: The other side is not on WhatsApp, or the group does not let it write.
        """
        content: dict[str, Any] = {"body": text}
        if mentions:
            people = [self._world.account(number) for number in mentions]
            content["mentionedJidList"] = [person.lid for person in people]
        return self._send(to, "chat", content, reply_to)

    def send_media(
        self,
        to: str,
        content: bytes,
        *,
        kind: str = "image",
        mime_type: str | None = None,
        caption: str | None = None,
        filename: str | None = None,
        reply_to: str | None = None,
    ) -> str:
        """Send a file; gives the message's id.

        Args:
            to: The number of the other side, or a group's id.
            content: The file.
            kind: `image`, `video`, `audio`, `voice`, `document` or `sticker`.
            mime_type: Its type; by default guessed from the name, else a common one of its kind.
            caption: A text below it.
            filename: Its name.
            reply_to: The id of the message that it answers.
        """
        drafts.check_kind(kind)
        file = self._world.media.add(content)
        draft = drafts.media(
            file, kind=kind, mime_type=mime_type, caption=caption, filename=filename
        )
        return self._send(to, "ptt" if kind == "voice" else kind, draft, reply_to)

    def send_location(
        self, to: str, latitude: float, longitude: float, *, name: str | None = None
    ) -> str:
        """Send a place; gives the message's id."""
        return self._send(to, "location", drafts.location(latitude, longitude, name=name))

    def send_contact(self, to: str, number: str, *, name: str) -> str:
        """Send somebody's card; gives the message's id."""
        return self._send(to, "vcard", drafts.card(digits(number), name=name))

    def send_poll(self, to: str, question: str, options: Sequence[str], *, most: int = 0) -> str:
        """Ask; gives the message's id. `most`: how many may be chosen, 0: any number."""
        return self._send(to, "poll_creation", drafts.poll(question, options, most=most))

    def forward(self, message_id: str, to: str) -> str:
        """Send a message on; gives the new message's id.

        Raises:
            WebRefusal: There is no such message, or it was deleted.
        """
        letter = self._account.find(message_id)
        if letter.is_revoked:
            raise WebRefusal("cannot_forward", "this message was deleted")
        return self._send(to, letter.type, drafts.forwarded(letter))

    def edit(self, message_id: str, text: str) -> None:
        """Replace the text of one of its own messages."""
        self._services.post.edit(self._account, self._account.find(message_id), text)

    def revoke(self, message_id: str) -> None:
        """Delete a message for everybody."""
        self._services.post.revoke(self._account, self._account.find(message_id))

    def react(self, message_id: str, emoji: str) -> None:
        """React to a message; an empty text takes the reaction back."""
        self._services.post.react(self._account, self._account.find(message_id), emoji)

    def vote(self, message_id: str, options: Sequence[int]) -> None:
        """Choose options of a poll by their numbers, from 0; none take the vote back."""
        self._services.post.vote(self._account, self._account.find(message_id), list(options))

    # Reading

    def read(self, chat: str) -> None:
        """Read a chat: the number of the other side, or a group's id."""
        self._services.post.read(self._account, self._key(chat))

    def play(self, message_id: str) -> None:
        """Listen to a voice message."""
        letter = self._account.find(message_id)
        self._services.post.note(self._account, (letter,), Level.PLAYED)

    def set_activity(self, chat: str, activity: str) -> None:
        """Be `composing` or `recording` in a chat, or `paused` again."""
        self._services.set_activity(self._account, self._key(chat), activity)

    def set_available(self, available: bool = True) -> None:
        """Be seen as online, or no longer."""
        self._services.set_available(self._account, available=available)

    def call(self, to: str, *, video: bool = False) -> str:
        """Call somebody; gives the call's id."""
        called = self._world.account(digits(to))
        return self._services.ring(self._account, called, video=video)

    def hang_up(self, call_id: str) -> None:
        """Give up a call."""
        self._services.end_call(call_id)

    # Groups and people

    def create_group(self, subject: str, members: Sequence[str]) -> str:
        """Make a group; gives its id."""
        numbers = [digits(number) for number in members]
        group, _ = self._services.membership.create(self._account, subject, numbers)
        return group.id

    def change_members(self, group: str, action: str, members: Sequence[str]) -> None:
        """`add`, `remove`, `promote` or `demote` members of a group."""
        found = self._world.group(group)
        numbers = [digits(number) for number in members]
        self._services.membership.change_members(found, self._account, action, numbers)

    def change_group(self, group: str, **values: Any) -> None:  # noqa: ANN401  # as Group.change
        """Change a group: `subject`, `description`, `announcement`, `restrict`."""
        self._services.membership.change(self._world.group(group), self._account, values)

    def leave_group(self, group: str) -> None:
        """Leave a group."""
        self._services.membership.leave(self._world.group(group), self.number)

    def join_group(self, code: str) -> str:
        """Join a group by an invitation, its code or the whole link; gives the group's id.

        Raises:
            WebRefusal: No group has this invitation, or the group is full.
        """
        return self._services.membership.join(code, self._account).id

    def save_contact(self, number: str, name: str) -> None:
        """Save somebody under a name; linked devices learn it."""
        keeping.save_contact(self._world, self._account, self._world.account(number), name)

    def block(self, number: str) -> None:
        """Block somebody: their messages no longer arrive; linked devices learn it."""
        keeping.block(self._world, self._account, self._world.account(number), blocked=True)

    def unblock(self, number: str) -> None:
        """Block somebody no longer."""
        keeping.block(self._world, self._account, self._world.account(number), blocked=False)

    def set_chat(
        self,
        chat: str,
        *,
        archived: bool | None = None,
        pinned: bool | None = None,
        muted_until: int | None = None,
    ) -> None:
        """Put a chat away, pin it to the top, or mute it; what is None stays as it is.

        `muted_until` is in seconds since 1970; -1: for good, 0: no longer.
        """
        keeping.set_chat(
            self._world,
            self._account,
            self._key(chat),
            archived=archived,
            pinned=pinned,
            muted_until=muted_until,
        )

    # Looking

    def messages(self, chat: str) -> list[ReceivedMessage]:
        """The messages of a chat, oldest first, those of both sides."""
        key = self._key(chat)
        return [shown(letter, self._account) for letter in self._account.chat(key).letters]

    def message(self, message_id: str) -> ReceivedMessage:
        """One message; the id may be whole (`true_…@c.us_3EB0…`) or its last part alone.

        Raises:
            WebRefusal: There is none.
        """
        return shown(self._account.find(message_id), self._account)

    def media(self, message_id: str) -> bytes:
        """The file of a message.

        Raises:
            WebRefusal: The message has none, or it was given up.
        """
        path = str(self._account.find(message_id).content.get("mediaPath"))
        file = self._world.media.get(path)
        if file is None:
            raise WebRefusal("no_such_file", "this message has no file")
        return file.content

    def sees(self, chat: str) -> str | None:
        """What the other side is doing in a chat: `composing`, `available`, …, if that is known."""
        return self._account.sees.get(self._key(chat))

    def group(self, group: str) -> PhoneGroup:
        """A group that it belongs to.

        Raises:
            WebRefusal: There is no such group, or this phone is not in it.
        """
        found = self._world.group(group)
        found.check_member(self.number)
        return shown_group(found)

    def is_ringing(self, call_id: str) -> bool:
        """Whether a call still rings: nobody has declined it or given it up."""
        return call_id in self._services.calls

    async def wait_for_message(
        self,
        chat: str,
        wanted: Callable[[ReceivedMessage], bool] = lambda _: True,
        *,
        timeout: float = 30.0,
    ) -> ReceivedMessage:
        """Wait for a message of the other side and give it; one that is there already counts.

        Raises:
            TimeoutError: There is none after `timeout` seconds.
        """
        found: list[ReceivedMessage] = []

        def look() -> bool:
            others = (each for each in self.messages(chat) if each.sender != self.number)
            found[:] = [each for each in others if wanted(each)]
            return bool(found)

        if not await self._world.changed.wait_for(look, timeout=timeout):
            raise TimeoutError(f"no such message came to +{self.number} within {timeout} s")
        return found[0]

    def _send(
        self, to: str, kind: str, content: dict[str, Any], reply_to: str | None = None
    ) -> str:
        if reply_to is not None:
            content |= drafts.quoting(self._account.find(reply_to))
        return self._services.post.write(self._account, self._key(to), kind, content).id

    def _key(self, chat: str) -> str:
        if chat.endswith(("@g.us", "@lid")):
            return self._world.chat_key(chat)
        return digits(chat)

    def _is_asked_by(self, pairing: Pairing | None) -> bool:
        code = pairing.code if pairing else None
        return code is not None and code.number == self.number
