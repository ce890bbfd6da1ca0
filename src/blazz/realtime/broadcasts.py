"""What browsers are told of an event: on which channels, by which name, with what data.

======================  ==============================================================
`message.received`      somebody wrote
`message.edited`        somebody changed what they wrote
`message.revoked`       somebody deleted what they wrote
`message.status`        a message of ours got further, whatever it is
`message.delivered`     the same, once it reached the phone
`message.read`          the same, once it was read
`chat.typing`           somebody writes or records, or stopped
`contact.presence`      somebody came online or went
`session.status`        a session came into another state
`session.qr`            a code to link an account with
`account.status`        Meta changed something about the account or the number
`template.status`       a template was approved, paused, refused
`campaign.progress`     a campaign got further
`payment.status`        a payment got further
======================  ==============================================================
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from pydantic_core import to_jsonable_python

from blazz.addresses import Address, Identity
from blazz.events.accounts import (
    AccountAlerted,
    AccountReviewed,
    AccountUpdated,
    CapabilityChanged,
)
from blazz.events.base import Event
from blazz.events.messages import MessageEdited, MessageEvent, MessageReceived, MessageRevoked
from blazz.events.numbers import NumberEvent
from blazz.events.payments import PaymentStatusChanged
from blazz.events.presence import Activity, PresenceChanged
from blazz.events.sessions import SessionStateChanged
from blazz.events.statuses import Delivered, Read, StatusChanged
from blazz.events.templates import TemplateEvent
from blazz.pairing import PairingCode, PairingStep, QrCode

MAX_DATA: Final = 9 * 1024
"""Bytes of data that always fit into an event of the Pusher protocol."""
_SHORTENED: Final = 2_000
_FOREIGN: Final = re.compile(r"[^A-Za-z0-9_\-=@,.;]")
_TYPING: Final = frozenset({Activity.TYPING, Activity.RECORDING})
_NAMES: Final[tuple[tuple[type[Event], str], ...]] = (
    (MessageReceived, "message.received"),
    (MessageEdited, "message.edited"),
    (MessageRevoked, "message.revoked"),
    (SessionStateChanged, "session.status"),
    (PaymentStatusChanged, "payment.status"),
    (TemplateEvent, "template.status"),
    (AccountUpdated, "account.status"),
    (AccountAlerted, "account.status"),
    (AccountReviewed, "account.status"),
    (CapabilityChanged, "account.status"),
    (NumberEvent, "account.status"),
)


@dataclass(frozen=True, slots=True)
class Broadcast:
    """Something to publish.

    Attributes:
        channel: The channel.
        name: The name of the event.
        data: Its data, as JSON text.
    """

    channel: str
    name: str
    data: str


def workspace_channel(workspace: str) -> str:
    """The channel of everything that happens in a workspace.

    Example:
        >>> workspace_channel("acme")
        'private-workspace.acme'
    """
    return f"private-workspace.{workspace}"


def chat_channel(workspace: str, session: str, chat: Address | str) -> str:
    """The channel of one chat; characters that a channel's name cannot have are left out.

    Example:
        >>> chat_channel("acme", "support", "+6281234567890")
        'private-chat.acme.support.6281234567890'
    """
    return f"private-chat.{workspace}.{session}.{_FOREIGN.sub('', str(chat))}"


def of_event(workspace: str, session: str, event: Event) -> list[Broadcast]:
    """What an event tells browsers; nothing, if it is not for them.

    Everything goes to the channel of the workspace, and what happens in a chat to that of the chat,
    too.

    Args:
        workspace: The workspace of the session.
        session: The session's name.
        event: What happened to it.
    """
    names = names_of(event)
    if not names:
        return []
    data = _json(data_of(session, event))
    channels = [workspace_channel(workspace)]
    chat = _chat(event)
    if chat is not None:
        channels.append(chat_channel(workspace, session, chat))
    return [Broadcast(channel, name, data) for name in names for channel in channels]


def of_pairing(workspace: str, session: str, step: PairingStep) -> Broadcast | None:
    """What a step of pairing tells browsers: the code to show."""
    if isinstance(step, QrCode):
        told: dict[str, Any] = {"session": session, "data": step.data, "svg": step.as_svg()}
    elif isinstance(step, PairingCode):
        told = {"session": session, "code": step.code}
    else:
        return None
    return Broadcast(workspace_channel(workspace), "session.qr", _json(told))


def of_campaign(workspace: str, campaign: str, progress: Mapping[str, Any]) -> Broadcast:
    """What the progress of a campaign tells browsers."""
    told = {"campaign": campaign, **progress}
    return Broadcast(workspace_channel(workspace), "campaign.progress", _json(told))


def names_of(event: Event) -> list[str]:
    """The names that an event goes by, the most general first; none, if it is not for others."""
    if isinstance(event, StatusChanged):
        more = {Delivered: ["message.delivered"], Read: ["message.read"]}
        return ["message.status", *more.get(type(event), [])]
    if isinstance(event, PresenceChanged):
        return ["chat.typing" if event.activity in _TYPING else "contact.presence"]
    return [name for kind, name in _NAMES if isinstance(event, kind)][:1]


def _chat(event: Event) -> Address | None:
    """The chat that an event belongs to."""
    if isinstance(event, StatusChanged):
        return event.group or event.recipient.address
    if isinstance(event, PresenceChanged):
        return event.chat or event.person.address
    if isinstance(event, MessageEvent):
        return event.chat or event.sender.address
    return None


def data_of(session: str, event: Event) -> dict[str, Any]:
    """What an event tells, whole and of whatever size; values that JSON can hold."""
    told: dict[str, Any] = {"session": session, "type": type(event).__name__}
    if isinstance(event, StatusChanged):
        told["status"] = event.status.value
    return told | _fields(event)


def _fields(event: Event) -> dict[str, Any]:
    """All that it says but `raw`, also where it holds another event."""
    values = {name: getattr(event, name) for name in event.__dataclass_fields__ if name != "raw"}
    return {
        name: _fields(value) if isinstance(value, Event) else _plain(value)
        for name, value in values.items()
        if value is not None and value != ()
    }


def _plain(value: object) -> Any:  # noqa: ANN401  # whatever JSON can hold
    plain = _without_nothing(to_jsonable_python(value, fallback=str, bytes_mode="base64"))
    if isinstance(value, Identity) and value.address is not None:
        return {**plain, "address": str(value.address)}
    return plain


def _without_nothing(value: Any) -> Any:  # noqa: ANN401  # whatever JSON can hold
    if isinstance(value, dict):
        return {name: _without_nothing(it) for name, it in value.items() if it is not None}
    return [_without_nothing(it) for it in value] if isinstance(value, list) else value


def _json(told: dict[str, Any]) -> str:
    """Write data; texts are shortened where it would be too large, and then left out."""
    text = _dump(told)
    if len(text.encode()) > MAX_DATA:
        text = _dump(
            {
                name: f"{value[:_SHORTENED]}…"
                if isinstance(value, str) and len(value) > _SHORTENED
                else value
                for name, value in told.items()
            }
        )
    if len(text.encode()) > MAX_DATA:
        kept = {name: it for name, it in told.items() if len(_dump(it).encode()) <= 512}
        text = _dump({**kept, "shortened": True})
    return text


def _dump(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)
