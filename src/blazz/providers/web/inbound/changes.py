"""What happens to messages and people: receipts, reactions, edits, votes, groups, calls."""

from __future__ import annotations

from typing import Any, Final

from blazz.addresses import Identity
from blazz.events.base import Event
from blazz.events.calls import CallConnected
from blazz.events.groups import (
    GroupAdminsChanged,
    GroupMembersAdded,
    GroupMembersRemoved,
)
from blazz.events.messages import MessageEdited, MessageRevoked, ReactionReceived
from blazz.events.polls import PollAnswered
from blazz.events.presence import Activity, ChatOpened, PresenceChanged
from blazz.events.problems import Problem
from blazz.events.statuses import Delivered, Failed, Played, Read, Sent, StatusChanged
from blazz.providers.web.ids import to_group, to_identity
from blazz.providers.web.inbound.messages import chat_of, received
from blazz.providers.web.inbound.updates import Json, WebUpdate

_STATUSES: Final[dict[int, type[StatusChanged]]] = {
    -1: Failed,
    1: Sent,
    2: Delivered,
    3: Read,
    4: Played,
}
_ACTIVITIES: Final = {
    "available": Activity.ONLINE,
    "unavailable": Activity.OFFLINE,
    "composing": Activity.TYPING,
    "typing": Activity.TYPING,
    "recording": Activity.RECORDING,
    "recording_audio": Activity.RECORDING,
}


def who(person: Any) -> str:  # noqa: ANN401  # whatever the page told
    """Name a person within a key."""
    return str((person or {}).get("phone") or (person or {}).get("lid") or "")


def chat_of_message(message_id: object) -> str | None:
    """The chat in a message's whole id."""
    parts = str(message_id).split("_")
    return parts[1] if len(parts) > 2 else None


# Receipts


def identify_receipt(value: Json) -> tuple[str, str | None]:
    """Name a receipt by its message, its level, and in a group by the member it is about."""
    status = _STATUSES[value["ack"]].status
    member = who(value.get("sender")) if to_group(value.get("chat")) else ""
    return f"status:{value['id']}:{status}:{member}", chat_of(value)


def build_receipt(value: Json, update: WebUpdate) -> Event:
    """Read how far a message came."""
    kind = _STATUSES[value["ack"]]
    group = to_group(value.get("chat"))
    person = value.get("sender") if group else value.get("person")
    errors = (Problem(title="WhatsApp did not take the message"),) if kind is Failed else ()
    return kind(
        **update.common(),
        message_id=str(value["id"]),
        recipient=to_identity(person),
        group=group,
        token=value.get("token"),
        errors=errors,
    )


# What people do to messages


def identify_reaction(value: Json) -> tuple[str, str | None]:
    """Name a reaction by its own id."""
    key = f"reaction:{value['id']}:{value['message']}:{value.get('text')}:{value.get('t')}"
    return key, _conversation(value)


def build_reaction(value: Json, update: WebUpdate) -> Event:
    """Read a reaction, or that one was taken back."""
    return ReactionReceived(
        **_about(value, update, str(value["id"])),
        reacted_to=str(value["message"]),
        emoji=value.get("text") or None,
    )


def identify_edit(value: Json) -> tuple[str, str | None]:
    """Name an edit by its id, or else by what the message reads now."""
    message = value["message"]
    edit = value.get("edit") or f"{value.get('t')}"
    return f"edit:{message['id']}:{edit}", chat_of(message)


def build_edit(value: Json, update: WebUpdate) -> Event:
    """Read how a message reads now."""
    message = received(value["message"], update.common())
    return MessageEdited(
        **update.common(),
        message_id=message.message_id,
        sender=message.sender,
        chat=message.chat,
        edit_id=value.get("edit"),
        message=message,
    )


def identify_revoke(value: Json) -> tuple[str, str | None]:
    """Name a deletion by the message that is gone."""
    return f"revoke:{value['message']}", _conversation(value)


def build_revoke(value: Json, update: WebUpdate) -> Event:
    """Read that a message is gone."""
    about = _about(value, update, str(value["message"]))
    return MessageRevoked(**about, revocation_id=value.get("id"))


def identify_vote(value: Json) -> tuple[str, str | None]:
    """Name a vote by its poll, its voter, its time and what was chosen."""
    chosen = "|".join(value.get("chosen") or ())
    key = f"vote:{value['message']}:{who(value.get('author'))}:{value.get('t')}:{chosen}"
    return key, _conversation(value)


def build_vote(value: Json, update: WebUpdate) -> Event:
    """Read what somebody has chosen."""
    chosen = tuple(str(it) for it in value.get("chosen") or ())
    return PollAnswered(**_about(value, update, str(value["message"])), chosen=chosen)


def _about(value: Json, update: WebUpdate, message_id: str) -> dict[str, Any]:
    return {
        **update.common(),
        "message_id": message_id,
        "sender": to_identity(value.get("author")),
        "chat": to_group(chat_of_message(value["message"])),
    }


def _conversation(value: Json) -> str | None:
    chat = chat_of_message(value["message"])
    if to_group(chat) is not None:
        return chat
    return who(value.get("author")) or chat


# People, groups, calls


def identify_presence(value: Json) -> tuple[str, str | None]:
    """Name a presence by its chat, its time and what is done: it need not be kept for long."""
    members = "|".join(f"{who(it.get('person'))}{it.get('activity')}" for it in value["members"])
    key = f"presence:{value['chat']}:{value.get('t')}:{value.get('activity')}:{members}"
    return f"{key}:{value.get('n', '')}", chat_of(value)


def build_presence(value: Json, update: WebUpdate) -> Event:
    """Read what somebody does now."""
    person, activity = value.get("person"), value.get("activity")
    members = value.get("members") or ()
    if members:
        person, activity = members[-1].get("person"), members[-1].get("activity")
    fallback = Activity.ONLINE if value.get("online") else Activity.OFFLINE
    return PresenceChanged(
        **update.common(),
        person=to_identity(person),
        chat=to_group(value["chat"]),
        activity=_ACTIVITIES.get(str(activity), fallback),
    )


def identify_chat(value: Json) -> tuple[str, str | None]:
    """Name a chat by its id: it appears once a second at most."""
    return f"chat:{value['chat']}:{value.get('t')}", chat_of(value)


def build_chat(value: Json, update: WebUpdate) -> Event:
    """Read which chat appeared."""
    return ChatOpened(
        **update.common(),
        person=to_identity(value.get("person")),
        group=to_group(value["chat"]),
        name=value.get("name"),
    )


def identify_members(value: Json) -> tuple[str, str | None]:
    """Name a change of a group by all that it says."""
    members = "|".join(who(it) for it in value["members"])
    return f"members:{value['group']}:{value['action']}:{members}:{value.get('t')}", value["group"]


def build_members(value: Json, update: WebUpdate) -> Event:
    """Read who joined or left a group, or what they may do in it now."""
    action, group = value["action"], to_group(value["group"])
    members = tuple(to_identity(it) for it in value["members"])
    author = to_identity(value.get("author"))
    if action in {"promote", "demote"}:
        promoted = action == "promote"
        return GroupAdminsChanged(
            **update.common(), group=group, members=members, promoted=promoted
        )
    if action in {"add", "join", "invite"}:
        reason = "invite_link" if action != "add" else None
        return GroupMembersAdded(**update.common(), group=group, members=members, reason=reason)
    if action in {"remove", "leave"}:
        by = "participant" if action == "leave" or (author,) == members else _by(author, update)
        return GroupMembersRemoved(**update.common(), group=group, members=members, initiated_by=by)
    return update.unknown(f"a group does not know the change {action!r}")


def _by(author: Identity, update: WebUpdate) -> str | None:
    is_me = author.phone is not None and author.phone.digits == update.owner
    return "business" if is_me else None


def identify_call(value: Json) -> tuple[str, str | None]:
    """Name a call by its id."""
    return f"call:{value['id']}", chat_of(value)


def build_call(value: Json, update: WebUpdate) -> Event:
    """Read who calls."""
    return CallConnected(
        **update.common(),
        call_id=str(value["id"]),
        person=to_identity(value.get("person")),
        direction="USER_INITIATED",
    )
