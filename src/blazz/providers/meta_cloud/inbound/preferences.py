"""`user_preferences`: who wants marketing, and who no longer does."""

from __future__ import annotations

from blazz.events.preferences import MarketingResumed, MarketingStopped, PreferenceChanged
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.people import SELF, contact_of, conversation, identity
from blazz.providers.meta_cloud.inbound.reading import Json, required, text

_MARKETING: dict[str, type[PreferenceChanged]] = {
    "stop": MarketingStopped,
    "resume": MarketingResumed,
    "signup": MarketingResumed,
}


def _identify(item: Json, change: Change) -> tuple[str | None, str | None]:
    return None, conversation(item, SELF, change)


def _build(item: Json, update: CloudUpdate) -> PreferenceChanged:
    category, value = text(item, "category"), required(item, "value", "user_preferences")
    kind = PreferenceChanged
    if category in (None, "marketing_messages"):
        kind = _MARKETING.get(value.lower(), PreferenceChanged)
    return kind(
        **update.common(),
        person=identity(item, SELF, contact_of(item, SELF, update.change)),
        category=category,
        value=value,
        detail=text(item, "detail"),
        signup_id=text(item, "signup_id"),
    )


PREFERENCE = Kind(_identify, _build)
