"""`history`, `smb_message_echoes` and `smb_app_state_sync`: the WhatsApp Business app beside."""

from __future__ import annotations

from typing import Any

from blazz.addresses import Identity
from blazz.events.base import UNDATED, Event
from blazz.events.coexistence import (
    ContactSynced,
    HistoryDeclined,
    HistoryMediaReceived,
    HistoryReceived,
    MessageEchoed,
    PastMessage,
    PastThread,
)
from blazz.events.messages import MessageEvent
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.messages import message_event
from blazz.providers.meta_cloud.inbound.people import (
    RECEIVER,
    SELF,
    SENDER,
    Names,
    contact_of,
    conversation,
    identity,
    to_phone,
)
from blazz.providers.meta_cloud.inbound.problems import problems
from blazz.providers.meta_cloud.inbound.reading import (
    Json,
    Unreadable,
    each,
    inner,
    integer,
    moment,
    required,
    text,
)


def _identify_echo(item: Json, change: Change) -> tuple[str | None, str | None]:
    return _key("echo", item, change), conversation(item, RECEIVER, change)


def _key(name: str, item: Json, change: Change) -> str | None:
    """Name a message by its id; an edit or a deletion also by its time."""
    message_id = plain(item.get("id"))
    if message_id is None:
        return None
    when = plain(item.get("timestamp")) if item.get("type") in ("edit", "revoke") else ""
    return f"{name}:{change.scope}:{message_id}:{when}"


def _build_echo(item: Json, update: CloudUpdate) -> MessageEchoed:
    message = _message(item, update, sender=_own(item, update.change), key=update.key)
    return MessageEchoed(
        **update.common(),
        message_id=required(item, "id", "message_echoes"),
        recipient=identity(item, RECEIVER, contact_of(item, RECEIVER, update.change)),
        message=message,
    )


def _message(item: Json, update: CloudUpdate, *, sender: Identity, key: str) -> MessageEvent:
    """Read a message that no one sent just now: an echo, or a part of a history."""
    common: dict[str, Any] = {
        "key": key,
        "at": moment(item, "timestamp") or update.change.time or UNDATED,
        "account": update.account,
        "raw": item,
        "message_id": required(item, "id", "message"),
        "sender": sender,
    }
    return message_event(item, common)


def _own(item: Json, change: Change) -> Identity:
    number = inner(change.value, "metadata").get("display_phone_number")
    return Identity(phone=to_phone(item.get("from")) or to_phone(number))


def _identify_chunk(_: Json, __: Change) -> tuple[str | None, str | None]:
    return None, None


def _build_chunk(item: Json, update: CloudUpdate) -> Event:
    errors = problems(item)
    if errors and not item.get("threads"):
        return HistoryDeclined(**update.common(), errors=errors)
    part = inner(item, "metadata")
    if not part and "threads" not in item:
        raise Unreadable("history.threads is missing")
    return HistoryReceived(
        **update.common(),
        phase=integer(part, "phase"),
        chunk=integer(part, "chunk_order"),
        progress=integer(part, "progress"),
        threads=tuple(_thread(thread, update) for thread in each(item, "threads")),
    )


def _thread(thread: Json, update: CloudUpdate) -> PastThread:
    context = inner(thread, "context")
    person = identity({"wa_id": thread.get("id"), **context}, SELF)
    items = thread.get("messages")
    messages: list[PastMessage] = []
    for item in each(thread, "messages"):
        outgoing = "to" in item or "to_user_id" in item
        sender = _own(item, update.change) if outgoing else person
        key = _key("history", item, update.change) or update.key
        try:
            message = _message(item, update, sender=sender, key=key)
        except Unreadable:
            continue
        status = text(inner(item, "history_context"), "status")
        messages.append(PastMessage(message=message, outgoing=outgoing, status=status))
    total = len(items) if type(items) is list else 0
    return PastThread(person=person, messages=tuple(messages), unreadable=total - len(messages))


def _identify_media(item: Json, change: Change) -> tuple[str | None, str | None]:
    return _key("history", item, change), conversation(item, _names(item), change)


def _build_media(item: Json, update: CloudUpdate) -> HistoryMediaReceived:
    names = _names(item)
    person = identity(item, names, contact_of(item, names, update.change))
    outgoing = names is RECEIVER
    sender = _own(item, update.change) if outgoing else person
    return HistoryMediaReceived(
        **update.common(),
        message_id=required(item, "id", "history"),
        person=person,
        outgoing=outgoing,
        message=_message(item, update, sender=sender, key=update.key),
    )


def _names(item: Json) -> Names:
    """Tell which fields name the person: only what you sent says to whom."""
    return RECEIVER if "to" in item or "to_user_id" in item else SENDER


def _identify_contact(item: Json, change: Change) -> tuple[str | None, str | None]:
    contact = inner(item, "contact")
    return None, conversation({**contact, "wa_id": contact.get("phone_number")}, SELF, change)


def _build_contact(item: Json, update: CloudUpdate) -> ContactSynced:
    contact = inner(item, "contact")
    if not contact:
        raise Unreadable("state_sync.contact is missing")
    person = identity({**contact, "wa_id": contact.get("phone_number")}, SELF)
    common = update.common()
    common["at"] = moment(inner(item, "metadata"), "timestamp") or common["at"]
    return ContactSynced(
        **common,
        action=required(item, "action", "state_sync"),
        person=Identity(
            phone=person.phone,
            user_id=person.user_id,
            parent_user_id=person.parent_user_id,
            username=person.username,
            name=text(contact, "full_name"),
        ),
        first_name=text(contact, "first_name"),
    )


ECHO = Kind(_identify_echo, _build_echo)
HISTORY = Kind(_identify_chunk, _build_chunk)
HISTORY_MEDIA = Kind(_identify_media, _build_media)
CONTACT = Kind(_identify_contact, _build_contact)
