"""What users do, and the webhooks that tell of it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any, Final

from blazz.sandbox.accounts import PhoneNumber
from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.webhook_values import message_value, number_changed_value, preference_value
from blazz.sandbox.world import World

_SENT_WITHOUT: Final = "unused"
"""Meta's token of a Flow that was sent without one."""


def write(
    world: World,
    number: PhoneNumber,
    wa_id: str,
    content: dict[str, Any],
    *,
    context: dict[str, Any] | None = None,
) -> str:
    """Let a user send a message; opens the 24-hour window. Returns the message's id.

    A user whom the business blocked writes in vain: there is no webhook, as at Meta.
    """
    now = world.clock.now()
    user = world.users.touch(wa_id)
    message_id = world.new_received_id(wa_id)
    if wa_id in number.blocked:
        return message_id
    user.wrote_at[number.id] = now
    world.count_received(number, now)
    value = message_value(
        number, user, message_id, content, at=now, settings=world.settings, context=context
    )
    world.post_value(number, "messages", value, party=wa_id)
    return message_id


def quoted(number: PhoneNumber, message_id: str) -> dict[str, Any]:
    """The context of an answer to a message of the business."""
    return {"from": number.digits, "id": message_id}


def set_marketing(world: World, number: PhoneNumber, wa_id: str, *, stop: bool) -> None:
    """Let a user stop or resume marketing messages."""
    user = world.users.touch(wa_id)
    if stop:
        user.opted_out.add(number.waba_id)
    else:
        user.opted_out.discard(number.waba_id)
    value = preference_value(number, user, stop=stop, at=world.clock.now(), settings=world.settings)
    world.post_value(number, "user_preferences", value, party=wa_id)


def change_number(world: World, number: PhoneNumber, old: str, new: str) -> str:
    """Give a user another phone number. Returns the id of the system message that tells of it."""
    if world.users.known(new) is not None:
        raise Refusal(100, f"there is a user of the number {new} already")
    user = world.users.rename(old, new)
    message_id = world.new_received_id(old)
    value = number_changed_value(
        number, user, old, message_id, at=world.clock.now(), settings=world.settings
    )
    world.post_value(number, "messages", value, party=new)
    return message_id


def tap(
    world: World, number: PhoneNumber, entry: dict[str, Any], choice: str
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Find what a user taps on in a message of the business, by its id or its words.

    Args:
        world: Knows the templates.
        number: The business number.
        entry: The message, as it was logged.
        choice: The id, title or payload of a button or of a row of a list.

    Returns:
        The content and the context of the user's message.

    Raises:
        Refusal: There is nothing of that name to tap on.
    """
    body = entry["body"]
    found = (
        _template_button(world, number, body["template"], choice)
        if entry["type"] == "template"
        else _interactive_choice(body.get("interactive") or {}, choice)
    )
    if found is None:
        raise Refusal(100, f"there is nothing to tap on called {choice!r} in {entry['id']}")
    return found, quoted(number, entry["id"])


def submit(
    world: World, number: PhoneNumber, entry: dict[str, Any], answers: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Make what a user sends who fills in the form (Flow) of a message of the business.

    Args:
        world: Knows the templates.
        number: The business number.
        entry: The message, as it was logged.
        answers: What the user enters, by the form's names.

    Returns:
        The content and the context of the user's message.

    Raises:
        Refusal: The message has no form.
    """
    token = _flow_token(world, number, entry)
    if token is None:
        raise Refusal(100, f"there is no form in {entry['id']}")
    response = json.dumps({"flow_token": token, **answers})
    reply = {"name": "flow", "body": "Sent", "response_json": response}
    answer = {"type": "nfm_reply", "nfm_reply": reply}
    return {"type": "interactive", "interactive": answer}, quoted(number, entry["id"])


def _flow_token(world: World, number: PhoneNumber, entry: dict[str, Any]) -> str | None:
    """Find the token of the Flow that a message opens; None if it opens none."""
    body = entry["body"]
    if entry["type"] == "template":
        message = body["template"]
        for part in message.get("components") or []:
            if str(part.get("sub_type", "")).lower() == "flow":
                (first, *_) = part.get("parameters") or [{}]
                return str((first.get("action") or {}).get("flow_token") or _SENT_WITHOUT)
        template = world.templates.find(
            number.waba_id, message["name"], message["language"]["code"]
        )
        buttons = template.buttons if template is not None else ()
        has_flow = any(str(button.get("type", "")).upper() == "FLOW" for button in buttons)
        return _SENT_WITHOUT if has_flow else None
    interactive = body.get("interactive") or {}
    if interactive.get("type") != "flow":
        return None
    return str(interactive["action"]["parameters"].get("flow_token") or _SENT_WITHOUT)


def _interactive_choice(interactive: dict[str, Any], choice: str) -> dict[str, Any] | None:
    """The reply to a button or list message."""
    action = interactive.get("action") or {}
    if interactive.get("type") == "button":
        for button in action["buttons"]:
            reply = {"id": button["reply"]["id"], "title": button["reply"]["title"]}
            if choice in reply.values():
                answer = {"type": "button_reply", "button_reply": reply}
                return {"type": "interactive", "interactive": answer}
    if interactive.get("type") == "list":
        for row in (row for section in action["sections"] for row in section["rows"]):
            if choice in (row["id"], row["title"]):
                reply = {
                    "id": row["id"],
                    "title": row["title"],
                    "description": row.get("description") or "",
                }
                answer = {"type": "list_reply", "list_reply": reply}
                return {"type": "interactive", "interactive": answer}
    return None


def _template_button(
    world: World, number: PhoneNumber, message: dict[str, Any], choice: str
) -> dict[str, Any] | None:
    """The reply to a quick-reply button of a template; its payload is its text if none was sent."""
    template = world.templates.find(number.waba_id, message["name"], message["language"]["code"])
    if template is None:  # accepted unseen: whatever is tapped on may be there
        return {"type": "button", "button": {"payload": choice, "text": choice}}
    payloads = {
        int(part["index"]): part["parameters"][0].get("payload")
        for part in message.get("components") or []
        if part["type"].lower() == "button" and part.get("parameters")
    }
    for index, button in enumerate(template.buttons):
        text = str(button.get("text", ""))
        payload = str(payloads.get(index) or text)
        if str(button.get("type", "")).upper() == "QUICK_REPLY" and choice in (text, payload):
            return {"type": "button", "button": {"payload": payload, "text": text}}
    return None
