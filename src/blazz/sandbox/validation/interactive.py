"""Interactive messages: buttons, lists, links, products, flows and the rarer kinds.

The kinds that blazz itself sends are checked in full; the others for what all of them share, so
that other clients can use them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Final

from blazz.sandbox.validation.content import check_media_object
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_link,
    get_object,
    get_objects,
    get_optional_text,
    get_text,
    invalid,
    missing,
    parameter,
)

_MEDIA_HEADERS: Final = frozenset({"image", "video", "document"})
_LONG_BODIES: Final = frozenset({"list", "product_list"})
_BODY_IS_OPTIONAL: Final = frozenset({"product", "call_permission_request"})
_ROWS: Final = 10
_PRODUCTS: Final = 30


def check_interactive(body: JsonObject) -> None:
    """Check `interactive`.

    Raises:
        Refusal: Meta would refuse it.
    """
    message = get_object(body, "interactive", "interactive")
    kind = get_choice(message, "type", "interactive['type']", _ACTIONS)
    _check_header(message, kind)
    _check_texts(message, kind)
    action = get_object(message, "action", "interactive['action']")
    _ACTIONS[kind](action)


def _check_header(message: JsonObject, kind: str) -> None:
    path = "interactive['header']"
    if message.get("header") is None:
        if kind == "product_list":
            raise missing(path)
        return
    header = get_object(message, "header", path)
    form = get_choice(header, "type", f"{path}['type']", {"text", "gif", *_MEDIA_HEADERS})
    if kind in _LONG_BODIES and form != "text":
        raise invalid(f"{path}['type'] must be text for interactive type {kind}")
    if form == "text":
        get_text(header, "text", f"{path}['text']", longest=60)
    elif form in _MEDIA_HEADERS:
        check_media_object(get_object(header, form, f"{path}['{form}']"), f"{path}['{form}']")


def _check_texts(message: JsonObject, kind: str) -> None:
    if message.get("body") is not None or kind not in _BODY_IS_OPTIONAL:
        text = get_object(message, "body", "interactive['body']")
        longest = 4096 if kind in _LONG_BODIES else 1024
        get_text(text, "text", "interactive['body']['text']", longest=longest)
    if message.get("footer") is not None:
        footer = get_object(message, "footer", "interactive['footer']")
        get_text(footer, "text", "interactive['footer']['text']", longest=60)


def _check_buttons(action: JsonObject) -> None:
    path = "interactive['action']['buttons']"
    buttons = get_objects(action, "buttons", path, most=3)
    replies = []
    for index, button in enumerate(buttons):
        get_choice(button, "type", f"{path}[{index}]['type']", {"reply"})
        reply = get_object(button, "reply", f"{path}[{index}]['reply']")
        get_text(reply, "id", f"{path}[{index}]['reply']['id']", longest=256)
        get_text(reply, "title", f"{path}[{index}]['reply']['title']", longest=20)
        replies.append(reply)
    _check_unique((reply["id"] for reply in replies), "Duplicate button id")
    _check_unique((reply["title"] for reply in replies), "Duplicate button title")


def _check_list(action: JsonObject) -> None:
    get_text(action, "button", "interactive['action']['button']", longest=20)
    path = "interactive['action']['sections']"
    sections = get_objects(action, "sections", path, most=10)
    ids: list[str] = []
    for index, section in enumerate(sections):
        _check_section_title(section, f"{path}[{index}]", needed=len(sections) > 1)
        rows = get_objects(section, "rows", f"{path}[{index}]['rows']", most=_ROWS)
        for place, row in enumerate(rows):
            here = f"{path}[{index}]['rows'][{place}]"
            ids.append(get_text(row, "id", f"{here}['id']", longest=200))
            get_text(row, "title", f"{here}['title']", longest=24)
            get_optional_text(row, "description", f"{here}['description']", longest=72)
    if len(ids) > _ROWS:
        raise invalid(f"Total row count exceed max allowed count: {_ROWS}")
    _check_unique(ids, "Duplicate row id")


def _check_section_title(section: JsonObject, path: str, *, needed: bool) -> None:
    if needed and not section.get("title"):
        raise missing(f"{path}['title']")
    get_optional_text(section, "title", f"{path}['title']", longest=24)


def _check_link(action: JsonObject) -> None:
    parameters = _parameters(action, "cta_url")
    path = "interactive['action']['parameters']"
    get_text(parameters, "display_text", f"{path}['display_text']", longest=20)
    get_link(parameters, "url", f"{path}['url']")


def _check_flow(action: JsonObject) -> None:
    parameters = _parameters(action, "flow")
    path = "interactive['action']['parameters']"
    if parameters.get("flow_id") is None and parameters.get("flow_name") is None:
        raise missing(f"{path}['flow_id'] or {path}['flow_name']")
    get_text(parameters, "flow_cta", f"{path}['flow_cta']", longest=30)


def _check_product(action: JsonObject) -> None:
    path = "interactive['action']"
    get_text(action, "catalog_id", f"{path}['catalog_id']", longest=256)
    get_text(action, "product_retailer_id", f"{path}['product_retailer_id']", longest=256)


def _check_product_list(action: JsonObject) -> None:
    get_text(action, "catalog_id", "interactive['action']['catalog_id']", longest=256)
    path = "interactive['action']['sections']"
    sections = get_objects(action, "sections", path, most=10)
    total = 0
    for index, section in enumerate(sections):
        _check_section_title(section, f"{path}[{index}]", needed=len(sections) > 1)
        here = f"{path}[{index}]['product_items']"
        items = get_objects(section, "product_items", here, most=_PRODUCTS)
        for place, item in enumerate(items):
            where = f"{here}[{place}]['product_retailer_id']"
            get_text(item, "product_retailer_id", where, longest=256)
        total += len(items)
    if total > _PRODUCTS:
        raise invalid(f"Total product count exceed max allowed count: {_PRODUCTS}")


def _check_cards(action: JsonObject) -> None:
    get_objects(action, "cards", "interactive['action']['cards']", least=2, most=10)


def _named(name: str) -> Callable[[JsonObject], None]:
    """The check of an action that needs nothing but its name."""

    def check(action: JsonObject) -> None:
        get_choice(action, "name", "interactive['action']['name']", {name})
        if action.get("parameters") is not None:
            get_object(action, "parameters", "interactive['action']['parameters']")

    return check


def _parameters(action: JsonObject, name: str) -> JsonObject:
    get_choice(action, "name", "interactive['action']['name']", {name})
    return get_object(action, "parameters", "interactive['action']['parameters']")


def _check_unique(values: Iterable[str], details: str) -> None:
    found = list(values)
    if len(set(found)) < len(found):
        raise invalid(details)


def _check_anything(action: JsonObject) -> None:
    if not action:
        raise parameter("interactive['action']", "must not be empty")


_ACTIONS: Final[dict[str, Callable[[JsonObject], None]]] = {
    "button": _check_buttons,
    "list": _check_list,
    "cta_url": _check_link,
    "flow": _check_flow,
    "product": _check_product,
    "product_list": _check_product_list,
    "carousel": _check_cards,
    "catalog_message": _named("catalog_message"),
    "location_request_message": _named("send_location"),
    "call_permission_request": _named("call_permission_request"),
    "request_contact_info": _named("request_contact_info"),
    "address_message": _named("address_message"),
    "voice_call": _named("voice_call"),
    "order_details": _check_anything,
    "order_status": _check_anything,
}
