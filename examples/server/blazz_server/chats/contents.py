"""What was received, as rows of the tables; pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from hashlib import blake2b
from typing import Any, Final

from pydantic_core import to_jsonable_python

from blazz.addresses import Address, Identity
from blazz.events import (
    AudioReceived,
    ButtonPressed,
    CallPermissionAnswered,
    ContactsReceived,
    DocumentReceived,
    FlowCompleted,
    HistoryReceived,
    ImageReceived,
    LocationReceived,
    MediaReceived,
    MessageEchoed,
    MessageReceived,
    OrderReceived,
    PollReceived,
    RowPicked,
    StatusChanged,
    StickerReceived,
    TemplateButtonPressed,
    TextReceived,
    UnsupportedReceived,
    VideoReceived,
    VoiceReceived,
)
from blazz.events.base import UNDATED, Event
from blazz.events.messages import MessageEvent
from blazz.providers.base import of_campaign
from blazz.session import Session
from blazz_server.chats.happenings import Reached, Received
from blazz_server.chats.lists import Shown, Values
from blazz_server.chats.stages import STAGE_OF, Stage
from blazz_server.database import utc_now

# Subclasses stand before their bases.
_KINDS: Final = (
    (TextReceived, "text"),
    (ImageReceived, "image"),
    (VideoReceived, "video"),
    (VoiceReceived, "voice"),
    (AudioReceived, "audio"),
    (DocumentReceived, "document"),
    (StickerReceived, "sticker"),
    (MediaReceived, "file"),
    (LocationReceived, "location"),
    (ContactsReceived, "contacts"),
    (OrderReceived, "order"),
    (TemplateButtonPressed, "template_button"),
    (ButtonPressed, "button"),
    (RowPicked, "row"),
    (FlowCompleted, "form"),
    (CallPermissionAnswered, "call_permission"),
    (PollReceived, "poll"),
    (UnsupportedReceived, "unsupported"),
)
_COMMON: Final = frozenset(MessageReceived.__dataclass_fields__) - {"referral", "referred_product"}
_PRIVATE: Final = frozenset({"url"})  # it works with the account's token only
_PAST: Final = {
    "SENT": Stage.SENT,
    "DELIVERED": Stage.DELIVERED,
    "READ": Stage.READ,
    "PLAYED": Stage.PLAYED,
    "ERROR": Stage.FAILED,
}


def row_id(session: Session, message_id: str) -> str:
    """The id of the row of a message that we did not send: the same each time it is told."""
    name = f"{session.key}\0{message_id}".encode("utf-8", "surrogatepass")
    return f"msg_{blake2b(name, digest_size=14).hexdigest()}"


def kind_of(event: MessageEvent) -> str:
    """What kind of message it is.

    Example:
        >>> kind_of.__name__
        'kind_of'
    """
    return next((name for kind, name in _KINDS if isinstance(event, kind)), "message")


def content_of(event: MessageEvent) -> Values:
    """What is in a message, beyond what every message has."""
    found: Values = {"type": kind_of(event)}
    for name in event.__dataclass_fields__:
        value = getattr(event, name)
        if name not in _COMMON and name not in _PRIVATE and value not in (None, ()):
            found[name] = to_jsonable_python(value, fallback=str, bytes_mode="base64")
    return found


def received(session: Session, event: MessageReceived) -> Received | None:
    """What to write of a message that somebody sent; None if it does not say who."""
    chat = event.address
    if chat is None:
        return None
    row = _row(session, event, chat=str(chat), outgoing=False, stage=Stage.RECEIVED)
    name = event.sender.name if event.chat is None else None
    return Received(
        rows=[row],
        shown={row["id"]: _shown(row, name=name)},
        people=list(person(session, event.sender)),
    )


def echoed(session: Session, event: MessageEchoed) -> Received | None:
    """What to write of a message that we sent from another device."""
    chat = event.message.chat or event.recipient.address
    if chat is None:
        return None
    row = _row(session, event.message, chat=str(chat), outgoing=True, stage=Stage.SENT)
    name = event.recipient.name if event.message.chat is None else None
    return Received(rows=[row], shown={row["id"]: _shown(row, name=name)}, unread=False)


def remembered(session: Session, event: HistoryReceived) -> Received:
    """What to write of a history that the phone told."""
    rows: list[Values] = []
    people: list[Values] = []
    shown: dict[str, Shown] = {}
    for thread in event.threads:
        people.extend(person(session, thread.person))
        # The oldest first, as they would have arrived; those of one second stay as they were told.
        for past in sorted(thread.messages, key=lambda it: it.message.at):
            chat = past.message.chat or thread.person.address
            if chat is None or not isinstance(past.message, MessageReceived):
                continue
            stage = _PAST.get(past.status or "", Stage.ACCEPTED)
            row = _row(
                session,
                past.message,
                chat=str(chat),
                outgoing=past.outgoing,
                stage=stage if past.outgoing else Stage.RECEIVED,
            )
            rows.append(row)
            shown[row["id"]] = _shown(row, name=thread.person.name)
    return Received(rows=rows, shown=shown, people=people, unread=False)


def reached(session: Session, event: StatusChanged) -> Reached:
    """What to write of a status update."""
    chat = event.group or event.recipient.address
    campaign = None
    if of_campaign(event.token) and chat is not None:
        campaign = _campaign_row(session, event, str(chat))
    return Reached(
        workspace=session.workspace,
        session=session.name,
        message_id=event.message_id,
        token=event.token,
        stage=STAGE_OF[event.status],
        problem=_problem(event),
        campaign=campaign,
    )


def person(session: Session, known: Identity) -> Iterator[Values]:
    """What to write of a person, if anything is known."""
    if known.address is None:
        return
    yield {
        "workspace": session.workspace,
        "session": session.name,
        "address": str(known.address),
        "name": clean(known.name),
        "phone": _text(known.phone),
        "user_id": _text(known.user_id),
        "lid": _text(known.lid),
        "username": clean(known.username),
        "updated_at": utc_now(),
    }


def clean(text: str | None) -> str | None:
    """A text as every database takes it: without NUL and halves of characters.

    Example:
        >>> clean("a" + chr(0) + "b")
        'ab'
    """
    if text is None or (text.isascii() and "\0" not in text):
        return text
    return text.replace("\0", "").encode("utf-8", "replace").decode()


def _row(
    session: Session, event: MessageEvent, *, chat: str, outgoing: bool, stage: Stage
) -> Values:
    sender = event.sender.address
    return blank(
        id=row_id(session, event.message_id),
        workspace=session.workspace,
        session=session.name,
        chat=chat,
        at=_when(event),
        outgoing=outgoing,
        kind=kind_of(event),
        text=clean(event.text) if isinstance(event, MessageReceived) else None,
        content=content_of(event),
        sender=_text(sender),
        sender_name=clean(event.sender.name),
        reply_to=event.reply_to if isinstance(event, MessageReceived) else None,
        message_id=event.message_id,
        media_id=event.media_id if isinstance(event, MediaReceived) else None,
        stage=int(stage),
    )


def _campaign_row(session: Session, event: StatusChanged, chat: str) -> Values:
    assert event.token is not None
    campaign = event.token.split(".")[1]
    return blank(
        id=row_id(session, event.token),
        workspace=session.workspace,
        session=session.name,
        chat=chat,
        at=_when(event),
        outgoing=True,
        kind="campaign",
        content={"type": "campaign", "campaign": campaign},
        message_id=event.message_id,
        token=event.token,
        stage=int(Stage.ACCEPTED),
    )


def to_second(moment: datetime) -> datetime:
    """A time as exact as WhatsApp tells it: what we send and what comes have one order.

    Example:
        >>> to_second(datetime(2026, 11, 22, 12, 0, 5, 700_000)).microsecond
        0
    """
    return moment.replace(microsecond=0)


def _when(event: Event) -> datetime:
    return to_second(utc_now() if event.at == UNDATED else event.at)


def blank(**values: Any) -> Values:  # noqa: ANN401  # the columns of a row
    """A row of messages: one form for all, so that they can be inserted together."""
    return {**dict.fromkeys(_COLUMNS), "updated_at": utc_now(), **values}


_COLUMNS: Final = (
    "id",
    "workspace",
    "session",
    "chat",
    "at",
    "outgoing",
    "kind",
    "text",
    "content",
    "sender",
    "sender_name",
    "reply_to",
    "message_id",
    "media_id",
    "token",
    "stage",
    "problem",
    "reactions",
    "edited_at",
    "revoked_at",
    "updated_at",
    "sender_process",
    "idempotency_key",
    "request_hash",
    "requested_at",
)


def _shown(row: Values, *, name: str | None) -> Shown:
    return Shown(
        workspace=row["workspace"],
        session=row["session"],
        chat=row["chat"],
        at=row["at"],
        text=row["text"],
        kind=row["kind"],
        outgoing=row["outgoing"],
        name=clean(name),
    )


def _problem(event: StatusChanged) -> Values | None:
    if not event.errors:
        return None
    first = event.errors[0]
    return {"code": first.code, "detail": clean(first.title or first.message or first.details)}


def _text(value: Address | None) -> str | None:
    return None if value is None else str(value)
