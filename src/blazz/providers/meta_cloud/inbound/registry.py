"""Which kind of update stands where: the whole of Meta's webhook fields, in one table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from blazz.providers.meta_cloud.inbound import (
    accounts,
    flows,
    numbers,
    payments,
    routing,
    templates,
)
from blazz.providers.meta_cloud.inbound.billing import charge
from blazz.providers.meta_cloud.inbound.calls import CALL, CALL_STATUS
from blazz.providers.meta_cloud.inbound.change import Build, Change, Kind
from blazz.providers.meta_cloud.inbound.coexistence import CONTACT, ECHO, HISTORY, HISTORY_MEDIA
from blazz.providers.meta_cloud.inbound.groups import GROUP
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.marketing import CONVERSION, USER_ACTION
from blazz.providers.meta_cloud.inbound.messages import MESSAGE
from blazz.providers.meta_cloud.inbound.preferences import PREFERENCE
from blazz.providers.meta_cloud.inbound.problems import ERROR
from blazz.providers.meta_cloud.inbound.reading import Json
from blazz.providers.meta_cloud.inbound.statuses import STATUS
from blazz.providers.meta_cloud.inbound.system import USER_ID_UPDATE

ENVELOPE = frozenset({"messaging_product", "metadata", "contacts"})
"""What a change tells about all of its updates, and is no update by itself."""


def _whole(build: Build) -> Kind:
    """Make the kind of a change that is a single update, in order with others of its field."""

    def identify(_: Json, change: Change) -> tuple[str | None, str | None]:
        return None, f"{change.scope}:{change.field}"

    return Kind(identify, build)


def _template(build: Build) -> Kind:
    """Make the kind of a change to a template, in order with other changes to it."""

    def identify(value: Json, change: Change) -> tuple[str | None, str | None]:
        template_id = plain(value.get("message_template_id")) or ""
        return None, f"{change.scope}:template:{template_id}"

    return Kind(identify, build)


_GROUPS = {"groups": GROUP, "errors": ERROR}
_ECHOES = {"message_echoes": ECHO, "errors": ERROR}

LISTS: Mapping[str, Mapping[str, Kind]] = {
    "automatic_events": {"automatic_events": CONVERSION, "errors": ERROR},
    "calls": {"calls": CALL, "statuses": CALL_STATUS, "errors": ERROR},
    "group_lifecycle_update": _GROUPS,
    "group_participant_update": _GROUPS,
    "group_participants_update": _GROUPS,
    "group_settings_update": _GROUPS,
    "group_status_update": _GROUPS,
    "history": {
        "history": HISTORY,
        "messages": HISTORY_MEDIA,
        "message_echoes": HISTORY_MEDIA,
        "errors": ERROR,
    },
    "message_echoes": _ECHOES,
    "messages": {
        "messages": MESSAGE,
        "statuses": replace(STATUS, follow=charge),
        "errors": ERROR,
        "user_actions": USER_ACTION,
        "conversation_context": routing.SUMMARY,
    },
    "smb_app_state_sync": {"state_sync": CONTACT, "errors": ERROR},
    "smb_message_echoes": _ECHOES,
    "standby": {
        "messages": routing.WATCHED_MESSAGE,
        "statuses": routing.WATCHED_STATUS,
        "message_echoes": routing.WATCHED_ECHO,
        "errors": ERROR,
        "conversation_context": routing.SUMMARY,
    },
    "user_id_update": {"user_id_update": USER_ID_UPDATE, "errors": ERROR},
    "user_preferences": {"user_preferences": PREFERENCE, "errors": ERROR},
}
"""Fields whose value holds lists of updates: field, name of the list, kind of its items.

The lists of `standby` stand one level deeper, in an object of that name.
"""

WHOLE: Mapping[str, Kind] = {
    "account_alerts": _whole(accounts.alert),
    "account_review_update": _whole(accounts.review),
    "account_settings_update": _whole(accounts.settings),
    "account_update": _whole(accounts.account),
    "business_capability_update": _whole(accounts.capability),
    "business_username_update": _whole(numbers.username),
    "business_username_updates": _whole(numbers.username),
    "flows": _whole(flows.flow),
    "message_template_components_update": _template(templates.components),
    "message_template_quality_update": _template(templates.quality),
    "message_template_status_update": _template(templates.status),
    "messaging_handovers": routing.HANDOVER,
    "partner_solutions": _whole(accounts.solution),
    "payment_configuration_update": _whole(payments.payment_configuration),
    "phone_number_name_update": _whole(numbers.name),
    "phone_number_quality_update": _whole(numbers.quality),
    "security": _whole(numbers.security),
    "template_category_update": _template(templates.category),
    "template_correct_category_detection": _template(templates.category_dispute),
}
"""Fields whose value is one update."""
