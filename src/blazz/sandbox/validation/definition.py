"""Whether a template may be created: name, language, category and components."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from blazz.sandbox.graph_errors import Refusal
from blazz.sandbox.validation.fields import (
    JsonObject,
    get_choice,
    get_object,
    get_objects,
    get_text,
    parameter,
)

_NAME: Final = re.compile(r"[a-z0-9_]{1,512}")
_LANGUAGE: Final = re.compile(r"[a-z]{2,3}(?:_[A-Z]{2,4}|_[A-Z][a-z]{3})?")
_CATEGORIES: Final = frozenset({"marketing", "utility", "authentication"})
_COMPONENTS: Final = frozenset(
    {"header", "body", "footer", "buttons", "carousel", "limited_time_offer",
     "call_permission_request"}
)  # fmt: skip
_FORMATS: Final = frozenset({"text", "image", "video", "document", "location", "gif", "product"})
_LONGEST: Final = {"header": 60, "body": 1024, "footer": 60}


@dataclass(frozen=True, slots=True)
class Definition:
    """A template that someone wants to create, found in order."""

    name: str
    language: str
    category: str
    components: Sequence[Mapping[str, Any]]


def check_definition(body: JsonObject) -> Definition:
    """Check a request that creates a template.

    Raises:
        Refusal: Meta would refuse it.
    """
    name = get_text(body, "name", "name", longest=512)
    if not _NAME.fullmatch(name):
        raise parameter("name", "must be lower-case letters, digits and underscores")
    language = get_text(body, "language", "language", longest=16)
    if not _LANGUAGE.fullmatch(language):
        raise parameter("language", "must be a language code such as en_US")
    category = get_choice(body, "category", "category", _CATEGORIES).upper()
    return Definition(name, language, category, check_parts(body, category=category))


def check_parts(body: JsonObject, *, category: str) -> Sequence[Mapping[str, Any]]:
    """Check the components of a template; all but authentication templates need a body.

    Raises:
        Refusal: Meta would refuse them.
    """
    if body.get("components") is None and body.get("library_template_name") is not None:
        return ()
    components = get_objects(body, "components", "components", most=20)
    for index, component in enumerate(components):
        path = f"components[{index}]"
        kind = get_choice(component, "type", f"{path}['type']", _COMPONENTS)
        if kind == "header":
            _check_header(component, path)
        elif kind in _LONGEST and (category != "AUTHENTICATION" or component.get("text")):
            _check_text(component, kind, path)
        elif kind == "buttons":
            _check_buttons(component, path)
        if component.get("example") is not None:
            get_object(component, "example", f"{path}['example']")
    kinds = [str(component["type"]).upper() for component in components]
    if "BODY" not in kinds:
        raise Refusal(100, "Message templates must have a BODY component.")
    if len(set(kinds)) < len(kinds):
        raise Refusal(100, "A component type may be used only once.")
    return components


def _check_header(component: JsonObject, path: str) -> None:
    form = "text"
    if component.get("format") is not None:
        form = get_choice(component, "format", f"{path}['format']", _FORMATS)
    if form == "text":
        _check_text(component, "header", path)


def _check_text(component: JsonObject, kind: str, path: str) -> None:
    text = get_text(component, "text", f"{path}['text']", longest=100_000)
    if len(text) > _LONGEST[kind]:
        raise Refusal(2388040, f"The {kind} has more than {_LONGEST[kind]} characters.")
    if kind == "body" and (text.strip().startswith("{{") or text.strip().endswith("}}")):
        raise Refusal(2388299, "Variables can't be at the start or end of the template.")


def _check_buttons(component: JsonObject, path: str) -> None:
    buttons = get_objects(component, "buttons", f"{path}['buttons']", most=10)
    for index, button in enumerate(buttons):
        get_text(button, "type", f"{path}['buttons'][{index}]['type']", longest=64)
