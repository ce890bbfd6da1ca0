"""Message templates: what they are made of, which parameters they need, and the book of them."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from blazz.sandbox.identifiers import object_id

_POSITION: Final = re.compile(r"\{\{\s*([0-9]+)\s*\}\}")
_NAME: Final = re.compile(r"\{\{\s*([a-z_][a-z0-9_]*)\s*\}\}")
_MEDIA: Final = frozenset({"IMAGE", "VIDEO", "DOCUMENT", "LOCATION", "GIF"})


@dataclass(frozen=True, slots=True)
class Placeholders:
    """The placeholders of one text: `{{1}}`, `{{2}}` or `{{first_name}}`.

    Attributes:
        count: How many parameters it needs.
        names: Their names, or nothing if they are numbered.
    """

    count: int = 0
    names: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A template in one language.

    Attributes:
        id: Its numeric id.
        waba_id: The account it belongs to.
        name: Its name.
        language: Its language and locale, such as `en_US`.
        category: `MARKETING`, `UTILITY` or `AUTHENTICATION`.
        status: `APPROVED`, `PENDING`, `REJECTED`, `PAUSED` or `DISABLED`.
        components: Its parts, as Meta writes them.
    """

    id: str
    waba_id: str
    name: str
    language: str
    category: str
    status: str = "APPROVED"
    components: tuple[Mapping[str, Any], ...] = ()

    def component(self, kind: str) -> Mapping[str, Any]:
        """The component of a kind (`HEADER`, `BODY`, …), or an empty one."""
        for component in self.components:
            if str(component.get("type", "")).upper() == kind:
                return component
        return {}

    @property
    def header_format(self) -> str:
        """`TEXT`, `IMAGE`, …; empty if it has no header."""
        header = self.component("HEADER")
        return str(header.get("format", "TEXT")).upper() if header else ""

    @property
    def has_media_header(self) -> bool:
        """Whether the header is filled with media or a location."""
        return self.header_format in _MEDIA

    @property
    def buttons(self) -> Sequence[Mapping[str, Any]]:
        """Its buttons, in order."""
        buttons = self.component("BUTTONS").get("buttons")
        return buttons if isinstance(buttons, Sequence) and not isinstance(buttons, str) else ()

    def text(self, kind: str) -> str:
        """The text of a component; empty if it has none."""
        text = self.component(kind).get("text")
        return text if isinstance(text, str) else ""

    def as_json(self) -> dict[str, Any]:
        """The template as the API lists it."""
        named = placeholders(self.text("BODY")).names or placeholders(self.text("HEADER")).names
        return {
            "name": self.name,
            "parameter_format": "NAMED" if named else "POSITIONAL",
            "components": list(self.components),
            "language": self.language,
            "status": self.status,
            "category": self.category,
            "id": self.id,
        }


class TemplateBook:
    """The templates of all accounts.

    Args:
        defaults: Give every account the sandbox's own set, see `default_templates`.
    """

    def __init__(self, *, defaults: bool = True) -> None:
        self._defaults = defaults
        self._accounts: dict[str, dict[tuple[str, str], Template]] = {}

    def open_account(self, waba_id: str) -> None:
        """Make an account known."""
        if waba_id not in self._accounts:
            ready = default_templates(waba_id) if self._defaults else ()
            self._accounts[waba_id] = {(item.name, item.language): item for item in ready}

    def find(self, waba_id: str, name: str, language: str) -> Template | None:
        """The template of a name in a language."""
        return self._accounts.get(waba_id, {}).get((name, language))

    def by_id(self, template_id: str) -> Template | None:
        """The template of an id, in whatever account."""
        return next((item for item in self._all() if item.id == template_id), None)

    def listed(self, waba_id: str) -> list[Template]:
        """All templates of an account, oldest first."""
        return list(self._accounts.get(waba_id, {}).values())

    def languages(self, waba_id: str, name: str) -> list[str]:
        """The languages that a template exists in."""
        return [item.language for item in self.listed(waba_id) if item.name == name]

    def put(self, template: Template) -> Template:
        """Add a template, or replace the one of its name and language."""
        self.open_account(template.waba_id)
        self._accounts[template.waba_id][template.name, template.language] = template
        return template

    def set_status(self, template: Template, status: str) -> Template:
        """Approve, reject, pause or disable a template."""
        return self.put(dataclasses.replace(template, status=status))

    def delete(self, waba_id: str, name: str, template_id: str | None = None) -> int:
        """Delete a name in all languages, or only the one of an id; return how many."""
        account = self._accounts.get(waba_id, {})
        doomed = [
            key
            for key, item in account.items()
            if item.name == name and template_id in (None, item.id)
        ]
        for key in doomed:
            del account[key]
        return len(doomed)

    def _all(self) -> Iterator[Template]:
        for account in self._accounts.values():
            yield from account.values()


def new_template(
    waba_id: str,
    name: str,
    language: str,
    *,
    category: str,
    components: Sequence[Mapping[str, Any]],
    status: str = "APPROVED",
) -> Template:
    """Make a template with an id of its own, which stays the same from run to run."""
    return Template(
        id=object_id(f"template:{waba_id}:{name}:{language}"),
        waba_id=waba_id,
        name=name,
        language=language,
        category=category,
        status=status,
        components=tuple(components),
    )


def placeholders(text: str) -> Placeholders:
    """Read the placeholders of a text.

    Example:
        >>> placeholders("Hi {{1}}, your code is {{2}}. Bye, {{1}}.").count
        2
        >>> sorted(placeholders("Hi {{first_name}}").names)
        ['first_name']
    """
    positions = {int(position) for position in _POSITION.findall(text)}
    names = frozenset(_NAME.findall(text))
    return Placeholders(len(positions) + len(names), names)


def needs_parameter(button: Mapping[str, Any]) -> bool:
    """Whether a button must be given a parameter: a link that ends in a placeholder, a code."""
    kind = str(button.get("type", "")).upper()
    if kind == "URL":
        return "{{" in str(button.get("url", ""))
    return kind in {"COPY_CODE", "OTP"}


def default_templates(waba_id: str) -> list[Template]:
    """The templates that every account of the sandbox starts with."""
    return [
        new_template(waba_id, name, language, category=category, components=components)
        for name, languages, category, components in _DEFAULTS
        for language in languages
    ]


def _body(text: str, *examples: str) -> dict[str, Any]:
    example = {"example": {"body_text": [list(examples)]}} if examples else {}
    return {"type": "BODY", "text": text, **example}


def _named(kind: str, text: str, **examples: str) -> dict[str, Any]:
    key = f"{kind.lower()}_text_named_params"
    values = [{"param_name": name, "example": value} for name, value in examples.items()]
    head = {"type": kind, "format": "TEXT"} if kind == "HEADER" else {"type": kind}
    return {**head, "text": text, "example": {key: values}}


def _link(text: str, url: str, example: str) -> dict[str, Any]:
    button = {"type": "URL", "text": text, "url": url, "example": [example]}
    return {"type": "BUTTONS", "buttons": [button]}


_COPY_CODE: Final = "https://www.whatsapp.com/otp/code/?otp_type=COPY_CODE&code=otp"
_DEFAULTS: Final[tuple[tuple[str, tuple[str, ...], str, tuple[dict[str, Any], ...]], ...]] = (
    (
        "hello_world",
        ("en_US", "en"),
        "UTILITY",
        (
            {"type": "HEADER", "format": "TEXT", "text": "Hello World"},
            _body("Welcome! This message shows that sending works."),
            {"type": "FOOTER", "text": "The blazz sandbox"},
        ),
    ),
    (
        "promo",
        ("id", "en", "en_US"),
        "MARKETING",
        (
            _body("Hi {{1}}, use the code {{2}} before Sunday.", "Budi", "SAVE10"),
            {"type": "BUTTONS", "buttons": [{"type": "QUICK_REPLY", "text": "Stop promotions"}]},
        ),
    ),
    (
        "order_update",
        ("en", "en_US", "id"),
        "UTILITY",
        (
            _named("HEADER", "Order {{order}}", order="A-100"),
            _named(
                "BODY", "Hi {{name}}, your order arrives on {{day}}.", name="Budi", day="Monday"
            ),
            _link("Track", "https://example.com/orders/{{1}}", "https://example.com/orders/a-100"),
        ),
    ),
    (
        "picture_offer",
        ("en", "en_US", "id"),
        "MARKETING",
        (
            {
                "type": "HEADER",
                "format": "IMAGE",
                "example": {"header_handle": ["https://example.com/offer.png"]},
            },
            _body("Hi {{1}}, have a look at this.", "Budi"),
        ),
    ),
    (
        "login_code",
        ("en", "en_US", "id"),
        "AUTHENTICATION",
        (
            _body("*{{1}}* is your verification code.", "123456"),
            _link("Copy code", _COPY_CODE + "{{1}}", _COPY_CODE + "123456"),
        ),
    ),
)
