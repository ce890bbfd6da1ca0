"""Compares the template of a message with what the provider has approved. Pure."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Any, Final, Protocol, TypeAlias

from blazz.messages.location import Location
from blazz.messages.media import Document, Image, Video
from blazz.messages.template import CopyCode, OpenFlow, QuickReply, Template, UrlSuffix

_PLACE = re.compile(r"\{\{\s*([A-Za-z0-9_]+)\s*\}\}")
_MEDIA: Final = {"IMAGE": Image, "VIDEO": Video, "DOCUMENT": Document, "LOCATION": Location}
_BUTTONS: Final[Mapping[type, frozenset[str]]] = {
    QuickReply: frozenset({"QUICK_REPLY"}),
    UrlSuffix: frozenset({"URL", "OTP"}),
    CopyCode: frozenset({"COPY_CODE"}),
    OpenFlow: frozenset({"FLOW"}),
}


class ApprovedTemplate(Protocol):
    """What a provider knows of a template; `MetaCloud.templates` gives such."""

    @property
    def status(self) -> str:
        """Such as `APPROVED`."""
        ...

    @property
    def category(self) -> str:
        """Such as `MARKETING`."""
        ...

    @property
    def components(self) -> Sequence[Mapping[str, Any]]:
        """Header, body, footer and buttons, as Meta describes them."""
        ...


FindTemplate: TypeAlias = Callable[[str, str], Awaitable[ApprovedTemplate | None]]
"""Looks a template up by its name and language; None if there is none."""


def problems_of(template: Template, approved: ApprovedTemplate | None) -> list[str]:
    """Say what is wrong with a template message; nothing if it can be sent.

    Args:
        template: The message; whether its parameters are filled in does not matter.
        approved: What the provider has under its name and language.

    Example:
        >>> problems_of(Template("promo", language="id"), None)
        ["there is no template 'promo' in the language 'id'"]
    """
    if approved is None:
        return [f"there is no template {template.name!r} in the language {template.language!r}"]
    named = f"template {template.name!r} ({template.language})"
    found = []
    if approved.status != "APPROVED":
        found.append(f"its status is {approved.status or 'unknown'}, not APPROVED")
    found += _body_problems(template, _component(approved, "BODY"))
    found += _header_problems(template, _component(approved, "HEADER"))
    found += _button_problems(template, _component(approved, "BUTTONS").get("buttons") or [])
    return [f"{named}: {problem}" for problem in found]


def _component(approved: ApprovedTemplate, kind: str) -> Mapping[str, Any]:
    for component in approved.components:
        if str(component.get("type", "")).upper() == kind:
            return component
    return {}


def _places(text: object) -> list[str]:
    """The names or numbers of a text's places, each once, in their order."""
    return list(dict.fromkeys(_PLACE.findall(text))) if isinstance(text, str) else []


def _body_problems(template: Template, body: Mapping[str, Any]) -> list[str]:
    if not body:
        return []
    if "text" not in body:  # authentication templates have a fixed text with one place
        return [] if len(template.body) == 1 else ["its body takes one parameter, the code"]
    return _compared("body", template.body, _places(body["text"]))


def _compared(part: str, given: object, places: Sequence[str]) -> list[str]:
    numbered = all(place.isdigit() for place in places)
    if isinstance(given, Mapping) or not (given or numbered):
        given = given if isinstance(given, Mapping) else {}
        if given and numbered and places:
            return [f"its {part} takes parameters by position, not by name"]
        missing = [place for place in places if place not in given]
        extra = [name for name in given if name not in places]
        found = []
        if missing:
            found.append(f"its {part} lacks the parameters {', '.join(missing)}")
        if extra:
            found.append(f"its {part} has no parameters {', '.join(extra)}")
        return found
    count = len(given) if isinstance(given, Sequence) else 0
    if count and not numbered:
        return [f"its {part} takes parameters by name: {', '.join(places)}"]
    if count != len(places):
        return [f"its {part} takes {len(places)} parameters, {count} are given"]
    return []


def _header_problems(template: Template, header: Mapping[str, Any]) -> list[str]:
    given = template.header
    wanted = str(header.get("format", "TEXT")).upper() if header else None
    if wanted is None:
        return [] if given is None else ["it has no header, but one is given"]
    media = _MEDIA.get(wanted)
    if media is not None:
        if isinstance(given, media):
            return []
        told = "none is given" if given is None else f"{_kind(given)} is given"
        return [f"its header is a {wanted.lower()}, {told}"]
    if given is not None and not isinstance(given, str | Mapping):
        return [f"its header is text, {_kind(given)} is given"]
    as_list = given if isinstance(given, Mapping) else () if given is None else (given,)
    return _compared("header", as_list, _places(header.get("text")))


def _kind(given: object) -> str:
    return "text" if isinstance(given, str | Mapping) else f"a {type(given).__name__.lower()}"


def _button_problems(template: Template, buttons: Sequence[Mapping[str, Any]]) -> list[str]:
    given = dict(template.placed_buttons())
    found = []
    for place, button in given.items():
        if place >= len(buttons):
            found.append(f"it has no button at place {place}")
            continue
        kind = str(buttons[place].get("type", "")).upper()
        fitting = _BUTTONS.get(type(button))
        if fitting is not None and kind not in fitting:
            name = type(button).__name__
            found.append(f"its button at place {place} is {kind}, which takes no {name}")
    for place, wanted in enumerate(buttons):
        varies = bool(_places(wanted.get("url"))) or str(wanted.get("type")).upper() == "COPY_CODE"
        if varies and place not in given:
            found.append(f"its button at place {place} needs a parameter")
    return found
