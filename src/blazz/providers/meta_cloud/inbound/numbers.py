"""`phone_number_…_update`, `security` and `business_username_updates`."""

from __future__ import annotations

from typing import Any

from blazz.events.numbers import (
    NumberNameReviewed,
    NumberQualityChanged,
    SecurityChanged,
    UsernameChanged,
)
from blazz.providers.meta_cloud.inbound.change import CloudUpdate
from blazz.providers.meta_cloud.inbound.reading import Json, required, text


def quality(value: Json, update: CloudUpdate) -> NumberQualityChanged:
    """Read `phone_number_quality_update`."""
    limit = text(value, "max_daily_conversations_per_business")
    return NumberQualityChanged(
        **_number(value, update),
        change=required(value, "event", "value"),
        messaging_limit=limit or text(value, "current_limit"),
        previous_limit=text(value, "old_limit"),
    )


def name(value: Json, update: CloudUpdate) -> NumberNameReviewed:
    """Read `phone_number_name_update`."""
    return NumberNameReviewed(
        **_number(value, update),
        decision=required(value, "decision", "value"),
        name=text(value, "requested_verified_name"),
        rejection_reason=text(value, "rejection_reason"),
    )


def security(value: Json, update: CloudUpdate) -> SecurityChanged:
    """Read `security`."""
    return SecurityChanged(
        **_number(value, update),
        change=required(value, "event", "value"),
        requester=text(value, "requester"),
    )


def username(value: Json, update: CloudUpdate) -> UsernameChanged:
    """Read `business_username_updates`."""
    return UsernameChanged(
        **_number(value, update),
        status=required(value, "status", "value"),
        username=text(value, "username"),
        context=text(value, "context"),
    )


def _number(value: Json, update: CloudUpdate) -> dict[str, Any]:
    return update.common() | {"phone_number": text(value, "display_phone_number")}
