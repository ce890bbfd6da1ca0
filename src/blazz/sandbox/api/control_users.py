"""`/sandbox/users/…`: the other side; what users do comes back as webhooks."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from starlette.requests import Request

from blazz.sandbox import actions
from blazz.sandbox.accounts import PhoneNumber
from blazz.sandbox.api.graph import Api
from blazz.sandbox.api.requests import read_options
from blazz.sandbox.courses import Course
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.magic import STORIES
from blazz.sandbox.media import LARGEST
from blazz.sandbox.timeline import Occurrence, Step
from blazz.sandbox.users import user_id
from blazz.sandbox.validation.envelope import normalized_phone
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_number,
    get_object,
    get_objects,
    get_optional_text,
    get_text,
)
from blazz.sandbox.webhook_values import SentMessage
from blazz.sandbox.world import World

_LARGEST_ACT: Final = 2 * LARGEST  # media come in base64
_MEDIA_KINDS: Final = frozenset({"image", "video", "audio", "voice", "document", "sticker"})


@dataclass(frozen=True, slots=True)
class Act:
    """One thing that a user does.

    Attributes:
        world: Where.
        number: Towards which business number.
        wa_id: The user.
        body: The request.
    """

    world: World
    number: PhoneNumber
    wa_id: str
    body: JsonObject

    def write(self, content: dict[str, Any], context: dict[str, Any] | None = None) -> str:
        """Send a message, as an answer if the request names what it answers to."""
        quoted = get_optional_text(self.body, "reply_to", "reply_to", longest=256)
        if context is None and quoted:
            context = actions.quoted(self.number, quoted)
        return actions.write(self.world, self.number, self.wa_id, content, context=context)

    def message(self, name: str = "message_id") -> dict[str, Any]:
        """The message of the business that the request names, or the newest to this user."""
        wanted = get_optional_text(self.body, name, name, longest=256)
        log = self.world.log
        entry = log.find(wanted) if wanted else log.newest(f"+{self.wa_id}", self.number.id)
        if entry is None:
            which = f"message {wanted!r}" if wanted else f"message yet from {self.number.id}"
            raise Refusal(100, f"the user +{self.wa_id} has no {which}", status=404)
        users, to = self.world.users, str(entry["to"])
        if to.startswith("+") and users.first_number(to[1:]) != users.first_number(self.wa_id):
            raise Refusal(100, f"{entry['id']} was sent to {to}, not to +{self.wa_id}")
        if entry["phone_number_id"] != self.number.id:
            sender = entry["phone_number_id"]
            raise Refusal(100, f"{entry['id']} was sent by {sender}, not by {self.number.id}")
        return entry


async def read(api: Api, request: Request) -> dict[str, Any]:
    """Show a user."""
    wa_id = _wa_id(request)
    number = _number(api.world, request.query_params.get("phone_number_id"))
    shown = api.world.users.get(wa_id).as_json(api.world.clock.now())
    return {**shown, "user_id": user_id(wa_id, number.waba_id)}


async def change(api: Api, request: Request) -> dict[str, Any]:
    """Set a user up: name, username, whether the number is hidden, and the story."""
    wa_id, body = _wa_id(request), await read_options(request)
    user = api.world.users.touch(wa_id)
    if "name" in body:
        user.name = get_text(body, "name", "name", longest=256)
    if "username" in body:
        user.username = get_optional_text(body, "username", "username", longest=64)
        user.hides_number = user.username is not None
    if "hides_number" in body:
        user.hides_number = body["hides_number"] is True
    if "story" in body:
        wanted = get_optional_text(body, "story", "story", longest=64)
        user.story = STORIES[get_choice(body, "story", "story", STORIES)] if wanted else None
    return await read(api, request)


async def act(api: Api, request: Request) -> dict[str, Any]:
    """Let a user do something."""
    wa_id, body = _wa_id(request), await read_options(request, limit=_LARGEST_ACT)
    action = ACTIONS.get(request.path_params["action"])
    if action is None:
        raise Refusal(100, f"a user can: {', '.join(sorted(ACTIONS))}", status=404)
    number_id = get_optional_text(body, "phone_number_id", "phone_number_id", longest=32)
    number = _number(api.world, number_id)
    message_id = await action(Act(api.world, number, wa_id, body))
    return {"message_id": message_id, "user_id": user_id(wa_id, number.waba_id)}


async def _type(act: Act) -> str:
    text = get_text(act.body, "text", "text", longest=65_536)
    return act.write({"type": "text", "text": {"body": text}})


async def _reply(act: Act) -> str:
    text = get_text(act.body, "text", "text", longest=65_536)
    context = actions.quoted(act.number, act.message()["id"])
    return act.write({"type": "text", "text": {"body": text}}, context)


async def _tap(act: Act) -> str:
    choice = get_text(act.body, "choice", "choice", longest=256)
    content, context = actions.tap(act.world, act.number, act.message(), choice)
    return act.write(content, context)


async def _submit(act: Act) -> str:
    answers = get_object(act.body, "answers", "answers")
    content, context = actions.submit(act.world, act.number, act.message(), answers)
    return act.write(content, context)


async def _send_media(act: Act) -> str:
    kind = get_choice(act.body, "kind", "kind", _MEDIA_KINDS)
    mime_type = get_text(act.body, "mime_type", "mime_type", longest=128)
    try:
        encoded = get_text(act.body, "content", "content", longest=2**30)
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise Refusal(100, "content must be base64") from None
    now = act.world.clock.now()
    media = act.world.media.add(content, mime_type, now=now, received=True)
    told: dict[str, Any] = {"mime_type": media.mime_type, "sha256": media.sha256, "id": media.id}
    for name in ("caption", "filename"):
        text = get_optional_text(act.body, name, name, longest=1024)
        if text is not None:
            told[name] = text
    if kind in ("audio", "voice"):
        told["voice"] = kind == "voice"
        kind = "audio"
    elif kind == "sticker":
        told["animated"] = False
    return act.write({"type": kind, kind: told})


async def _send_location(act: Act) -> str:
    location: dict[str, Any] = {
        "latitude": get_number(act.body, "latitude", "latitude", least=-90, most=90),
        "longitude": get_number(act.body, "longitude", "longitude", least=-180, most=180),
    }
    for name in ("name", "address", "url"):
        text = get_optional_text(act.body, name, name, longest=1000)
        if text is not None:
            location[name] = text
    return act.write({"type": "location", "location": location})


async def _send_contacts(act: Act) -> str:
    cards = get_objects(act.body, "contacts", "contacts", most=257)
    return act.write({"type": "contacts", "contacts": cards})


async def _react(act: Act) -> str:
    emoji = get_text(act.body, "emoji", "emoji", longest=32, shortest=0)
    reaction = {"message_id": act.message()["id"]}
    if emoji:  # Meta leaves it out when a reaction is taken back
        reaction["emoji"] = emoji
    return act.write({"type": "reaction", "reaction": reaction})


async def _read(act: Act) -> str:
    return _status(act, Occurrence.READ)


async def _play(act: Act) -> str:
    return _status(act, Occurrence.PLAYED)


async def _edit(act: Act) -> str:
    original = get_text(act.body, "message_id", "message_id", longest=256)
    text = get_text(act.body, "text", "text", longest=65_536)
    message = {"type": "text", "text": {"body": text}}
    edit = {"original_message_id": original, "message": message}
    return act.write({"type": "edit", "edit": edit})


async def _revoke(act: Act) -> str:
    original = get_text(act.body, "message_id", "message_id", longest=256)
    return act.write({"type": "revoke", "revoke": {"original_message_id": original}})


async def _block(act: Act) -> None:
    act.world.users.touch(act.wa_id).blocks.add(act.number.id)


async def _unblock(act: Act) -> None:
    act.world.users.touch(act.wa_id).blocks.discard(act.number.id)


async def _opt_out(act: Act) -> None:
    actions.set_marketing(act.world, act.number, act.wa_id, stop=True)


async def _opt_in(act: Act) -> None:
    actions.set_marketing(act.world, act.number, act.wa_id, stop=False)


async def _change_number(act: Act) -> str:
    new = normalized_phone(get_text(act.body, "new_number", "new_number", longest=64))
    if new is None or new == act.wa_id:
        raise Refusal(100, "new_number must be another phone number")
    return actions.change_number(act.world, act.number, act.wa_id, new)


async def _send_raw(act: Act) -> str:
    """Any message: its `type` and what belongs to it, for kinds without an action of their own."""
    get_text(act.body, "type", "type", longest=64)
    ours = {"phone_number_id", "reply_to"}
    return act.write({name: value for name, value in act.body.items() if name not in ours})


def _status(act: Act, occurrence: Occurrence) -> str:
    """Tell a status of a message outside of its story."""
    entry = act.message()
    message = SentMessage(
        sequence=entry["seq"],
        id=entry["id"],
        number=act.number,
        wa_id=act.wa_id,
        user_id=user_id(act.wa_id, act.number.waba_id),
        token=entry["token"],
        category=entry["category"],
        kind=entry["type"],
    )
    Course(act.world, message, (Step(0.0, occurrence),), "").start(act.world.clock.now())
    return message.id


Action: TypeAlias = Callable[[Act], Awaitable[str | None]]

ACTIONS: Final[dict[str, Action]] = {
    "text": _type,
    "reply": _reply,
    "tap": _tap,
    "submit": _submit,
    "media": _send_media,
    "location": _send_location,
    "contacts": _send_contacts,
    "reaction": _react,
    "read": _read,
    "play": _play,
    "edit": _edit,
    "revoke": _revoke,
    "block": _block,
    "unblock": _unblock,
    "opt_out": _opt_out,
    "opt_in": _opt_in,
    "change_number": _change_number,
    "raw": _send_raw,
}
"""What a user can do, by the last part of the path."""


def _wa_id(request: Request) -> str:
    """The user whom the path names."""
    wa_id = normalized_phone(request.path_params["phone"])
    if wa_id is None:
        named = request.path_params["phone"][:64]
        raise Refusal(100, f"a user is named by a phone number, not by {named!r}", status=404)
    return wa_id


def _number(world: World, number_id: str | None) -> PhoneNumber:
    """The business number that is meant; the first one if none is named."""
    if not number_id:
        return next(iter(world.accounts.numbers.values()))
    number = world.accounts.numbers.get(number_id)
    if number is None:
        raise Refusal(100, f"there is no number {number_id[:64]!r}", status=404)
    return number
