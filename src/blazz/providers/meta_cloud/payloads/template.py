"""Template objects."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from blazz.messages import (
    CopyCode,
    Currency,
    DateTime,
    Location,
    OpenCatalog,
    OpenFlow,
    Parameter,
    Parameters,
    QuickReply,
    Template,
    TemplateButton,
    TemplateHeader,
)
from blazz.messages.frozen import thaw
from blazz.providers.meta_cloud.payloads import media, plain


def template(message: Template) -> dict[str, Any]:
    """The `template` object; a part without parameters is left out."""
    body: dict[str, Any] = {
        "name": message.name,
        "language": {"policy": "deterministic", "code": message.language},
    }
    components: list[dict[str, Any]] = []
    if message.header is not None:
        components.append({"type": "header", "parameters": _header(message.header)})
    if message.body:
        components.append({"type": "body", "parameters": _parameters(message.body)})
    components.extend(_button(place, button) for place, button in message.placed_buttons())
    if components:
        body["components"] = components
    return body


def _header(header: TemplateHeader) -> list[dict[str, Any]]:
    if isinstance(header, str):
        return _parameters((header,))
    if isinstance(header, Mapping):
        return _parameters(header)
    if isinstance(header, Location):
        return [{"type": "location", "location": plain.location(header)}]
    return [media.header(header)]


def _parameters(values: Parameters) -> list[dict[str, Any]]:
    if isinstance(values, Mapping):
        return [_parameter(value) | {"parameter_name": name} for name, value in values.items()]
    return [_parameter(value) for value in values]


def _parameter(value: Parameter) -> dict[str, Any]:
    if isinstance(value, Currency):
        currency = {
            "fallback_value": value.fallback,
            "code": value.code,
            "amount_1000": value.amount_1000,
        }
        return {"type": "currency", "currency": currency}
    if isinstance(value, DateTime):
        return {"type": "date_time", "date_time": {"fallback_value": value.fallback}}
    return {"type": "text", "text": value}


def _button(place: int, button: TemplateButton) -> dict[str, Any]:
    kind, parameter = _button_parameter(button)
    return {"type": "button", "sub_type": kind, "index": str(place), "parameters": [parameter]}


def _button_parameter(button: TemplateButton) -> tuple[str, dict[str, Any]]:
    if isinstance(button, QuickReply):
        return "quick_reply", {"type": "payload", "payload": button.payload}
    if isinstance(button, CopyCode):
        return "copy_code", {"type": "coupon_code", "coupon_code": button.code}
    if isinstance(button, OpenFlow):
        return "flow", {"type": "action", "action": _flow(button)}
    if isinstance(button, OpenCatalog):
        action = (
            {} if button.thumbnail is None else {"thumbnail_product_retailer_id": button.thumbnail}
        )
        return "catalog", {"type": "action", "action": action}
    return "url", {"type": "text", "text": button.text}


def _flow(button: OpenFlow) -> dict[str, Any]:
    action: dict[str, Any] = {}
    if button.token is not None:
        action["flow_token"] = button.token
    if button.data is not None:
        action["flow_action_data"] = thaw(button.data)
    return action
