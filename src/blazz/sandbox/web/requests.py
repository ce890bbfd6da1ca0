"""What a page that is logged in may ask for; each request is one function."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from blazz.sandbox.web import views
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.devices import Device
from blazz.sandbox.web.letters import RESERVED, Letter, Level
from blazz.sandbox.web.refusals import WebRefusal
from blazz.sandbox.web.services import Services

Json: TypeAlias = dict[str, Any]

LARGEST_TEXT: Final = 65_536
LARGEST_CONTENT: Final = 256 * 1024
_MOST_HISTORY: Final = 1000
_FILES: Final = frozenset({"image", "video", "audio", "ptt", "document", "sticker"})


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

    @property
    def chat(self) -> str:
        """The chat that is meant: a number or a group."""
        return self.services.world.chat_key(self.text("chat", most=128))

    @property
    def letter(self) -> Letter:
        """The message that is meant: one's own, or that of somebody in the chat."""
        message_id, world = self.text("id", most=128), self.services.world
        if self.flag("fromMe"):
            return self.account.letter(self.account.number, message_id)
        key = self.chat
        sender = world.person(self.text("sender")).number if key.endswith("@g.us") else key
        return self.account.letter(sender, message_id)


def send(asking: Asking) -> Json:
    """Accept a message, once: one that was accepted before is not sent again."""
    world = asking.services.world
    wire = asking.parameters.get("message")
    if not isinstance(wire, dict):
        raise WebRefusal("bad_request", "message must be an object")
    inner = Asking(asking.services, asking.account, asking.device, wire)
    message_id, kind = inner.text("id", most=128), inner.text("type", most=64)
    known = world.accepted_message(asking.account.number, message_id)
    if known is not None:
        known.attempts += 1
        world.changed.notify_all()
        return {"t": known.letter.t}
    chat = inner.chat
    content = _content(inner, wire, kind)
    letter = asking.services.post.write(
        asking.account, chat, kind, content, message_id=message_id, device=asking.device
    )
    world.log(asking.account, letter)
    world.changed.notify_all()
    return {"t": letter.t}


def _content(asking: Asking, wire: Json, kind: str) -> Json:
    """All that belongs to a message, checked: sizes, files that exist, people who do."""
    world = asking.services.world
    content = {name: value for name, value in wire.items() if name not in RESERVED | {"type"}}
    content.pop("quotedRemoteJid", None)
    if len(json.dumps(content)) > LARGEST_CONTENT:
        raise WebRefusal("too_large", f"a message has at most {LARGEST_CONTENT} bytes")
    if kind in _FILES and world.media.get(str(content.get("mediaPath"))) is None:
        raise WebRefusal("no_such_file", "the file of this message was not uploaded")
    if "quotedParticipant" in content:
        content["quotedParticipant"] = world.person(content["quotedParticipant"]).number
    return content


def edit(asking: Asking) -> Json:
    """Replace the text of one's own message."""
    letter = asking.account.letter(asking.account.number, asking.text("id"))
    text, edit_id = asking.text("text"), asking.text("edit", most=128)
    asking.services.post.edit(asking.account, letter, text, edit_id=edit_id, device=asking.device)
    return {"t": int(asking.services.world.clock.now())}


def revoke(asking: Asking) -> None:
    """Delete a message for everybody."""
    asking.services.post.revoke(asking.account, asking.letter, device=asking.device)


def react(asking: Asking) -> None:
    """React to a message."""
    emoji, key = asking.text("text", most=32, least=0), asking.text("key", most=128)
    asking.services.post.react(
        asking.account, asking.letter, emoji, reaction_id=key, device=asking.device
    )


def seen(asking: Asking) -> None:
    """Read a chat."""
    asking.services.post.read(asking.account, asking.chat)


def played(asking: Asking) -> None:
    """Listen to a voice message."""
    asking.services.post.note(asking.account, (asking.letter,), Level.PLAYED)


def chatstate(asking: Asking) -> None:
    """Show what one is doing in a chat."""
    asking.services.set_activity(asking.account, asking.chat, asking.text("state"))


def available(asking: Asking) -> None:
    """Show that one is online, or no longer."""
    asking.services.set_available(asking.account, available=asking.flag("available"))


def subscribe(asking: Asking) -> None:
    """Ask to be told whether somebody is online; for groups there is nothing to be told."""
    chat = asking.chat
    if not chat.endswith("@g.us"):
        person = asking.services.world.account(chat)
        asking.services.watch(asking.account, asking.device, person)


def exists(asking: Asking) -> Json | None:
    """Whether somebody is on WhatsApp, and who that is."""
    try:
        return views.existence(asking.services.world.person(asking.text("id")))
    except WebRefusal:
        return None


def chat(asking: Asking) -> Json:
    """Under which id a chat with somebody is kept."""
    world, key = asking.services.world, asking.chat
    if key.endswith("@g.us"):
        return {"chat": key}
    person = world.account(key)
    if not person.registered:
        raise WebRefusal("not_on_whatsapp", f"+{key} is not on WhatsApp")
    asking.services.post.introduce(asking.device, asking.account, person)
    number = person.jid if person.shows_number else None
    return {"chat": person.address, "number": number, "lid": person.lid}


def history(asking: Asking) -> Json:
    """Older messages of a chat than a known one."""
    count = asking.parameters.get("count")
    if not isinstance(count, int) or not 0 < count <= _MOST_HISTORY:
        raise WebRefusal("bad_request", f"count must be 1 to {_MOST_HISTORY}")
    letters = asking.account.chat(asking.chat).letters
    known = asking.text("id")
    place = next((at for at, letter in enumerate(letters) if letter.id == known), 0)
    people = asking.services.world.account
    older = letters[max(0, place - count) : place]
    return {"messages": [views.message(letter, asking.account, people) for letter in older]}


def archive(asking: Asking) -> None:
    """Put a chat away, or bring it back."""
    key, archived = asking.chat, asking.flag("archive")
    asking.account.chat(key).archived = archived
    told: Json = {"chat": asking.text("chat"), "archive": archived}
    asking.account.tell_devices("archive", told, but=asking.device)


def block(asking: Asking) -> Json:
    """Block somebody, or no longer."""
    world, account = asking.services.world, asking.account
    person = world.person(asking.text("id"))
    (account.blocked.add if asking.flag("blocked") else account.blocked.discard)(person.number)
    told: Json = {"blocked": [world.account(number).address for number in sorted(account.blocked)]}
    account.tell_devices("blocked", told, but=asking.device)
    world.changed.notify_all()
    return told


def contact(asking: Asking) -> Json:
    """Save somebody under a name."""
    person = asking.services.world.person(asking.text("id"))
    asking.account.contacts[person.number] = asking.text("name", most=256)
    seen_as = views.contact(person, asking.account)
    asking.account.tell_devices("contact", seen_as, but=asking.device)
    return seen_as


def picture(asking: Asking) -> Json:
    """The file of somebody's picture."""
    return {"file": asking.services.world.person(asking.text("id")).picture}


def about(asking: Asking) -> Json:
    """The text of somebody's profile."""
    return {"about": asking.services.world.person(asking.text("id")).about}


def set_profile(asking: Asking) -> None:
    """Change one's own name or text."""
    if "name" in asking.parameters:
        asking.account.name = asking.text("name", most=25)
        told: Json = {"name": asking.account.name}
        asking.account.tell_devices("name", told, but=asking.device)
    if "about" in asking.parameters:
        asking.account.about = asking.text("about", most=139, least=0)
    asking.services.world.changed.notify_all()


def set_picture(asking: Asking) -> Json:
    """Change one's own picture, or remove it."""
    world = asking.services.world
    try:
        encoded = asking.text("picture", most=4 * 1024 * 1024, least=0)
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise WebRefusal("bad_request", "picture must be base64") from None
    asking.account.picture = world.media.add(content).id if content else None
    world.changed.notify_all()
    return {"file": asking.account.picture}


def create_group(asking: Asking) -> Json:
    """Make a group."""
    services = asking.services
    made, results = services.membership.create(
        asking.account, asking.text("subject"), asking.numbers("members")
    )
    return {"group": views.group(made, services.world.account), "results": results}


def group(asking: Asking) -> Json:
    """What is known of a group."""
    found = asking.services.world.group(asking.text("group"))
    return views.group(found, asking.services.world.account)


def members(asking: Asking) -> Json:
    """Add, remove, promote or demote members of a group."""
    found = asking.services.world.group(asking.text("group"))
    results = asking.services.membership.change_members(
        found, asking.account, asking.text("action"), asking.numbers("members")
    )
    return {"results": results, "group": views.group(found, asking.services.world.account)}


def set_group(asking: Asking) -> Json:
    """Change a group's name, description or rules."""
    found = asking.services.world.group(asking.text("group"))
    values = {name: value for name, value in asking.parameters.items() if name not in {"n", "op"}}
    asking.services.membership.change(found, asking.account, values)
    return {"group": views.group(found, asking.services.world.account)}


def leave(asking: Asking) -> None:
    """Leave a group."""
    found = asking.services.world.group(asking.text("group"))
    asking.services.membership.leave(found, asking.account.number)


def invite(asking: Asking) -> Json:
    """The invitation to a group, or a new one."""
    found = asking.services.world.group(asking.text("group"))
    found.check_admin(asking.account.number)
    if asking.flag("renew"):
        found.renew_code()
    return {"code": found.code}


def join(asking: Asking) -> Json:
    """Join a group through an invitation."""
    joined = asking.services.membership.join(asking.text("code"), asking.account)
    return {"group": views.group(joined, asking.services.world.account)}


def reject_call(asking: Asking) -> None:
    """Decline a call."""
    asking.services.end_call(asking.text("id"))


def ack(asking: Asking) -> None:
    """Everything up to a number was stored."""
    number = asking.parameters.get("number")
    if not isinstance(number, int):
        raise WebRefusal("bad_request", "number must be a number")
    asking.device.store(number)
    if not asking.device.waiting:
        asking.services.post.catch_up(asking.account)
    asking.services.world.changed.notify_all()


def logout(asking: Asking) -> None:
    """Unlink this device."""
    asking.account.unlink(asking.device.id, "user_initiated")
    asking.services.world.changed.notify_all()


REQUESTS: Final[Mapping[str, Callable[[Asking], object]]] = {
    function.__name__: function
    for function in (
        send, edit, revoke, react, seen, played, chatstate, available, subscribe, exists, chat,
        history, archive, block, contact, picture, about, set_profile, set_picture, create_group,
        group, members, set_group, leave, invite, join, reject_call, ack, logout,
    )
}  # fmt: skip
"""All requests by name."""
