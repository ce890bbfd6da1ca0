"""Carrying messages and what happens to them from one account to the others."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from blazz.sandbox.web import views
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.contents import check_content, check_text
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.letters import Letter, Level, Mark
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.world import WebWorld


class Post:
    """The post office of a simulated WhatsApp.

    Args:
        world: Where.
    """

    def __init__(self, world: WebWorld) -> None:
        self._world = world

    def write(
        self,
        author: Account,
        chat: str,
        kind: str,
        content: dict[str, Any],
        *,
        message_id: str | None = None,
        device: Device | None = None,
    ) -> Letter:
        """Send a message.

        Args:
            author: Who writes.
            chat: The number of the other side, or the group.
            kind: WhatsApp Web's name for the kind of message.
            content: What belongs to it.
            message_id: Its id; None: a new one.
            device: The device that it comes from, which need not be told of it.

        Raises:
            WebRefusal: The other side is not on WhatsApp, the group does not let them write, or
                the content is not what belongs to this kind.
        """
        world = self._world
        check_content(kind, content)
        group = None
        if chat.endswith("@g.us"):
            found = world.group(chat)
            found.check_writer(author.number)
            group = found.id
            recipients = tuple(number for number in found.members if number != author.number)
        else:
            if not world.account(chat).registered:
                raise WebRefusal("not_on_whatsapp", f"+{chat} is not on WhatsApp")
            recipients = (chat,)
        letter = Letter(
            id=message_id or world.new_message_id(),
            author=author.number,
            recipients=recipients,
            group=group,
            t=int(world.clock.now()),
            type=kind,
            content=content,
        )
        author.file(letter)
        self._tell_message(author, letter, but=device)
        for number in recipients:
            if number == author.number:  # a note to oneself is read at once
                self.note(author, (letter,), Level.READ)
            else:
                self._deliver(world.account(number), letter)
        world.changed.notify_all()
        return letter

    def edit(
        self,
        author: Account,
        letter: Letter,
        text: str,
        *,
        edit_id: str | None = None,
        device: Device | None = None,
    ) -> None:
        """Replace the text of one's own message.

        Raises:
            WebRefusal: Somebody else wrote it, or it is gone.
        """
        if letter.author != author.number or letter.is_revoked:
            raise WebRefusal("cannot_edit", "only one's own messages can be edited")
        check_text(text)
        letter.edit(text, edit_id or self._world.new_message_id())
        now = int(self._world.clock.now())
        data = {"text": text, "edit": letter.edited, "t": now, "isCaption": letter.is_caption}
        for viewer in self._holders(letter):
            self._tell(viewer, "edit", letter, data, but=device)
        self._world.changed.notify_all()

    def revoke(self, by: Account, letter: Letter, *, device: Device | None = None) -> None:
        """Delete a message for everybody.

        Raises:
            WebRefusal: Somebody else wrote it and this is not an admin of the group.
        """
        if letter.author != by.number:
            if letter.group is None:
                raise WebRefusal("cannot_revoke", "only one's own messages can be deleted")
            self._world.group(letter.group).check_admin(by.number)
        letter.revoke()
        revoke_id = self._world.new_message_id()
        for viewer in self._holders(letter):
            in_group = letter.group is not None
            by_whom = views.address(by, viewer, in_group=in_group)
            data = {"revoke": revoke_id, "by": by_whom}
            self._tell(viewer, "revoke", letter, data, but=device)
        self._world.changed.notify_all()

    def react(
        self,
        by: Account,
        letter: Letter,
        emoji: str,
        *,
        reaction_id: str | None = None,
        device: Device | None = None,
    ) -> None:
        """React to a message; an empty text takes the reaction back."""
        check_text(emoji, least=0)
        now = int(self._world.clock.now() * 1000)
        mark = Mark(reaction_id or self._world.new_message_id(), now, emoji)
        letter.reactions[by.number] = mark
        self._tell_mark("reaction", by, letter, views.reaction(mark), but=device)

    def vote(self, by: Account, letter: Letter, options: list[int]) -> None:
        """Vote in a poll; no options take the vote back.

        Raises:
            WebRefusal: It is not a poll, or has no such options.
        """
        known = {option.get("localId") for option in letter.content.get("pollOptions", ())}
        if letter.type != "poll_creation" or not set(options) <= known:
            raise WebRefusal("cannot_vote", "this message is not a poll with these options")
        most = letter.content.get("pollSelectableOptionsCount") or len(known)
        if len(options) > most:
            raise WebRefusal("cannot_vote", f"at most {most} of its options can be chosen")
        now = int(self._world.clock.now() * 1000)
        mark = Mark(self._world.new_message_id(), now, list(options))
        letter.votes[by.number] = mark
        self._tell_mark("vote", by, letter, views.vote(mark))

    def read(
        self,
        reader: Account,
        chat: str,
        newest: str | None = None,
        *,
        device: Device | None = None,
    ) -> None:
        """Read a chat, as far as a message if one is given; authors and other devices are told."""
        self.note(reader, reader.read(chat, newest), Level.READ)
        unread = reader.chat(chat).unread
        told = {"chat": views.chat_id(chat, self._world.account), "unread": unread}
        reader.tell_devices("seen", told, but=device)

    def note(self, recipient: Account, letters: Iterable[Letter], level: Level) -> None:
        """Note how far messages have come with a recipient, and tell their authors."""
        now = int(self._world.clock.now())
        for letter in letters:
            if letter.raise_level(recipient.number, level, now):
                self._tell_receipt(letter, recipient, level)
        self._world.changed.notify_all()

    def catch_up(self, account: Account) -> None:
        """A phone or a device of an account has a connection again: what waited is delivered."""
        waiting, account.undelivered = account.undelivered, []
        self.note(account, waiting, Level.DELIVERED)

    def introduce(self, device: Device, viewer: Account, person: Account) -> None:
        """Tell a device who somebody is, before anything of them comes."""
        if person is not viewer and person.number not in device.told_of:
            device.told_of.add(person.number)
            device.put("contact", views.contact(person, viewer))

    def _deliver(self, recipient: Account, letter: Letter) -> None:
        if letter.author in recipient.blocked:
            return
        recipient.file(letter)
        recipient.sees.pop(letter.chat_of(recipient.number), None)
        self._tell_message(recipient, letter)
        if recipient.online:
            self.note(recipient, (letter,), Level.DELIVERED)
        else:
            recipient.undelivered.append(letter)

    def _tell_message(self, viewer: Account, letter: Letter, *, but: Device | None = None) -> None:
        people = self._world.account
        seen = views.message(letter, viewer, people)
        for device in viewer.devices.values():
            if device is not but:
                self.introduce(device, viewer, people(letter.author))
                device.put("message", seen)

    def _tell_receipt(self, letter: Letter, recipient: Account, level: Level) -> None:
        author = self._world.account(letter.author)
        seen = views.place(letter, author, self._world.account)
        receipt = {
            "chat": seen["chat"],
            "sender": seen["sender"],
            "ids": [letter.id],
            "level": int(level),
            "ack": int(letter.level),
            "who": recipient.lid if letter.group else None,
            "t": int(self._world.clock.now()),
        }
        author.tell_devices("receipt", receipt)

    def _tell_mark(
        self,
        kind: str,
        by: Account,
        letter: Letter,
        mark: dict[str, Any],
        *,
        but: Device | None = None,
    ) -> None:
        for viewer in self._holders(letter):
            sender = views.address(by, viewer, in_group=letter.group is not None)
            self._tell(viewer, kind, letter, {kind: {**mark, "sender": sender}}, but=but)
        self._world.changed.notify_all()

    def _tell(
        self,
        viewer: Account,
        kind: str,
        letter: Letter,
        data: dict[str, Any],
        *,
        but: Device | None = None,
    ) -> None:
        place = views.place(letter, viewer, self._world.account)
        viewer.tell_devices(kind, {**place, **data}, but=but)

    def _holders(self, letter: Letter) -> list[Account]:
        """Everybody who has the message."""
        numbers = dict.fromkeys((letter.author, *letter.recipients))
        accounts = (self._world.account(number) for number in numbers)
        return [account for account in accounts if account.holds(letter)]
