"""Contact cards."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import ClassVar

from blazz.errors import InvalidValue
from blazz.messages.base import (
    URL,
    Message,
    check_kind,
    check_link,
    check_optional,
    check_pattern,
    check_text,
    frozen_list,
    set_field,
)

_DIGITS = re.compile(r"[0-9]{5,20}")
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}")


@dataclass(frozen=True, slots=True)
class ContactName:
    """A person's name: in full, and its parts where they are known."""

    formatted: str
    first: str | None = None
    last: str | None = None
    middle: str | None = None
    prefix: str | None = None
    suffix: str | None = None

    def __post_init__(self) -> None:
        check_text("ContactName.formatted", self.formatted)
        for part in ("first", "last", "middle", "prefix", "suffix"):
            check_optional(f"ContactName.{part}", getattr(self, part))


@dataclass(frozen=True, slots=True)
class ContactPhone:
    """A phone number, as it is to be shown.

    Attributes:
        number: In any spelling.
        label: Such as `HOME`, `WORK` or `CELL`.
        wa_id: The person's WhatsApp id, the digits of the number; with it the card has a button
            to chat, without it one to invite.
    """

    number: str
    label: str | None = None
    wa_id: str | None = None

    def __post_init__(self) -> None:
        check_text("ContactPhone.number", self.number)
        check_optional("ContactPhone.label", self.label)
        if self.wa_id is not None:
            check_pattern("ContactPhone.wa_id", self.wa_id, _DIGITS, "must be 5 to 20 digits")


@dataclass(frozen=True, slots=True)
class ContactEmail:
    """An email address with a label such as `HOME` or `WORK`."""

    email: str
    label: str | None = None

    def __post_init__(self) -> None:
        rule = "must be an email address"
        check_text("ContactEmail.email", self.email)
        check_pattern("ContactEmail.email", self.email, _EMAIL, rule)
        check_optional("ContactEmail.label", self.label)


@dataclass(frozen=True, slots=True)
class ContactUrl:
    """A web address with a label such as `HOME` or `WORK`."""

    url: str = field(metadata=URL)
    label: str | None = None

    def __post_init__(self) -> None:
        check_link("ContactUrl.url", self.url)
        check_optional("ContactUrl.label", self.label)


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactAddress:
    """A postal address; at least one part must be there."""

    street: str | None = None
    city: str | None = None
    state: str | None = None
    zip: str | None = None
    country: str | None = None
    country_code: str | None = None
    label: str | None = None

    def __post_init__(self) -> None:
        parts = ("street", "city", "state", "zip", "country", "country_code")
        for part in (*parts, "label"):
            check_optional(f"ContactAddress.{part}", getattr(self, part))
        if all(getattr(self, part) is None for part in parts):
            raise InvalidValue("ContactAddress", "at least one part must be given", None)
        if self.country_code is not None:
            rule = "two letters (ISO 3166)"
            check_pattern("ContactAddress.country_code", self.country_code, _COUNTRY, rule)


@dataclass(frozen=True, slots=True, kw_only=True)
class Organization:
    """Where a person works; at least one part must be there."""

    company: str | None = None
    department: str | None = None
    title: str | None = None

    def __post_init__(self) -> None:
        for part in ("company", "department", "title"):
            check_optional(f"Organization.{part}", getattr(self, part))
        if self.company is self.department is self.title is None:
            raise InvalidValue("Organization", "at least one part must be given", None)


@dataclass(frozen=True, slots=True, init=False)
class ContactCard:
    """One person's card. Plain text may stand for a name, phone, email or url.

    Example:
        >>> card = ContactCard("Budi Santoso", phones=["+62 812-3456-7890"])
        >>> card.phones[0].number
        '+62 812-3456-7890'
    """

    name: ContactName
    phones: Sequence[ContactPhone]
    emails: Sequence[ContactEmail]
    urls: Sequence[ContactUrl]
    addresses: Sequence[ContactAddress]
    org: Organization | None
    birthday: date | None

    def __init__(
        self,
        name: str | ContactName,
        *,
        phones: Sequence[str | ContactPhone] = (),
        emails: Sequence[str | ContactEmail] = (),
        urls: Sequence[str | ContactUrl] = (),
        addresses: Sequence[ContactAddress] = (),
        org: Organization | None = None,
        birthday: date | None = None,
    ) -> None:
        check_kind("ContactCard.name", name, str, ContactName)
        set_field(self, "name", ContactName(name) if isinstance(name, str) else name)
        set_field(self, "phones", _cards("ContactCard.phones", phones, ContactPhone))
        set_field(self, "emails", _cards("ContactCard.emails", emails, ContactEmail))
        set_field(self, "urls", _cards("ContactCard.urls", urls, ContactUrl))
        parts = frozen_list("ContactCard.addresses", addresses, ContactAddress)
        set_field(self, "addresses", parts)
        check_kind("ContactCard.org", org, Organization, type(None))
        set_field(self, "org", org)
        check_kind("ContactCard.birthday", birthday, date, type(None))
        if isinstance(birthday, datetime):
            raise InvalidValue("ContactCard.birthday", "must be a date without a time", birthday)
        set_field(self, "birthday", birthday)


@dataclass(frozen=True, slots=True)
class Contacts(Message):
    """One or more contact cards.

    Example:
        >>> len(Contacts([ContactCard("Budi", phones=["+62 812-3456-7890"])]).cards)
        1
    """

    capability: ClassVar[str] = "contacts"
    cards: Sequence[ContactCard]

    def __post_init__(self) -> None:
        cards = frozen_list("Contacts.cards", self.cards, ContactCard)
        if not cards:
            raise InvalidValue("Contacts.cards", "at least one card must be given", cards)
        set_field(self, "cards", cards)


def _cards(field_name: str, values: Sequence[object], kind: type) -> tuple[object, ...]:
    """Let plain text stand for a part that needs nothing else."""
    return tuple(
        kind(value) if isinstance(value, str) else value
        for value in frozen_list(field_name, values, str, kind)
    )
