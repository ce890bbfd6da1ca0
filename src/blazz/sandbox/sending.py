"""What happens to one send request: refused, accepted, or answered in a way that leaves doubt.

Pure apart from the log: `handle` decides everything, the API only carries it out.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from typing import Any, Final

from blazz.sandbox import identifiers
from blazz.sandbox.accounts import PhoneNumber
from blazz.sandbox.courses import Course
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.magic import ORDINARY, STORIES, Fate, Story, fate
from blazz.sandbox.timeline import failure, is_accepted, is_held, timeline, variation
from blazz.sandbox.users import User, user_id
from blazz.sandbox.validation.envelope import ReadRequest, SendRequest, read_request
from blazz.sandbox.validation.template import check_components, check_fit, template_name
from blazz.sandbox.webhook_values import SentMessage
from blazz.sandbox.world import World

TYPING_SECONDS: Final = 25.0
"""How long a user sees "typing…" unless a message comes first."""

_REFUSED_TIMES: Final = 2


class Ending(enum.StrEnum):
    """How the answer to a request looks on the wire."""

    WHOLE = "whole"
    NO_ANSWER = "no_answer"
    CLOSED = "closed"
    CUT_OFF = "cut_off"
    BAD_GATEWAY = "bad_gateway"
    UNAVAILABLE = "unavailable"
    CAPTIVE_PORTAL = "captive_portal"


@dataclass(frozen=True, slots=True)
class Outcome:
    """The answer to a send request.

    Attributes:
        body: The JSON that tells of success; empty where nothing was accepted.
        ending: How it is given.
        pause: Seconds to wait before it.
    """

    body: dict[str, Any] = field(default_factory=dict)
    ending: Ending = Ending.WHOLE
    pause: float = 0.0


_ENDINGS: Final = {
    Story.ACCEPTED_NO_ANSWER: Ending.NO_ANSWER,
    Story.ACCEPTED_CLOSED: Ending.CLOSED,
    Story.CLOSED: Ending.CLOSED,
    Story.BAD_GATEWAY: Ending.BAD_GATEWAY,
    Story.ACCEPTED_BAD_GATEWAY: Ending.BAD_GATEWAY,
    Story.UNAVAILABLE: Ending.UNAVAILABLE,
    Story.ACCEPTED_CUT_OFF: Ending.CUT_OFF,
    Story.CAPTIVE_PORTAL: Ending.CAPTIVE_PORTAL,
}
_REFUSALS: Final[dict[Story, tuple[int, int | None]]] = {
    Story.THROTTLED: (130429, 1),
    Story.PAIR_LIMITED: (131056, None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Attempt:
    """A send request and what is known of its recipient.

    Attributes:
        number: The business number.
        request: The request.
        wa_id: Digits of the recipient's number, where they are known.
        address: How the log names the recipient: by the number if it is known.
        user: The recipient, if anything was set up for them or they did something.
        destined: What the recipient's number stands for.
        category: What the message is billed as.
        at: When it came, by the sandbox's clock.
    """

    number: PhoneNumber
    request: SendRequest
    wa_id: str | None
    address: str
    user: User | None
    destined: Fate
    category: str
    at: float

    @property
    def in_window(self) -> bool:
        """Whether the recipient wrote in the last 24 hours."""
        return self.user is not None and self.user.in_window(self.number.id, self.at)


def handle(
    world: World, number: PhoneNumber, body: object, *, marketing_only: bool = False
) -> Outcome:
    """Decide what becomes of a request to `/messages`, and make it happen.

    Args:
        world: The sandbox.
        number: The business number of the request.
        body: The request's JSON.
        marketing_only: The request came to `/marketing_messages`.

    Raises:
        Refusal: The request is refused; nothing was accepted.
    """
    request = read_request(body)
    if isinstance(request, ReadRequest):
        return _mark_as_read(world, request)
    attempt = _attempt(world, number, request)
    if marketing_only and attempt.category != "marketing":
        raise Refusal(134100)
    _check_recipient(world, attempt)
    story = _story(world, attempt)
    _check_limits(world, attempt, story)
    ending = _ENDINGS.get(story, Ending.WHOLE)
    if not is_accepted(story):
        return Outcome(ending=ending)
    message = _accept(world, attempt, story)
    if attempt.user is not None:
        attempt.user.typing_until = 0.0
    pause = world.settings.slow_answer if story is Story.SLOW else 0.0
    return Outcome(_answer(request, message, held=is_held(story)), ending, pause)


def _attempt(world: World, number: PhoneNumber, request: SendRequest) -> Attempt:
    recipient = request.recipient
    wa_id = recipient.phone
    if wa_id is None and recipient.user_id is not None:
        wa_id = identifiers.user_number(recipient.user_id, scope=number.waba_id)
    return Attempt(
        number=number,
        request=request,
        wa_id=wa_id,
        address=f"+{wa_id}" if wa_id is not None else recipient.given,
        user=world.users.known(wa_id) if wa_id is not None else None,
        destined=fate(wa_id) if wa_id is not None else ORDINARY,
        category=_category(world, number, request),
        at=world.clock.now(),
    )


def _mark_as_read(world: World, request: ReadRequest) -> Outcome:
    """Note what the business read; the user is named by the message's id."""
    wa_id = identifiers.party(request.message_id)
    user = world.users.known(wa_id) if wa_id is not None else None
    if user is not None:
        user.mark_read(request.message_id)
        if request.typing:
            user.typing_until = world.clock.now() + TYPING_SECONDS
    return Outcome({"success": True})


def _category(world: World, number: PhoneNumber, request: SendRequest) -> str:
    """What the message is billed as; checks templates on the way."""
    if request.kind != "template":
        return "service"
    message = request.body["template"]
    name, language = template_name(message)
    components = check_components(message)
    template = world.templates.find(number.waba_id, name, language)
    if template is None and world.settings.any_template:
        return "marketing"
    check_fit(components, template, name, language)
    assert template is not None
    if template.category == "AUTHENTICATION" and request.recipient.phone is None:
        raise Refusal(131062)
    return template.category.lower()


def _check_recipient(world: World, attempt: Attempt) -> None:
    if attempt.destined.refused is not None:
        raise Refusal(attempt.destined.refused)
    if attempt.wa_id == attempt.number.digits:
        raise Refusal(131021)
    request, allowed = attempt.request, world.settings.allowed_recipients
    if allowed is not None and not request.recipient.group and attempt.wa_id not in allowed:
        raise Refusal(131030)
    if world.settings.window == "refuse" and request.kind != "template" and not attempt.in_window:
        raise Refusal(131047)


def _story(world: World, attempt: Attempt) -> Story:
    """A magic number's story comes first, then the user's own, a random fault, the default."""
    if attempt.destined.story is not None:
        return attempt.destined.story
    user = attempt.user
    if user is not None and attempt.number.id in user.blocks:
        return Story.SENT
    if user is not None and user.story is not None:
        return user.story
    if world.settings.faults:
        chance = world.dice.random()
        for name, share in world.settings.faults.items():
            chance -= share
            if chance < 0:
                return STORIES[name]
    return world.settings.story


def _check_limits(world: World, attempt: Attempt, story: Story) -> None:
    if world.throughput_wait(attempt.number, attempt.at) > 0:
        raise Refusal(130429)
    pair = (attempt.number.id, attempt.address)
    if world.settings.pair_limit and world.pair_limit.take(pair, attempt.at) > 0:
        raise Refusal(131056)
    if story in _REFUSALS:
        before = world.count_attempt(f"{story}:{attempt.number.id}:{attempt.address}")
        if before % (_REFUSED_TIMES + 1) < _REFUSED_TIMES:
            code, retry_after = _REFUSALS[story]
            raise Refusal(code, retry_after=retry_after)


def _failure_code(world: World, attempt: Attempt) -> int | None:
    """Why an accepted message will fail, or None."""
    if attempt.destined.failed is not None:
        return attempt.destined.failed
    user, category = attempt.user, attempt.category
    if user is not None and category == "marketing" and attempt.number.waba_id in user.opted_out:
        return 131050
    if world.settings.window == "fail" and category == "service" and not attempt.in_window:
        return 131047
    return None


def _accept(world: World, attempt: Attempt, story: Story) -> SentMessage:
    """Log the message; from here on it counts as accepted, whatever the client hears."""
    request, recipient = attempt.request, attempt.request.recipient
    sequence, message_id = world.new_sent_id(attempt.wa_id or attempt.address)
    world.log.append(
        {
            "seq": sequence,
            "to": attempt.address,
            "id": message_id,
            "at": round(attempt.at, 3),
            "phone_number_id": attempt.number.id,
            "type": request.kind,
            "token": request.token,
            "category": attempt.category,
            "story": story,
            "body": request.body,
        }
    )
    world.changed.notify_all()
    message = SentMessage(
        sequence=sequence,
        id=message_id,
        number=attempt.number,
        wa_id=attempt.wa_id,
        user_id=user_id(attempt.wa_id, attempt.number.waba_id) if attempt.wa_id else None,
        addressed=recipient.user_id if recipient.phone is None else None,
        group=recipient.group,
        token=request.token,
        category=attempt.category,
        in_window=attempt.in_window,
        kind=request.kind,
    )
    code = _failure_code(world, attempt)
    pace = variation(attempt.address, world.settings.seed)
    steps = (
        timeline(story, world.settings, pace)
        if code is None
        else failure(code, world.settings, pace)
    )
    Course(world, message, steps, _text_of(request)).start(attempt.at)
    return message


def _answer(request: SendRequest, message: SentMessage, *, held: bool) -> dict[str, Any]:
    recipient = request.recipient
    contact = {"input": recipient.given}
    if recipient.phone is not None:
        contact["wa_id"] = recipient.phone
    if recipient.user_id is not None:
        contact["user_id"] = recipient.user_id
    told = {"id": message.id}
    if held or request.kind == "template":
        told["message_status"] = "held_for_quality_assessment" if held else "accepted"
    return {"messaging_product": "whatsapp", "contacts": [contact], "messages": [told]}


def _text_of(request: SendRequest) -> str:
    """What a user who echoes answers with."""
    if request.kind == "text":
        return str(request.body["text"]["body"])
    return request.kind
