"""Answers to interactive messages: buttons, lists, forms, requests to call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from blazz.errors import WebhookError
from blazz.events.messages import MessageReceived
from blazz.events.replies import (
    ButtonPressed,
    CallPermissionAnswered,
    FlowCompleted,
    PaymentMethodChosen,
    RowPicked,
)
from blazz.providers.meta_cloud.inbound.decoding import TooDeep, decode
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    flag,
    inner,
    moment,
    required,
    tame,
    text,
)


def interactive(message: Json, common: dict[str, Any]) -> MessageReceived:
    """Read an answer, by the object that it holds: its `type` is not always the name of that."""
    answer = inner(message, "interactive")
    for name, read in _REPLIES.items():
        reply = answer.get(name)
        if type(reply) is dict:
            return read(reply, common)
    kind = text(answer, "type") or "no type"
    raise Unreadable(f"interactive answers of {kind[:40]} are not known")


def _button(reply: Json, common: dict[str, Any]) -> MessageReceived:
    name = required(reply, "id", "interactive.button_reply")
    return ButtonPressed(**common, button_id=name, title=text(reply, "title"))


def _row(reply: Json, common: dict[str, Any]) -> MessageReceived:
    return RowPicked(
        **common,
        row_id=required(reply, "id", "interactive.list_reply"),
        title=text(reply, "title"),
        description=text(reply, "description"),
    )


def _form(reply: Json, common: dict[str, Any]) -> MessageReceived:
    response = _response(reply)
    return FlowCompleted(
        **common,
        response=response,
        flow_token=text(response, "flow_token"),
        name=text(reply, "name"),
        body=text(reply, "body"),
    )


def _response(reply: Json) -> Json:
    """Read what was entered: an object that is written as text."""
    response = reply.get("response_json")
    if type(response) is str:
        try:
            response = decode(response.encode("utf-8", "replace"))
        except (WebhookError, TooDeep) as error:
            raise Unreadable("interactive.nfm_reply.response_json is not JSON") from error
    if type(response) is not dict:
        raise Unreadable("interactive.nfm_reply.response_json is not an object")
    try:
        tamed: Json = tame(response)
    except Unreadable as error:
        raise Unreadable(f"interactive.nfm_reply.response_json is unreadable: {error}") from error
    return tamed


def _call_permission(reply: Json, common: dict[str, Any]) -> MessageReceived:
    answer = required(reply, "response", "interactive.call_permission_reply")
    return CallPermissionAnswered(
        **common,
        accepted=answer == "accept",
        permanent=bool(flag(reply, "is_permanent")),
        expires_at=moment(reply, "expiration_timestamp"),
        automatic=text(reply, "response_source") == "automatic",
    )


def _payment_method(reply: Json, common: dict[str, Any]) -> MessageReceived:
    return PaymentMethodChosen(
        **common,
        method=required(reply, "payment_method", "interactive.payment_method"),
        reference_id=text(reply, "reference_id"),
        credential_id=text(reply, "credential_id"),
        last_four_digits=text(reply, "last_four_digits"),
        chosen_at=moment(reply, "payment_timestamp"),
    )


_REPLIES: Mapping[str, Callable[[Json, dict[str, Any]], MessageReceived]] = {
    "button_reply": _button,
    "list_reply": _row,
    "nfm_reply": _form,
    "call_permission_reply": _call_permission,
    "payment_method": _payment_method,
}
