"""One request of a page that is logged in: who asks, and what it is about."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.groups import Group
from blazz.sandbox.web.letters import Letter
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.services import Services

Json: TypeAlias = dict[str, Any]

LARGEST_TEXT: Final = 65_536


@dataclass(frozen=True, slots=True)
class Asking:
    """One request.

    Attributes:
        services: The simulated WhatsApp.
        account: Who asks.
        device: From which device.
        parameters: What is asked.
    """

    services: Services
    account: Account
    device: Device
    parameters: Json

    def text(self, name: str, *, most: int = LARGEST_TEXT, least: int = 1) -> str:
        """A parameter that must be text."""
        value = self.parameters.get(name)
        if not isinstance(value, str) or not least <= len(value) <= most:
            raise WebRefusal("bad_request", f"{name} must be text of {least} to {most} characters")
        return value

    def flag(self, name: str) -> bool:
        """A parameter that is true or false."""
        return self.parameters.get(name) is True

    def numbers(self, name: str) -> list[str]:
        """A parameter that must be a list of people, as their numbers."""
        values = self.parameters.get(name)
        if not isinstance(values, list):
            raise WebRefusal("bad_request", f"{name} must be a list")
        return [self.services.world.person(value).number for value in values]

    def ids(self, name: str) -> frozenset[str]:
        """A parameter that must be a list of messages, as their ids."""
        values = self.parameters.get(name)
        if not isinstance(values, list) or not all(isinstance(each, str) for each in values):
            raise WebRefusal("bad_request", f"{name} must be a list of ids")
        return frozenset(values)

    @property
    def chat(self) -> str:
        """The chat that is meant: a number or a group."""
        return self.services.world.chat_key(self.text("chat", most=128))

    @property
    def group(self) -> Group:
        """The group that is meant."""
        return self.services.world.group(self.text("group", most=128))

    @property
    def letter(self) -> Letter:
        """The message that is meant: one's own, or that of somebody in the chat."""
        message_id, world = self.text("id", most=128), self.services.world
        if self.flag("fromMe"):
            return self.account.letter(self.account.number, message_id)
        key = self.chat
        sender = world.person(self.text("sender")).number if key.endswith("@g.us") else key
        return self.account.letter(sender, message_id)
