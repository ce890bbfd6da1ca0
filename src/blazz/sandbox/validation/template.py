"""Whether a template message fits its template: name, language, status and parameters."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Final

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.templates import Placeholders, Template, needs_parameter, placeholders
from blazz.sandbox.validation.content import check_media_object
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_list,
    get_object,
    get_objects,
    get_text,
    missing,
    parameter,
)

_COMPONENTS: Final = frozenset(
    {"header", "body", "footer", "button", "carousel", "limited_time_offer", "order_status"}
)
_TEXT_KINDS: Final = frozenset({"text", "currency", "date_time"})
_MEDIA_KINDS: Final = frozenset({"image", "video", "document", "gif"})
_KINDS: Final = frozenset(
    {*_TEXT_KINDS, *_MEDIA_KINDS, "location", "payload", "action", "coupon_code", "product",
     "limited_time_offer", "order_status"}
)  # fmt: skip
_LONGEST_PARAMETERS: Final = 1024
_UNUSABLE: Final = {"PAUSED": 132015, "DISABLED": 132016}


def template_name(template: JsonObject) -> tuple[str, str]:
    """Read name and language code of a template message.

    Raises:
        Refusal: One of them is missing.
    """
    name = get_text(template, "name", "template['name']", longest=512)
    language = get_object(template, "language", "template['language']")
    return name, get_text(language, "code", "template['language']['code']", longest=32)


def check_components(template: JsonObject) -> list[JsonObject]:
    """Check the form of the parameters, whatever the template says; return the components.

    Raises:
        Refusal: A component or parameter is not formed as Meta asks.
    """
    if template.get("components") is None:
        return []
    path = "template['components']"
    components = get_objects(template, "components", path, least=0, most=50)
    for index, component in enumerate(components):
        here = f"{path}[{index}]"
        kind = get_choice(component, "type", f"{here}['type']", _COMPONENTS)
        if kind == "button":
            get_text(component, "sub_type", f"{here}['sub_type']", longest=64)
            _button_index(component, here)
        if component.get("parameters") is not None:
            _check_parameters(component, f"{here}['parameters']")
    return components


def check_fit(
    given: Sequence[JsonObject], template: Template | None, name: str, language: str
) -> None:
    """Check the parameters against the template.

    Args:
        given: The components of the message.
        template: The template, or None if there is none.
        name: The name that was asked for.
        language: The language that was asked for.

    Raises:
        Refusal: There is no such template, it cannot be used, or its parameters differ.
    """
    if template is None or template.status in ("PENDING", "REJECTED"):
        raise Refusal(132001, f"template name ({name[:64]}) does not exist in {language}")
    if template.status in _UNUSABLE:
        raise Refusal(_UNUSABLE[template.status])
    by_kind = {str(item["type"]).lower(): item for item in given}
    _check_header(by_kind.get("header"), template)
    body = _parameters(by_kind.get("body"))
    _check_count("body", body, placeholders(template.text("BODY")))
    _check_length(body)
    _check_buttons([item for item in given if str(item["type"]).lower() == "button"], template)


def _check_parameters(component: JsonObject, path: str) -> None:
    for index, item in enumerate(get_list(component, "parameters", path)):
        here = f"{path}[{index}]"
        if not isinstance(item, dict):
            raise parameter(here, "must be a JSON object")
        kind = get_choice(item, "type", f"{here}['type']", _KINDS)
        if kind == "text":
            text = get_text(item, "text", f"{here}['text']", longest=32_768)
            if "\n" in text or "\t" in text or "     " in text:
                raise Refusal(
                    132018,
                    f"{here}: param text cannot have new-line/tab characters or more than 4"
                    " consecutive spaces",
                )
        elif kind in ("image", "video", "document"):
            media = get_object(item, kind, f"{here}['{kind}']")
            check_media_object(media, f"{here}['{kind}']")
        elif kind in ("currency", "date_time"):
            value = get_object(item, kind, f"{here}['{kind}']")
            get_text(value, "fallback_value", f"{here}['{kind}']['fallback_value']", longest=1024)


def _check_header(given: JsonObject | None, template: Template) -> None:
    items = _parameters(given)
    if template.has_media_header:
        kind = str(items[0].get("type", "")).upper() if items else "UNKNOWN"
        if kind != template.header_format:
            raise Refusal(
                132012,
                f"header: Format mismatch, expected {template.header_format}, received {kind}",
            )
        return
    _check_count("header", items, placeholders(template.text("HEADER")))


def _check_count(where: str, items: Sequence[Mapping[str, Any]], expected: Placeholders) -> None:
    if len(items) != expected.count:
        raise Refusal(
            132000,
            f"{where}: number of localizable_params ({len(items)}) does not match the expected"
            f" number of params ({expected.count})",
        )
    for item in items:
        if str(item.get("type", "")).lower() not in _TEXT_KINDS:
            raise Refusal(132012, f"{where}: Format mismatch, expected TEXT")
    if expected.names:
        given = {str(item.get("parameter_name")) for item in items}
        for name in sorted(expected.names):
            if name not in given:
                raise Refusal(100, f"{where}: Parameter name is missing or empty: {name}")


def _check_length(items: Sequence[Mapping[str, Any]]) -> None:
    if sum(len(str(item.get("text", ""))) for item in items) > _LONGEST_PARAMETERS:
        raise Refusal(132005, f"body: the parameters exceed {_LONGEST_PARAMETERS} characters")


def _check_buttons(given: Sequence[JsonObject], template: Template) -> None:
    by_index = {_button_index(item, "button"): item for item in given}
    for index, button in enumerate(template.buttons):
        item = by_index.get(index)
        if needs_parameter(button) and not _parameters(item):
            kind = str(button.get("type", "")).capitalize()
            raise Refusal(
                131008, f"buttons: Button at index {index} of type {kind} requires a parameter"
            )
    for index in by_index:
        if index >= len(template.buttons):
            raise Refusal(132018, f"buttons: there is no button at index {index}")


def _button_index(component: JsonObject, path: str) -> int:
    """A button's place; a number or the same number as text."""
    value = component.get("index")
    if value is None:
        raise missing(f"{path}['index']")
    if isinstance(value, str) and value.isascii() and value.isdigit() and len(value) < 3:
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 100:
        return value
    raise parameter(f"{path}['index']", "must be an integer")


def _parameters(component: JsonObject | None) -> Sequence[Mapping[str, Any]]:
    found = component.get("parameters") if component else None
    return found if isinstance(found, list) else []
