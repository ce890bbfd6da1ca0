"""What WhatsApp notes in a chat by itself: changes of groups and people, and how calls went."""

from __future__ import annotations

from typing import Final

from blazz.events.base import Event
from blazz.events.calls import CallEnded
from blazz.events.groups import (
    GroupCreated,
    GroupJoinRequested,
    GroupJoinRevoked,
    GroupSettingsChanged,
    SettingChange,
)
from blazz.events.people import IdentityChanged, NumberChanged
from blazz.events.problems import Problem
from blazz.providers.web.ids import to_group, to_identity
from blazz.providers.web.inbound.changes import who
from blazz.providers.web.inbound.messages import chat_of
from blazz.providers.web.inbound.updates import Json, WebUpdate

_ANSWERED: Final = frozenset({"Completed", "AcceptedElsewhere"})
"""Outcomes of calls that somebody took; others are Missed, Rejected, Cancelled and Failed."""

_DAY: Final = 86_400


# Groups


def identify_setting(value: Json) -> tuple[str, str | None]:
    """Name a change of a group's settings by the notice that tells of it."""
    return f"setting:{value['id']}", value["group"]


def build_setting(value: Json, update: WebUpdate) -> Event:
    """Read what a group is called now, or what it is for, or that its picture changed."""
    change = SettingChange(value=value.get("value"), succeeded=True)
    told = {**update.common(), str(value["setting"]): change}
    return GroupSettingsChanged(**told, group=to_group(value["group"]))


def identify_created(value: Json) -> tuple[str, str | None]:
    """Name a new group by its id."""
    return f"created:{value['group']}", value["group"]


def build_created(value: Json, update: WebUpdate) -> Event:
    """Read which group was made with this account in it."""
    return GroupCreated(
        **update.common(),
        group=to_group(value["group"]),
        subject=value.get("subject"),
        members=tuple(to_identity(it) for it in value.get("members") or ()),
    )


def identify_joining(value: Json) -> tuple[str, str | None]:
    """Name a request by its notice and by who would join: a notice may be about several people."""
    return f"joining:{value['id']}:{who(value.get('person'))}", value["group"]


def build_joining(value: Json, update: WebUpdate) -> Event:
    """Read who asks to join a group, or no longer does."""
    kind = GroupJoinRequested if value.get("asked") else GroupJoinRevoked
    person = to_identity(value.get("person"))
    return kind(**update.common(), group=to_group(value["group"]), person=person)


# People


def identify_number(value: Json) -> tuple[str, str | None]:
    """Name a change of number by both numbers and the day: each shared group tells of it."""
    was, now = who(value.get("person")), who(value.get("now"))
    return f"number:{was}:{now}:{_time(value) // _DAY}", was or now or None


def build_number(value: Json, update: WebUpdate) -> Event:
    """Read who has another number."""
    return NumberChanged(
        **update.common(),
        person=to_identity(value.get("person")),
        now=to_identity(value.get("now")),
        message_id=str(value["id"]),
        body=value.get("body"),
    )


def identify_code(value: Json) -> tuple[str, str | None]:
    """Name a change of a security code by its person and time: each shared group tells of it."""
    person = who(value.get("person"))
    return f"code:{person or value['id']}:{_time(value)}", person or None


def build_code(value: Json, update: WebUpdate) -> Event:
    """Read whose security code changed."""
    person = to_identity(value.get("person"))
    return IdentityChanged(
        **update.common(),
        person=person,
        now=person,
        message_id=str(value["id"]),
        body=value.get("body"),
    )


def _time(value: Json) -> int:
    found = value.get("t")
    return int(found) if isinstance(found, int | float) else 0


# Calls


def identify_ended(value: Json) -> tuple[str, str | None]:
    """Name the end of a call by the call."""
    return f"call:{value['id']}:ended", chat_of(value)


def build_ended(value: Json, update: WebUpdate) -> Event:
    """Read how a call went: one that nobody took is `FAILED`, as on the Cloud API."""
    outcome = value.get("outcome")
    answered = outcome in _ANSWERED
    status = None if outcome is None else "COMPLETED" if answered else "FAILED"
    return CallEnded(
        **update.common(),
        call_id=str(value["id"]),
        person=to_identity(value.get("person")),
        direction="BUSINESS_INITIATED" if value.get("fromMe") else "USER_INITIATED",
        status=status,
        duration=value.get("duration") if answered else None,
        errors=(Problem(title=str(outcome)),) if status == "FAILED" else (),
    )
