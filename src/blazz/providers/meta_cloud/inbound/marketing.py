"""`user_actions` of `messages`, and `automatic_events`: what marketing brought."""

from __future__ import annotations

from blazz.events.marketing import ConversionDetected, LinkClicked
from blazz.providers.meta_cloud.inbound.change import Change, CloudUpdate, Kind
from blazz.providers.meta_cloud.inbound.keys import plain
from blazz.providers.meta_cloud.inbound.reading import Json, inner, number, required, text


def _identify_action(_: Json, __: Change) -> tuple[str | None, str | None]:
    return None, None


def _build_action(item: Json, update: CloudUpdate) -> LinkClicked:
    action = required(item, "action_type", "user_actions")
    data = inner(item, f"{action}_data") or inner(item, "marketing_messages_link_click_data")
    component = text(data, "click_component")
    return LinkClicked(
        **update.common(),
        action=action,
        component=component and component.lower(),
        click_id=text(data, "click_id"),
        tracking_token=text(data, "tracking_token"),
        product_id=text(data, "product_id"),
    )


def _identify_conversion(item: Json, change: Change) -> tuple[str | None, str | None]:
    message_id, name = plain(item.get("id")), plain(item.get("event_name"))
    if message_id is None or name is None:
        return None, None
    return f"conversion:{change.scope}:{message_id}:{name}", None


def _build_conversion(item: Json, update: CloudUpdate) -> ConversionDetected:
    data = inner(item, "custom_data")
    return ConversionDetected(
        **update.common(),
        name=required(item, "event_name", "automatic_events"),
        message_id=text(item, "id"),
        click_id=text(item, "ctwa_clid"),
        currency=text(data, "currency"),
        value=number(data, "value"),
    )


USER_ACTION = Kind(_identify_action, _build_action)
CONVERSION = Kind(_identify_conversion, _build_conversion)
