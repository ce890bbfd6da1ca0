"""Interactive objects: reply buttons, lists and link buttons."""

from __future__ import annotations

from typing import Any

from blazz.messages import Buttons, CallToAction, Header, List, Row, Section
from blazz.providers.meta_cloud.payloads import media


def buttons(message: Buttons) -> dict[str, Any]:
    """The `interactive` object of reply buttons."""
    replies = [
        {"type": "reply", "reply": {"id": button.id, "title": button.title}}
        for button in message.buttons
    ]
    return {
        "type": "button",
        **_texts(message.body, message.header, message.footer),
        "action": {"buttons": replies},
    }


def choices(message: List) -> dict[str, Any]:
    """The `interactive` object of a list."""
    return {
        "type": "list",
        **_texts(message.body, message.header, message.footer),
        "action": {
            "button": message.button,
            "sections": [_section(section) for section in message.sections],
        },
    }


def call_to_action(message: CallToAction) -> dict[str, Any]:
    """The `interactive` object of a link button."""
    url = media.filled_in("CallToAction.url", message.url)
    return {
        "type": "cta_url",
        **_texts(message.body, message.header, message.footer),
        "action": {
            "name": "cta_url",
            "parameters": {"display_text": message.text, "url": url},
        },
    }


def _texts(body: str, header: Header | None, footer: str | None) -> dict[str, Any]:
    parts: dict[str, Any] = {}
    if isinstance(header, str):
        parts["header"] = {"type": "text", "text": header}
    elif header is not None:
        parts["header"] = media.header(header)
    parts["body"] = {"text": body}
    if footer is not None:
        parts["footer"] = {"text": footer}
    return parts


def _section(section: Section) -> dict[str, Any]:
    rows = [_row(row) for row in section.rows]
    return {"rows": rows} if section.title is None else {"title": section.title, "rows": rows}


def _row(row: Row) -> dict[str, str]:
    body = {"id": row.id, "title": row.title}
    if row.description is not None:
        body["description"] = row.description
    return body
