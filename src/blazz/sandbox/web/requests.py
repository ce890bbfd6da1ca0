"""What a page that is logged in may ask for; each request is one function."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Mapping
from typing import Final

from blazz.sandbox.web import keeping, views
from blazz.sandbox.web.accounts import Account
from blazz.sandbox.web.asking import Asking, Json
from blazz.sandbox.web.group_requests import GROUP_REQUESTS
from blazz.sandbox.web.groups import Group
from blazz.sandbox.web.letters import RESERVED, Level
from blazz.sandbox.web.refusals import WebRefusal

LARGEST_CONTENT: Final = 256 * 1024
_MOST_HISTORY: Final = 1000
_FILES: Final = frozenset({"image", "video", "audio", "ptt", "document", "sticker"})


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
    """Read a chat, as far as the page has shown it."""
    newest = asking.parameters.get("id")
    asking.services.post.read(
        asking.account,
        asking.chat,
        newest if isinstance(newest, str) else None,
        device=asking.device,
    )


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


def unsubscribe(asking: Asking) -> None:
    """Ask to be told no longer."""
    chat = asking.chat
    if not chat.endswith("@g.us"):
        asking.services.unwatch(asking.account, asking.device, asking.services.world.account(chat))


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


def receipts(asking: Asking) -> Json:
    """How far one's own message has come with each recipient, and when."""
    letter = asking.account.letter(asking.account.number, asking.text("id"))
    return views.receipts(letter, asking.services.world.account)


def set_chat(asking: Asking) -> None:
    """Put a chat away, pin or mute it, or no longer."""
    mute = asking.parameters.get("mute")
    keeping.set_chat(
        asking.services.world,
        asking.account,
        asking.chat,
        archived=asking.flag("archive") if "archive" in asking.parameters else None,
        pinned=asking.flag("pin") if "pin" in asking.parameters else None,
        muted_until=mute if isinstance(mute, int) else None,
        device=asking.device,
    )


def delete(asking: Asking) -> None:
    """Delete messages for oneself alone."""
    ids = asking.ids("ids")
    asking.account.forget(asking.chat, lambda letter: letter.id in ids)
    asking.services.world.changed.notify_all()


def clear(asking: Asking) -> None:
    """Delete all messages of a chat for oneself, but some; or the chat with them."""
    kept, key = asking.ids("keep"), asking.chat
    asking.account.forget(key, lambda letter: letter.id not in kept)
    if asking.flag("gone"):
        del asking.account.chats[key]
    asking.services.world.changed.notify_all()


def block(asking: Asking) -> Json:
    """Block somebody, or no longer."""
    person = asking.services.world.person(asking.text("id"))
    return keeping.block(
        asking.services.world,
        asking.account,
        person,
        blocked=asking.flag("blocked"),
        device=asking.device,
    )


def contact(asking: Asking) -> Json:
    """Save somebody under a name, or no longer."""
    person = asking.services.world.person(asking.text("id"))
    name = asking.text("name", most=256) if asking.parameters.get("name") is not None else None
    world = asking.services.world
    return keeping.save_contact(world, asking.account, person, name, device=asking.device)


def picture(asking: Asking) -> Json:
    """The file of somebody's picture, or a group's."""
    world, whose = asking.services.world, asking.text("id", most=128)
    is_group = whose.endswith("@g.us")
    return {"file": (world.group(whose) if is_group else world.person(whose)).picture}


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
    """Change one's own picture or a group's, or remove it."""
    world = asking.services.world
    owner: Account | Group = asking.account
    if "group" in asking.parameters:
        owner = asking.group
        owner.check_editor(asking.account.number)
    try:
        encoded = asking.text("picture", most=4 * 1024 * 1024, least=0)
        content = base64.b64decode(encoded, validate=True)
    except binascii.Error:
        raise WebRefusal("bad_request", "picture must be base64") from None
    owner.picture = world.media.add(content).id if content else None
    world.changed.notify_all()
    return {"file": owner.picture}


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
    if asking.device.line is not None:
        asking.device.line.hang_up()
    asking.services.world.changed.notify_all()


_REQUESTS: Final[Mapping[str, Callable[[Asking], object]]] = {
    function.__name__: function
    for function in (
        send, edit, revoke, react, seen, played, chatstate, available, subscribe, unsubscribe,
        exists, chat, history, receipts, set_chat, delete, clear, block, contact, picture, about,
        set_profile, set_picture, reject_call, ack, logout,
    )
}  # fmt: skip

REQUESTS: Final[Mapping[str, Callable[[Asking], object]]] = {**_REQUESTS, **GROUP_REQUESTS}
"""All requests by name."""
