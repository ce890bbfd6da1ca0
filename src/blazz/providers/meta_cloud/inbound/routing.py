"""`messaging_handovers` and `standby`: several responders share a number."""

from __future__ import annotations

from blazz.events.base import Event
from blazz.events.routing import ConversationSummarised, StandbyObserved, ThreadControlChanged
from blazz.providers.meta_cloud.inbound import coexistence, messages, statuses
from blazz.providers.meta_cloud.inbound.change import (
    Build,
    Change,
    CloudUpdate,
    Identify,
    Kind,
)
from blazz.providers.meta_cloud.inbound.people import SELF, conversation, identity
from blazz.providers.meta_cloud.inbound.reading import Json, Unreadable, inner, required, text

_GAINED = {"control_passed": True, "control_taken": False}


def _identify_handover(value: Json, change: Change) -> tuple[str | None, str | None]:
    return None, conversation(_person(value), SELF, change)


def _person(value: Json) -> Json:
    """Bring the person of a handover into the form of others."""
    sender = inner(value, "sender")
    return {"wa_id": sender.get("phone_number"), **sender}


def _build_handover(value: Json, update: CloudUpdate) -> ThreadControlChanged:
    kind = text(value, "type") or next((name for name in _GAINED if name in value), None)
    if kind is None:
        raise Unreadable("value.type is missing")
    part = inner(value, kind) or inner(value, "control_passed") or inner(value, "control_taken")
    summary = inner(inner(part, "conversation_context"), "summary")
    return ThreadControlChanged(
        **update.common(),
        person=identity(_person(value), SELF),
        gained=_GAINED.get(kind),
        previous_role=text(part, "previous_owner_role"),
        new_role=text(part, "new_owner_role"),
        previous_app_id=text(part, "previous_owner_app_id"),
        new_app_id=text(part, "new_owner_app_id"),
        metadata=text(part, "metadata"),
        summary=text(summary, "text"),
    )


def _identify_summary(_: Json, __: Change) -> tuple[str | None, str | None]:
    return None, None


def _build_summary(item: Json, update: CloudUpdate) -> ConversationSummarised:
    summary = required(inner(item, "summary"), "text", "conversation_context.summary")
    return ConversationSummarised(**update.common(), summary=summary)


def _watched(kind: Kind) -> Kind:
    """Make a kind of its own from one that is only looked at."""
    return Kind(_named(kind.identify), _observed(kind.build))


def _named(identify: Identify) -> Identify:
    def named(item: Json, change: Change) -> tuple[str | None, str | None]:
        key, conversation = identify(item, change)
        return key and f"standby:{key}", conversation

    return named


def _observed(build: Build) -> Build:
    def observed(item: Json, update: CloudUpdate) -> Event:
        return StandbyObserved(**update.common(), observed=build(item, update))

    return observed


def _identify_sent(item: Json, change: Change) -> tuple[str | None, str | None]:
    return coexistence.ECHO.identify(_flat(item), change)


def _build_sent(item: Json, update: CloudUpdate) -> Event:
    return coexistence.ECHO.build(_flat(item), update)


def _flat(item: Json) -> Json:
    """Bring a request to send, which stands in `message`, into the form of a message."""
    request = inner(item, "message")
    return {**request, "to_user_id": request.get("recipient"), **item}


HANDOVER = Kind(_identify_handover, _build_handover)
SUMMARY = Kind(_identify_summary, _build_summary)
WATCHED_MESSAGE = _watched(messages.MESSAGE)
WATCHED_STATUS = _watched(statuses.STATUS)
WATCHED_ECHO = _watched(Kind(_identify_sent, _build_sent))
