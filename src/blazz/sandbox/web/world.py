"""The state of a simulated WhatsApp: who is on it, groups, files, and what was accepted."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from blazz.sandbox.clock import Clock
from blazz.sandbox.condition import Condition
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.groups import Group
from blazz.sandbox.web.jids import digits, lid_jid, split
from blazz.sandbox.web.letters import Letter
from blazz.sandbox.web.media import WebMedia
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.settings import WebSettings

NOT_ON_WHATSAPP: Final = "15550131026"
"""A number that is not on WhatsApp; the sandbox's magic number of Meta's error 131026."""


@dataclass(slots=True)
class Accepted:
    """One message that a page sent and WhatsApp accepted.

    Attributes:
        sequence: Its place, from 1.
        account: Who sent it, by number.
        letter: The message.
        attempts: How often it arrived; it was accepted once.
    """

    sequence: int
    account: str
    letter: Letter
    attempts: int = 1


class WebWorld:
    """Everything that one simulated WhatsApp knows; no tasks, no waiting, no I/O.

    Args:
        settings: How it behaves.
        clock: Its time.
    """

    def __init__(self, settings: WebSettings | None = None, *, clock: Clock | None = None) -> None:
        self.settings = settings or WebSettings()
        self.clock = clock or Clock()
        self.media = WebMedia()
        self.changed = Condition()
        """Told when anything happened that somebody may wait for."""
        self.is_down = False
        """Nobody is let in, as when WhatsApp has an outage."""
        self.accounts: dict[str, Account] = {}
        self.groups: dict[str, Group] = {}
        self.accepted: list[Accepted] = []
        self._lids: dict[str, str] = {}
        self._accepted_by_id: dict[tuple[str, str], Accepted] = {}

    def account(self, number: str) -> Account:
        """The account of a number; everybody is on WhatsApp until told otherwise.

        Raises:
            InvalidAddress: It is not a phone number.
        """
        bare = digits(number)
        found = self.accounts.get(bare)
        if found is None:
            registered = bare != NOT_ON_WHATSAPP
            found = Account(number=bare, name=f"User {bare[-4:]}", registered=registered)
            self.accounts[bare] = found
            self._lids[lid_jid(bare)] = bare
        return found

    def person(self, jid: str) -> Account:
        """The account behind an id of either kind.

        Raises:
            InvalidAddress: It is not the id of a person.
            WebRefusal: Nobody has this LID.
        """
        user, server = split(jid)
        if server == "c.us":
            return self.account(user)
        number = self._lids.get(f"{user}@lid")
        if number is None:
            raise WebRefusal("not_on_whatsapp", f"nobody has the id {jid[:64]}")
        return self.account(number)

    def group(self, group_id: str) -> Group:
        """A group.

        Raises:
            WebRefusal: There is none.
        """
        found = self.groups.get(group_id)
        if found is None:
            raise WebRefusal("no_such_group", f"there is no group {group_id[:64]}")
        return found

    def chat_key(self, jid: str) -> str:
        """Under what a chat is kept: the group's id, or the other side's number.

        Raises:
            WebRefusal: There is no such group, or nobody has this LID.
        """
        return self.group(jid).id if jid.endswith("@g.us") else self.person(jid).number

    def new_group_id(self) -> str:
        """The id of a new group."""
        return f"120363{secrets.randbelow(10**12):012d}@g.us"

    def new_message_id(self) -> str:
        """The id of a message that a phone sends."""
        return f"3A{secrets.token_hex(9).upper()}"

    def accepted_message(self, number: str, message_id: str) -> Accepted | None:
        """The message of this id that a page of an account sent, if it was accepted."""
        return self._accepted_by_id.get((number, message_id))

    def log(self, account: Account, letter: Letter) -> Accepted:
        """Note that a message of a page was accepted."""
        entry = Accepted(len(self.accepted) + 1, account.number, letter)
        self.accepted.append(entry)
        self._accepted_by_id[account.number, letter.id] = entry
        return entry

    def devices(self) -> Iterator[tuple[Account, Device]]:
        """All linked devices."""
        for account in self.accounts.values():
            for device in account.devices.values():
                yield account, device

    def end(self, device: Device, code: str, text: str = "") -> None:
        """End the stream of a device, if it is connected, and tell it why."""
        if device.line is not None:
            device.line.push("end", {"code": code, "text": text})
            device.line.hang_up()

    def reset(self) -> None:
        """Forget everything but the settings; devices are logged out."""
        for _, device in self.devices():
            self.end(device, "logged_out", "unknown_companion")
        self.accounts.clear()
        self.groups.clear()
        self.media.clear()
        self.accepted.clear()
        self._lids.clear()
        self._accepted_by_id.clear()
        self.changed.notify_all()
