"""What is wrong with a template message, compared with what was approved."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest

from blazz.campaigns.template_check import problems_of
from blazz.messages import Image, Template
from blazz.messages.template import QuickReply, UrlSuffix


@dataclass(frozen=True)
class Approved:
    status: str = "APPROVED"
    category: str = "MARKETING"
    components: list[dict[str, Any]] = field(default_factory=list)


def made(*components: dict[str, Any], status: str = "APPROVED") -> Approved:
    return Approved(status=status, components=list(components))


POSITIONAL = {"type": "BODY", "text": "Hi {{1}}, use {{2}} or {{1}}."}
NAMED = {"type": "BODY", "text": "Hi {{name}} on {{day}}."}
PICTURE = {"type": "HEADER", "format": "IMAGE"}
TITLE = {"type": "HEADER", "format": "TEXT", "text": "Order {{order}}"}
LINK = {
    "type": "BUTTONS",
    "buttons": [
        {"type": "QUICK_REPLY", "text": "Stop"},
        {"type": "URL", "text": "Track", "url": "https://example.com/{{1}}"},
    ],
}


def promo(**parts: Any) -> Template:
    return Template("promo", language="id", **parts)


@pytest.mark.parametrize(
    ("message", "approved", "told"),
    [
        (promo(body=["a", "b"]), made(POSITIONAL), ""),
        (promo(body=["a"]), made(POSITIONAL), "takes 2 parameters, 1 are given"),
        (promo(body={"name": "a"}), made(POSITIONAL), "by position, not by name"),
        (promo(body={"name": "a", "day": "b"}), made(NAMED), ""),
        (promo(body={"name": "a"}), made(NAMED), "lacks the parameters day"),
        (
            promo(body={"name": "a", "day": "b", "x": "c"}),
            made(NAMED),
            "has no parameters x",
        ),
        (promo(body=["a", "b"]), made(NAMED), "takes parameters by name: name, day"),
        (promo(), made({"type": "BODY", "text": "Hi"}), ""),
        (promo(), made(status="PAUSED"), "its status is PAUSED"),
        (promo(header=Image("https://x.test/a.png")), made(PICTURE), ""),
        (promo(), made(PICTURE), "its header is a image, none is given"),
        (promo(header="x"), made(PICTURE), "its header is a image, text is given"),
        (promo(header="x"), made(), "it has no header, but one is given"),
        (promo(header={"order": "1"}), made(TITLE), ""),
        (promo(header=Image("https://x.test/a.png")), made(TITLE), "its header is text"),
        (promo(), made(TITLE), "its header lacks the parameters order"),
        (promo(buttons=[QuickReply("p"), UrlSuffix("s")]), made(LINK), ""),
        (promo(buttons=[QuickReply("p")]), made(LINK), "its button at place 1 needs a parameter"),
        (promo(buttons=[UrlSuffix("s", index=0)]), made(LINK), "is QUICK_REPLY, which takes no"),
        (promo(buttons=[UrlSuffix("s", index=1), UrlSuffix("s", index=5)]), made(LINK), "place 5"),
        (promo(), None, "there is no template 'promo' in the language 'id'"),
    ],
)
def test_problems_are_told(message: Template, approved: Approved | None, told: str) -> None:
    found = "; ".join(problems_of(message, approved))
    assert found == "" if told == "" else told in found
